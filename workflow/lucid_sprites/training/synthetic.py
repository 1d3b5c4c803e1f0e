"""Generated pictures: an endless labelled dataset that needs no download.

Colours, scale, position, ground, clutter, light and noise vary at random, so that a network has
to learn edges, colours, textures and parts to tell the classes apart. All classes are placed and
painted alike. Arrays of a group of pictures are [n, size, size]; numbers of a picture are
[n, 1, 1], so that they broadcast.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lucid_sprites.training.synthetic_classes import (
    CLASSES,
    Array,
    Frame,
    Hue,
    SyntheticClass,
    uniform,
)

SIZE = 64
"""Default edge of a picture in pixels."""

_FREE_COLOURS = 0.2
"""Share of pictures that ignore the usual colours of their class: colour helps, form decides."""

_EQUAL_BRIGHTNESS = 0.2
"""Share of pictures whose ground is as bright as the first paint, to be told apart by hue."""

_CLUTTER = 3
"""Blobs on the ground of every picture."""


def _pixel_grid(size: int) -> tuple[Array, Array]:
    """x to the right and y down, -1..1 between the picture's edges, [1, size, size] each."""
    centres = ((np.arange(size) + 0.5) * (2 / size) - 1).astype(np.float32)
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return x[None], y[None]


def _placed(
    count: int,
    size: int,
    rng: np.random.Generator,
    scales: tuple[float, float],
    shift: float,
    turn: float = 0.5,
) -> Frame:
    """Random position, rotation and scale for every picture of a group.

    shift: largest distance from the middle along x and along y, in half frames.
    """
    x, y = _pixel_grid(size)
    x = x - uniform(rng, count, -shift, shift)
    y = y - uniform(rng, count, -shift, shift)
    angle = np.float32(2 * np.pi) * uniform(rng, count, -turn, turn)
    scale = uniform(rng, count, *scales)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    return Frame(cos * x + sin * y, cos * y - sin * x, np.float32(2 / size) / scale)


def _rgb(hue: Array, saturation: Array, value: Array) -> Array:
    """Colours 0..1 of HSV arrays [n]: [n, 3]."""
    offsets = np.array([0, 2 / 3, 1 / 3], np.float32)
    distance = np.abs((hue[:, None] + offsets) % 1 - 0.5) * 6 - 1
    pure = np.clip(distance, 0, 1)
    colours: Array = value[:, None] * (1 - saturation[:, None] * (1 - pure))
    return colours


def _any_colours(count: int, rng: np.random.Generator) -> Array:
    """Colours of any hue, from grey to vivid and from dark to bright, [count, 3]."""
    hue, saturation, value = rng.random((3, count), np.float32)
    return _rgb(hue, saturation, 0.15 + 0.85 * value)


def _usual_colours(hue: Hue, count: int, rng: np.random.Generator) -> Array:
    """Vivid colours near the hue, or pale ones if it is None, [count, 3]."""
    if hue is None:
        return rng.uniform(0.8, 1, (count, 3)).astype(np.float32)
    hues = (hue + rng.normal(0, 0.03, count)).astype(np.float32)
    saturation, value = rng.random((2, count), np.float32)
    return _rgb(hues, 0.6 + 0.4 * saturation, 0.5 + 0.5 * value)


def _paints(kind: SyntheticClass, count: int, rng: np.random.Generator) -> list[Array]:
    """One colour per picture for every layer of paint, each [count, 3]."""
    free = rng.random((count, 1)) < _FREE_COLOURS
    return [
        np.where(free, _any_colours(count, rng), _usual_colours(hue, count, rng))
        for hue in kind.hues
    ]


def _ground_colours(paint: Array, rng: np.random.Generator) -> Array:
    """Colours that stand out from the paint: [n, 3] each."""
    count = len(paint)
    # Exchanged channels give another hue of the same brightness.
    turned = np.where(rng.random((count, 1)) < 0.5, np.roll(paint, 1, -1), np.roll(paint, 2, -1))
    equally_bright = rng.random((count, 1)) < _EQUAL_BRIGHTNESS
    ground = np.where(equally_bright, turned, _any_colours(count, rng))
    close = np.abs(ground - paint).sum(-1, keepdims=True) < 0.7
    return np.where(close, (paint + 0.5) % 1, ground)


def _mix(picture: Array, mask: Array, colour: Array) -> None:
    """Paint the colour [n, 3] over the pictures [n, size, size, 3], in place, where mask is 1."""
    picture += mask[..., None] * (colour[:, None, None, :] - picture)


def _ground(first: Array, size: int, rng: np.random.Generator) -> Array:
    """Two colours that flow into each other, and blobs of others: [n, size, size, 3].

    first: one of the two colours per picture, [n, 3].
    """
    count = len(first)
    x, y = _pixel_grid(size)
    second = 0.6 * first + 0.4 * _any_colours(count, rng)
    direction = np.float32(2 * np.pi) * uniform(rng, count, 0, 1)
    slope = np.clip(0.5 + 0.5 * (np.cos(direction) * x + np.sin(direction) * y), 0, 1)
    picture = np.repeat(first[:, None, None, :], size, 1).repeat(size, 2)
    _mix(picture, slope, second)
    for _ in range(_CLUTTER):
        frame = _placed(count, size, rng, scales=(0.1, 0.3), shift=1)
        blob = frame.inside(np.hypot(frame.u * uniform(rng, count, 0.4, 2), frame.v) - 1)
        _mix(picture, blob * uniform(rng, count, 0.2, 0.8), _any_colours(count, rng))
    return picture


def _lit(pictures: Array, rng: np.random.Generator) -> Array:
    """The pictures under light that falls off to one side, with a grain of noise."""
    count, size = pictures.shape[:2]
    x, y = _pixel_grid(size)
    direction = np.float32(2 * np.pi) * uniform(rng, count, 0, 1)
    slope = np.cos(direction) * x + np.sin(direction) * y
    light = 1 + uniform(rng, count, 0, 0.35) * slope
    noise = rng.standard_normal(pictures.shape, np.float32)
    grain = noise * uniform(rng, count, 0, 0.04)[..., None]
    lit: Array = np.clip(pictures * light[..., None] + grain, 0, 1)
    return lit


def _drawn(kind: SyntheticClass, count: int, size: int, rng: np.random.Generator) -> Array:
    """Pictures of one class, [count, size, size, 3] in 0..1."""
    frame = _placed(count, size, rng, kind.scales, shift=0.3, turn=kind.turn)
    paints = _paints(kind, count, rng)
    picture = _ground(_ground_colours(paints[0], rng), size, rng)
    for mask, paint in zip(kind.draw(frame, rng), paints, strict=True):
        _mix(picture, mask, paint)
    return _lit(picture, rng)


def synthetic_pictures(
    seed: int | Sequence[int], count: int, size: int = SIZE
) -> tuple[Array, NDArray[np.int32]]:
    """Random pictures and their labels; the same arguments always give the same ones.

    seed: one number or several, for example a run's seed and the number of a batch.
    Returns pictures [count, size, size, 3] float32 in 0..1, RGB, and labels [count] int32,
    positions in CLASSES. Labels are drawn at random, all equally likely.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(len(CLASSES), size=count, dtype=np.int32)
    pictures = np.empty((count, size, size, 3), np.float32)
    for label, kind in enumerate(CLASSES.values()):
        chosen = labels == label
        pictures[chosen] = _drawn(kind, int(chosen.sum()), size, rng)
    return pictures, labels
