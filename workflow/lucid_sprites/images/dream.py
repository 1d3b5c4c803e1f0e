"""Deep dreams: a picture that grows, octave by octave, into what a feature map looks for.

After Mordvintsev, Olah & Tyka 2015 ("Inceptionism: going deeper into neural networks"), with the
settings of tf_cnnvis. Pictures here are in grey levels, 0..255, whatever the network is fed.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.images.grid import smooth_resize
from lucid_sprites.images.smoothing import denoise_total_variation, normalize_over_pyramid
from lucid_sprites.models.graph.forward import layer_tensors
from lucid_sprites.recipe.layer_catalogue import InputSpec

log = logging.getLogger(__name__)

GREY = 117.0
"""The level that a dream starts from: the mean of ImageNet's pictures."""

_PENALTY = 1e-3
"""Weight of the picture's mean squared distance from grey, in units of half the way from black to
white: whatever numbers the network is fed, its dreams have the same contrast."""

TILES = 8
"""Tiles that are computed together."""


@dataclass(frozen=True)
class Settings:
    """How a dream grows; the defaults are tf_cnnvis's.

    Attributes:
        octaves: sizes that the picture goes through.
        octave_scale: between one size and the next.
        iterations: steps in each octave.
        step: in grey levels, for a gradient of mean square 1.
        tile: edge of the tiles that the gradient is computed on; None for the network's size.
        levels: of the Laplacian pyramid over which the gradient is normalized.
        denoise: weight of the total-variation denoising between octaves (the smaller, the
            smoother); 0 for none.
        seed: of the noise and of the shifts of the tiles.
    """

    octaves: int = 3
    octave_scale: float = 1.4
    iterations: int = 50
    step: float = 1.0
    tile: int | None = None
    levels: int = 4
    denoise: float = 2.0
    seed: int = 0


class Dreamer(Closing):
    """Gradients of one layer for pictures of any size; use it as a context manager."""

    def __init__(self, network: GraphDef, picture: InputSpec, layer: str) -> None:
        """Build the graph.

        Args:
            network: prepared for `layer` (see `models.graph.prepare`).
            picture: what the network expects.
        """
        size = (picture.height, picture.width, picture.channels)
        with tf.Graph().as_default():
            levels = tf.placeholder(tf.float32, [None, *size])
            channel = tf.placeholder(tf.int32, [])
            ranged = picture.in_range(levels, white=255)
            (features,) = layer_tensors(network, picture.name, [layer], ranged)
            penalty = _PENALTY * tf.reduce_mean(tf.square((levels - GREY) / 127.5))
            objective = tf.reduce_mean(tf.gather(features, channel, axis=-1)) - penalty
            gradients = tf.gradients(objective, levels)
            self._session = tf.Session(config=tensorflow_start.session_config())
            self._gradient = self._session.make_callable(gradients[0], [levels, channel])
        self._batch = TILES

    def close(self) -> None:
        self._session.close()

    def gradients(self, tiles: np.ndarray, channel: int) -> np.ndarray:
        """Gradients of a feature map for tiles, float32 [n, height, width, channels]."""
        parts = []
        start = 0
        while start < len(tiles):
            part = tiles[start : start + self._batch]
            try:
                parts.append(self._gradient(part, channel) * len(part))
            except tf.errors.InvalidArgumentError:
                if self._batch == 1:
                    raise
                self._batch = 1  # the graph fixes the batch, by a constant for example
                continue
            start += self._batch
        return np.concatenate(parts)


def dream(
    dreamer: Dreamer, start: np.ndarray, channel: int, settings: Settings, tile: tuple[int, int]
) -> np.ndarray:
    """A dream of one feature map.

    Args:
        start: the picture or noise in its final size, levels 0..255 [height, width, channels].
        channel: the feature map.
        tile: height and width of the tiles.

    Returns:
        float32 levels 0..255 of the shape of `start`.
    """
    random = np.random.Generator(np.random.Philox(settings.seed))
    sizes = octave_sizes(start.shape[:2], settings)
    picture = base = smooth_resize(start, *sizes[0])
    for number, size in enumerate(sizes):
        if number:
            if settings.denoise:
                picture = denoise_total_variation(picture, settings.denoise)
            # Only what was dreamt is enlarged; the picture itself keeps its detail.
            dreamt = smooth_resize(picture - base, *size)
            base = smooth_resize(start, *size)
            picture = base + dreamt
        for _ in range(settings.iterations):
            gradient = tiled_gradient(dreamer, picture, channel, tile, random)
            picture = picture + settings.step * normalize_over_pyramid(gradient, settings.levels)
            picture = np.clip(picture, 0, 255)
        log.info("channel %d: octave %d of %d, %dx%d", channel, number + 1, len(sizes), *size[::-1])
    return picture


def noise(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """Uniform noise of one level above grey, float32."""
    random = np.random.Generator(np.random.Philox(seed))
    return (GREY + random.random(shape)).astype(np.float32)


def octave_sizes(size: tuple[int, int], settings: Settings) -> list[tuple[int, int]]:
    """Heights and widths from the first octave to the last, which is `size`."""
    scales = [settings.octave_scale**-n for n in reversed(range(settings.octaves))]
    return [(max(1, round(size[0] * s)), max(1, round(size[1] * s))) for s in scales]


def tiled_gradient(
    dreamer: Dreamer,
    picture: np.ndarray,
    channel: int,
    tile: tuple[int, int],
    random: np.random.Generator,
) -> np.ndarray:
    """The gradient for a picture of any size, from tiles that overlap by half.

    The picture is shifted at random before it is cut and shifted back after, and each tile counts
    most in its middle, so no seams stay. A picture smaller than a tile is repeated to fill it.
    """
    height, width = (max(have, need) for have, need in zip(picture.shape[:2], tile, strict=True))
    beyond = ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0))
    canvas = np.pad(picture, beyond, mode="wrap")
    shift = (int(random.integers(tile[0])), int(random.integers(tile[1])))
    shifted = np.roll(canvas, shift, axis=(0, 1))
    corners = [(y, x) for y in _starts(height, tile[0]) for x in _starts(width, tile[1])]
    tiles = np.stack([shifted[y : y + tile[0], x : x + tile[1]] for y, x in corners])
    window = _window(tile)
    total, weights = np.zeros_like(shifted), np.zeros((*shifted.shape[:2], 1), np.float32)
    gradients = dreamer.gradients(tiles.astype(np.float32), channel)
    for (y, x), gradient in zip(corners, gradients, strict=True):
        total[y : y + tile[0], x : x + tile[1]] += gradient * window
        weights[y : y + tile[0], x : x + tile[1]] += window
    whole = np.roll(total / weights, (-shift[0], -shift[1]), axis=(0, 1))
    return whole[: picture.shape[0], : picture.shape[1]]


def _starts(length: int, tile: int) -> Iterator[int]:
    """Where tiles begin so that each overlaps the one before by half or more."""
    yield from range(0, length - tile, max(1, tile // 2))
    yield length - tile


def _window(tile: tuple[int, int]) -> np.ndarray:
    """Weights of a tile's pixels: 1 in the middle, small but not 0 at the edges."""
    rows, columns = (np.hanning(size + 2)[1:-1] + 1e-3 for size in tile)
    return np.outer(rows, columns).astype(np.float32)[..., None]
