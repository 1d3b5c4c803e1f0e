"""The parametrizations by name, with colours, opacity and a part that sprites share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.parametrization import colour, cppn, fourier, spatial
from lucid_sprites.engine.parametrization.image_param import ImageParam

_FORMS: dict[str, Callable[[int, int, int], ImageParam]] = {
    "fft": fourier.fft,
    "maco": fourier.maco,
    "pixel": spatial.pixel,
    "laplacian": spatial.laplacian,
    "cppn": cppn.cppn,
}
# A start from a picture keeps this far from black and white, where a sigmoid has no slope.
_MARGIN = 0.02
_OPAQUE = 0.9


@dataclass(frozen=True)
class Parametrization:
    """A parametrization of pictures of one size.

    Attributes:
        shape: of one sprite's parameters.
        picture: from parameters [batch, *shape] to pictures [batch, height, width, channels], 0..1;
            with alpha, the last channel is the opacity.
        form: its kind.
        decorrelate: colours are optimized in ImageNet's decorrelated space.
        alpha: there is an opacity.
    """

    shape: tuple[int, ...]
    picture: Callable[[tf.Tensor], tf.Tensor]
    form: ImageParam
    decorrelate: bool
    alpha: bool

    def start(self, noise: np.ndarray) -> np.ndarray:
        """Parameters to begin with, from standard normal noise of `shape`."""
        return noise * np.asarray(self.form.deviation, np.float32)

    def start_from(self, picture: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Parameters of a picture [height, width, channels] in 0..1, with the noise of a start.

        Raises:
            ValueError: pictures have no parameters of this kind.
        """
        if self.form.parameters is None:
            raise ValueError("no start from a picture")
        if self.alpha and picture.shape[-1] < 4:
            opacity = np.full((*picture.shape[:2], 1), _OPAQUE, np.float32)
            picture = np.concatenate([picture, opacity], axis=-1)
        bounded = np.clip(picture.astype(float), _MARGIN, 1 - _MARGIN)
        raw = np.log(bounded / (1 - bounded))
        if self.decorrelate:
            raw = colour.correlated(raw)
        parameters: np.ndarray = self.form.parameters(raw).astype(np.float32) + self.start(noise)
        return parameters


def parametrization(
    kind: str,
    size: int | tuple[int, int],
    channels: int,
    decorrelate: bool,
    alpha: bool = False,
    shared: tuple[int, ...] = (),
    group_size: int = 0,
) -> Parametrization:
    """The parametrization called `kind`.

    Args:
        kind: `fft`, `maco`, `pixel`, `laplacian` or `cppn`.
        size: edge of the picture in pixels, or height and width.
        channels: 3 for colour; any other number is optimized without a colour space.
        decorrelate: optimize colours in ImageNet's decorrelated space.
        alpha: one more channel, the opacity.
        shared: a part of the picture is the same for all `group_size` members: one coarse
            picture for each number, that many times smaller.
        group_size: sprites of the joint group, the first ones of the batch.
    """
    height, width = (size, size) if isinstance(size, int) else size
    form = _FORMS[kind](height, width, channels + alpha)
    if shared:
        form = spatial.with_shared(form, height, width, channels + alpha, shared, group_size)
    decorrelate = decorrelate and channels == 3 and form.colours

    def picture(parameters: tf.Tensor) -> tf.Tensor:
        if not decorrelate:
            return tf.sigmoid(form.pixels(parameters))
        to_logits = colour.decorrelated_planes if form.planar else colour.decorrelated
        return tf.sigmoid(to_logits(form.raw(parameters)))

    return Parametrization(form.shape, picture, form, decorrelate, alpha)
