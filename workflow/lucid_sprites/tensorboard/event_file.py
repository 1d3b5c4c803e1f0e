"""TensorBoard event files, written with TensorFlow's own summary writer."""

import io

import tensorflow.compat.v1 as tf
from PIL import Image

from lucid_sprites.closing import Closing

_COLOURS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
"""What an event file calls a picture's channels, by Pillow's mode."""


class EventFile(Closing):
    """A new event file in a folder; use it as a context manager, or close it."""

    def __init__(self, folder: str) -> None:
        with tf.Graph().as_default():  # the writer refuses to work beside eager execution
            self._writer = tf.summary.FileWriter(folder)

    def close(self) -> None:
        """Write all that is left."""
        self._writer.close()

    def image(self, tag: str, png: bytes, step: int = 0) -> None:
        """Add a picture, as it is in its PNG file."""
        with Image.open(io.BytesIO(png)) as picture:
            width, height, colours = *picture.size, _COLOURS[picture.mode]
        image = tf.Summary.Image(
            height=height, width=width, colorspace=colours, encoded_image_string=png
        )
        self._add(tf.Summary.Value(tag=tag, image=image), step)

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Add a number."""
        self._add(tf.Summary.Value(tag=tag, simple_value=value), step)

    def _add(self, value: tf.Summary.Value, step: int) -> None:
        self._writer.add_summary(tf.Summary(value=[value]), step)
