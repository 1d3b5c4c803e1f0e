"""Stochastic transforms, fused: one nearest-neighbour resample of the picture for each step.

Every transform maps the pixels of its output to positions in its input, by an affine map or, for
homographies, a projective one; the composition is drawn and multiplied out on the host. The size of
the canvas
depends only on the scales, which are drawn once per step number for all sprites, as lucid draws
one for its whole batch: so the alignment with the strides of deep layers varies from step to step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine import random_streams
from lucid_sprites.recipe.transform_lists import MOST_BLURRED, Transform

# What shows beyond the edge of the picture; lucid pads with the same grey.
_GREY = 0.5
# A blur of less than this leaves a picture as it is; none reaches farther than four sigmas.
_SHARPEST = 0.05
_REACH = 4 * MOST_BLURRED


@dataclass(frozen=True)
class Canvases:
    """The transforms of consecutive steps for one batch.

    Attributes:
        forward: [steps, batch, 6] float32 rows (a, b, c, d, e, f): canvas pixel (x, y) shows the
            picture at (a x + b y + c, d x + e y + f); [steps, batch, 9] with g, h, i behind them
            under homographies: both are divided by g x + h y + i. Under a blur the last number is
            its sigma in pixels of the picture.
        inverse: of the same shape, from picture pixels to canvas positions.
        sizes: [steps, 2] int32, height and width of the canvas in pixels.
    """

    forward: np.ndarray
    inverse: np.ndarray
    sizes: np.ndarray


def rows(transforms: list[Transform]) -> int:
    """Numbers in a row of `Canvases`."""
    return _map_numbers(transforms) + any("blur" in item for item in transforms)


def _map_numbers(transforms: list[Transform]) -> int:
    return 9 if any("homography" in item for item in transforms) else 6


def gradient_length(transforms: list[Transform]) -> float | None:
    """What the gradient that reaches the picture is scaled to; None to leave it as it is."""
    lengths = [item["normalize_gradient"] for item in transforms if "normalize_gradient" in item]
    return lengths[0] if lengths else None


def sample(
    transforms: list[Transform],
    keys: list[tuple[int, int, int]],
    edges: tuple[int, int],
    first_step: int,
    steps: int,
) -> Canvases:
    """Draw the transforms of `steps` steps for sprites with `keys` (seed, attempt, index).

    Args:
        edges: height and width of the picture in pixels.
    """
    own_count = sum(TRANSFORMS[name].draws for item in transforms for name in item)
    own = np.stack(
        [random_streams.uniform(*key, first_step, steps, own_count) for key in keys], axis=1
    )
    shared = random_streams.shared_uniform(
        first_step, steps, sum(TRANSFORMS[name].shared for item in transforms for name in item)
    )
    kind = _Composition if _map_numbers(transforms) == 6 else _ProjectiveComposition
    composed = kind(np.tile(np.array(edges, float), (steps, 1)), len(keys))
    for item in transforms:
        ((name, value),) = item.items()
        operation = TRANSFORMS[name]
        if operation.shared:
            operation.apply(composed, value, shared[:, 0])
            shared = shared[:, 1:]
        else:
            operation.apply(composed, value, own[..., : operation.draws])
            own = own[..., operation.draws :]
    canvases = composed.canvases()
    return canvases if composed.variance is None else _blurred(canvases, composed.variance)


def _blurred(canvases: Canvases, variance: np.ndarray) -> Canvases:
    """The same with the blur behind each row; `variance` is [steps, batch]."""
    sigma = np.sqrt(variance)[..., None].astype(np.float32)
    forward, inverse = (
        np.concatenate([rows, sigma], axis=-1) for rows in (canvases.forward, canvases.inverse)
    )
    return Canvases(forward, inverse, canvases.sizes)


class _Composition:
    """The affine map from canvas to picture, and the canvas size, built up transform by transform.

    `matrix` is [steps, batch, 2, 2], `offset` [steps, batch, 2], both in (x, y) order; `size`
    [steps, 2] is height and width. `variance` [steps, batch] is that of the picture's blur, None
    without one.
    """

    def __init__(self, size: np.ndarray, batch: int) -> None:
        self.size = size
        self.matrix = np.tile(np.eye(2), (len(size), batch, 1, 1))
        self.offset = np.zeros((len(size), batch, 2))
        self.variance: np.ndarray | None = None

    def pad(self, pixels: int, _: np.ndarray) -> None:
        self._append(np.eye(2), np.array([-pixels, -pixels], float))
        self.size = self.size + 2 * pixels

    def jitter(self, pixels: int, drawn: np.ndarray) -> None:
        self._append(np.eye(2), np.floor(drawn * (pixels + 1)))
        self.size = self.size - pixels

    def scale(self, factors: list[float], drawn: np.ndarray) -> None:
        chosen = np.array(factors)[np.floor(drawn * len(factors)).astype(int)]
        # In float32, as tf.image.resize's callers truncate, so that sizes are lucid's.
        size = np.floor(chosen.astype(np.float32)[:, None] * self.size.astype(np.float32)).astype(
            float
        )
        ratio = (self.size / size)[:, None, ::-1]
        # Centres of pixels map to each other, so that no sample falls outside.
        self._append(ratio[..., None] * np.eye(2), (ratio - 1) / 2)
        self.size = size

    def rotate(self, degrees: list[float], drawn: np.ndarray) -> None:
        chosen = np.array(degrees)[np.floor(drawn[..., 0] * len(degrees)).astype(int)]
        cos, sin = np.cos(np.deg2rad(chosen)), np.sin(np.deg2rad(chosen))
        matrix = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
        centre = (self.size[:, ::-1] - 1) / 2
        self._append(matrix, centre[:, None] - np.einsum("sbij,sj->sbi", matrix, centre))

    def crop_or_pad(self, size: list[int], _: np.ndarray) -> None:
        target = np.array(size, float)
        # Integer halves, as tf.image.resize_with_crop_or_pad.
        self._append(np.eye(2), np.trunc((self.size - target) / 2)[:, None, ::-1])
        self.size = np.tile(target, (len(self.size), 1))

    def normalize_gradient(self, *_: object) -> None:
        """Nothing on the canvas: see `with_gradient_of_length`."""

    def blur(self, sigma: float | list[float], drawn: np.ndarray) -> None:
        low, high = sigma if isinstance(sigma, list) else (sigma, sigma)
        chosen = low + (high - low) * drawn[..., 0]
        self.variance = np.square(chosen) + (0 if self.variance is None else self.variance)

    def canvases(self) -> Canvases:
        inverse = np.linalg.inv(self.matrix)
        back = -np.einsum("sbij,sbj->sbi", inverse, self.offset)
        return Canvases(
            _rows(self.matrix, self.offset), _rows(inverse, back), self.size.astype(np.int32)
        )

    def _append(self, matrix: np.ndarray, offset: np.ndarray) -> None:
        """Put one more map (output to input of the new transform) in front."""
        offset = np.broadcast_to(offset, self.offset.shape)
        self.offset = self.offset + np.einsum("sbij,sbj->sbi", self.matrix, offset)
        self.matrix = self.matrix @ matrix


class _ProjectiveComposition(_Composition):
    """The same with a projective map, `full` [steps, batch, 3, 3] in homogeneous (x, y, 1)."""

    def __init__(self, size: np.ndarray, batch: int) -> None:
        super().__init__(size, batch)
        self.full = np.tile(np.eye(3), (len(size), batch, 1, 1))

    def homography(self, share: float, drawn: np.ndarray) -> None:
        """Each corner of the output shows a point up to `share` of the size off the corner."""
        last = (self.size[:, None, ::-1] - 1)[:, :, None]
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * last
        corners = np.broadcast_to(corners, (*drawn.shape[:2], 4, 2))
        moved = corners + (2 * drawn.reshape(corners.shape) - 1) * share * last
        self.full = self.full @ _through(corners, moved)

    def canvases(self) -> Canvases:
        nine = (*self.full.shape[:2], 9)
        forward, inverse = self.full, np.linalg.inv(self.full)
        return Canvases(
            forward.reshape(nine).astype(np.float32),
            (inverse / inverse[..., 2:, 2:]).reshape(nine).astype(np.float32),
            self.size.astype(np.int32),
        )

    def _append(self, matrix: np.ndarray, offset: np.ndarray) -> None:
        step = np.tile(np.eye(3), (*self.full.shape[:2], 1, 1))
        step[..., :2, :2] = matrix
        step[..., :2, 2] = offset
        self.full = self.full @ step


@dataclass(frozen=True)
class Operation:
    """What a transform does; its parameter is described in `recipe.transform_lists`.

    Attributes:
        apply: puts it behind a composition, with its parameter and what was drawn for it, uniform
            in 0..1: [steps, batch, draws], or [steps] where it is shared.
        draws: numbers that it takes from its sprite's stream for a step.
        shared: takes one number for a step instead, the same for all sprites.
    """

    apply: Callable[[Any, Any, np.ndarray], None]
    draws: int = 0
    shared: bool = False


TRANSFORMS: dict[str, Operation] = {
    "pad": Operation(_Composition.pad),
    "jitter": Operation(_Composition.jitter, draws=2),
    "scale": Operation(_Composition.scale, shared=True),
    "rotate": Operation(_Composition.rotate, draws=1),
    "crop_or_pad": Operation(_Composition.crop_or_pad),
    "homography": Operation(_ProjectiveComposition.homography, draws=8),
    "normalize_gradient": Operation(_Composition.normalize_gradient),
    "blur": Operation(_Composition.blur, draws=1),
}


def _through(points: np.ndarray, images: np.ndarray) -> np.ndarray:
    """[..., 3, 3]: the homographies that map four `points` [..., 4, 2] to `images`."""
    x, y = points[..., 0], points[..., 1]
    one, zero = np.ones_like(x), np.zeros_like(x)
    u, v = images[..., 0], images[..., 1]
    for_u = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    for_v = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    equations = np.concatenate([for_u, for_v], axis=-2)
    solved = np.linalg.solve(equations, np.concatenate([u, v], axis=-1)[..., None])[..., 0]
    return np.concatenate([solved, one[..., :1]], axis=-1).reshape(*solved.shape[:-1], 3, 3)


def _rows(matrix: np.ndarray, offset: np.ndarray) -> np.ndarray:
    columns = [matrix[..., 0, 0], matrix[..., 0, 1], offset[..., 0]]
    columns += [matrix[..., 1, 0], matrix[..., 1, 1], offset[..., 1]]
    return np.stack(columns, axis=-1).astype(np.float32)


def resample(
    pictures: tf.Tensor, forward: tf.Tensor, inverse: tf.Tensor, size: tf.Tensor
) -> tf.Tensor:
    """The canvases of one step.

    The gradient is resampled by the inverse map, as TensorFlow does for its image transforms.

    Args:
        pictures: [batch, height, width, channels] in 0..1, static shape.
        forward, inverse: [batch, n] rows of `Canvases`.
        size: [2] int32, height and width of the canvas.

    Returns:
        [batch, size[0], size[1], channels] in 0..1, grey beyond the edge of the picture.
    """
    shape = pictures.shape.as_list()
    maps = int(forward.shape[1]) // 3 * 3
    if forward.shape[1] > maps:
        pictures = gaussian_blur(pictures, forward[:, maps])
        forward, inverse = forward[:, :maps], inverse[:, :maps]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def resampled(pictures: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            back = _gather(upstream, inverse, tf.constant(shape[1:3]), 0.0, shape[0], shape[3])
            return tf.reshape(back, shape)

        return _gather(pictures, forward, size, _GREY, shape[0], shape[3]), gradient

    canvas = resampled(pictures)
    canvas.set_shape([shape[0], None, None, shape[3]])
    return canvas


def gaussian_blur(pictures: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Pictures behind a Gaussian blur, each its own; grey lies beyond their edges.

    As two products with matrices for each picture: what a picture becomes does not depend on the
    others' sigmas, as it would with a kernel as large as the largest of them.

    Args:
        pictures: [batch, height, width, channels] in 0..1, static shape.
        sigma: [batch] in pixels.
    """
    batch, height, width, channels = pictures.shape.as_list()
    flat = tf.reshape(pictures - _GREY, [batch, height, width * channels])
    down = tf.reshape(tf.matmul(_gaussian(sigma, height), flat), pictures.shape)
    return tf.matmul(_gaussian(sigma, width)[:, None], down) + _GREY


def _gaussian(sigma: tf.Tensor, length: int) -> tf.Tensor:
    """[batch, length, length]: what each pixel of a line takes of each, less beyond the ends."""
    spread = 2 * tf.square(tf.maximum(sigma, _SHARPEST))[:, None]
    places, reach = np.arange(length), np.arange(-_REACH, _REACH + 1)
    distances = np.square(places[:, None] - places).astype(np.float32)
    whole = tf.reduce_sum(tf.exp(-np.square(reach).astype(np.float32) / spread), axis=1)
    return tf.exp(-distances / spread[:, None]) / whole[:, None, None]


def with_gradient_of_length(pictures: tf.Tensor, length: float) -> tf.Tensor:
    """The same pictures, whose gradients have the Euclidean norm `length` for each sprite.

    (lucid.optvis.transform.normalize_gradient)
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def same(pictures: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            norm = tf.sqrt(tf.reduce_sum(tf.square(upstream), [1, 2, 3], keepdims=True))
            return tf.math.divide_no_nan(length * upstream, norm)

        return tf.identity(pictures), gradient

    return same(pictures)


def _gather(
    pictures: tf.Tensor, rows: tf.Tensor, size: tf.Tensor, fill: float, batch: int, channels: int
) -> tf.Tensor:
    """Nearest-neighbour samples; a frame of one pixel around each picture is what lies outside."""
    framed = tf.pad(pictures, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=fill)
    height, width = tf.unstack(tf.shape(framed)[1:3])
    first = tf.range(batch)[:, None, None] * (height * width)
    position = first + _nearest(rows, size, height, width)
    flat = tf.reshape(framed, [batch * height * width, channels])
    # Of TensorFlow's two ways to do this, the quicker one for rows this short.
    return tf.gather_nd(flat, position[..., None])


def _nearest(rows: tf.Tensor, size: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """[batch, size[0], size[1]] positions in the flat picture of `height` and `width`, framed.

    A pass over all pixels costs as much as a small layer, so there are few.
    """
    x = tf.cast(tf.range(size[1]), tf.float32)[None, None, :]
    y = tf.cast(tf.range(size[0]), tf.float32)[None, :, None]
    count = rows.shape[1]
    a, b, c, d, e, f, *rest = [value[:, :, None] for value in tf.split(rows, count, axis=1)]
    # To the nearest is to the floor of half a pixel more; the frame takes one more.
    if rest:
        g, h, i = rest
        depth = g * x + (h * y + i)
        column = tf.math.divide_no_nan(a * x + (b * y + c), depth) + 1.5
        row = tf.math.divide_no_nan(d * x + (e * y + f), depth) + 1.5
    else:
        column = a * x + (b * y + (c + 1.5))
        row = d * x + (e * y + (f + 1.5))
    return _whole(row, height) * width + _whole(column, width)


def _whole(position: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """int32 floor, within 0..length - 1."""
    last = tf.cast(length, tf.float32) - 0.5
    return tf.cast(
        tf.raw_ops.ClipByValue(t=position, clip_value_min=0.0, clip_value_max=last), tf.int32
    )
