"""Generated pictures: an endless labelled dataset that needs no download.

About half of the classes are textures that fill the frame, half are figures made of parts.
Colours, scale, position, ground, clutter, light and noise vary at random, so that a network has
to learn edges, colours, textures and parts to tell the classes apart. Some classes turn at will
and some keep their direction, so that it has to learn directions too.

Every class is a drawer: a function of the pattern's own coordinates that returns masks, one per
layer of paint. The rest, placing and painting, is the same for all classes. Arrays of a group
of pictures are [n, size, size]; numbers of a picture are [n, 1, 1], so that they broadcast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Hue = float | None
"""Position on the colour circle, 0..1 (0 red, 1/3 green, 2/3 blue); None is near white."""

SIZE = 64
"""Default edge of a picture in pixels."""

_FREE_COLOURS = 0.2
"""Share of pictures that ignore the usual colours of their class: colour helps, form decides."""

_EQUAL_BRIGHTNESS = 0.2
"""Share of pictures whose ground is as bright as the first paint, to be told apart by hue."""

_CLUTTER = 3
"""Blobs on the ground of every picture."""


@dataclass(frozen=True)
class Frame:
    """Coordinates of a group of pictures as their pattern sees them.

    u, v: [n, size, size], along and across the pattern; 1 is its period or its radius.
    pixel: [n, 1, 1], the edge of a pixel in the same unit; edges are that soft.
    """

    u: Array
    v: Array
    pixel: Array

    @property
    def radius(self) -> Array:
        """Distance from the pattern's centre, [n, size, size]."""
        return np.hypot(self.u, self.v)

    @property
    def angle(self) -> Array:
        """Direction seen from the pattern's centre in turns, -0.5..0.5, [n, size, size]."""
        return np.arctan2(self.v, self.u) / np.float32(2 * np.pi)

    def inside(self, distance: Array) -> Array:
        """Mask 0..1 of the points whose signed distance to an outline is negative."""
        return np.clip(0.5 - distance / self.pixel, 0, 1)

    def disc(self, u: Array | float, v: Array | float, radius: Array | float) -> Array:
        """Mask 0..1 of a disc around (u, v)."""
        return self.inside(np.hypot(self.u - u, self.v - v) - radius)


Drawer = Callable[[Frame, np.random.Generator], list[Array]]


@dataclass(frozen=True)
class PictureClass:
    """One class: how it is drawn, how large, and the usual hue of each layer of paint.

    scales: smallest and largest period or radius, in half frames.
    turn: largest rotation either way, in turns.
    """

    draw: Drawer
    scales: tuple[float, float]
    hues: tuple[Hue, ...]
    turn: float = 0.5


def _uniform(rng: np.random.Generator, count: int, low: float, high: float) -> Array:
    """One number per picture, [count, 1, 1]."""
    return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)


def _choice(rng: np.random.Generator, count: int, values: Sequence[int]) -> Array:
    """One of the values per picture, [count, 1, 1]."""
    return rng.choice(np.asarray(values, np.float32), (count, 1, 1))


def _centred(x: Array) -> Array:
    """Position within the period 1 around its middle, -0.5..0.5."""
    return x - np.floor(x) - np.float32(0.5)


def _bands(frame: Frame, phase: Array, duty: Array | float) -> Array:
    """Mask of bands that cover the share `duty` of each period of `phase`."""
    return frame.inside(np.abs(_centred(phase)) - duty / 2)


# Textures


def _upright(frame: Frame, rng: np.random.Generator) -> list[Array]:
    return [_bands(frame, frame.u, _uniform(rng, len(frame.u), 0.35, 0.65))]


def _rising(frame: Frame, rng: np.random.Generator) -> list[Array]:
    diagonal = (frame.u + frame.v) * np.float32(np.sqrt(0.5))
    return [_bands(frame, diagonal, _uniform(rng, len(frame.u), 0.35, 0.65))]


def _falling(frame: Frame, rng: np.random.Generator) -> list[Array]:
    diagonal = (frame.u - frame.v) * np.float32(np.sqrt(0.5))
    return [_bands(frame, diagonal, _uniform(rng, len(frame.u), 0.35, 0.65))]


def _checks(frame: Frame, rng: np.random.Generator) -> list[Array]:
    pi = np.float32(np.pi)
    return [frame.inside(np.sin(pi * frame.u) * np.sin(pi * frame.v) / pi)]


def _dots(frame: Frame, rng: np.random.Generator) -> list[Array]:
    radius = _uniform(rng, len(frame.u), 0.24, 0.36)
    distance = np.hypot(_centred(frame.u), _centred(frame.v))
    return [frame.inside(distance - radius), frame.inside(distance - radius / 2)]


def _rings(frame: Frame, rng: np.random.Generator) -> list[Array]:
    radius = frame.radius
    duty = _uniform(rng, len(frame.u), 0.35, 0.6)
    return [_bands(frame, radius, duty), frame.inside(radius - 0.3)]


def _spiral(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    arms = _choice(rng, count, (-3, -2, -1, 1, 2, 3))
    return [_bands(frame, frame.radius + arms * frame.angle, _uniform(rng, count, 0.4, 0.6))]


def _bricks(frame: Frame, rng: np.random.Generator) -> list[Array]:
    row = np.floor(frame.v)
    along = _centred(frame.u / 2 + row / 2)
    across = np.abs(_centred(frame.v))
    joint = _uniform(rng, len(frame.u), 0.08, 0.16)
    brick = np.maximum(2 * np.abs(along) - 1, across - 0.5) + joint
    return [frame.inside(brick)]


def _scales(frame: Frame, rng: np.random.Generator) -> list[Array]:
    # Rows of discs half a disc apart; a point belongs to the disc of its own row if that covers
    # it, otherwise to the row behind.
    row = np.floor(2 * frame.v)
    height = frame.v - row / 2
    front = np.hypot(_centred(frame.u + row / 2), height)
    behind = np.hypot(_centred(frame.u + row / 2 + 0.5), height + 0.5)
    distance = np.where(front < 0.5, front, behind)
    rim = frame.inside(np.abs(distance - 0.46) - 0.07)
    return [np.clip(1.4 - 2 * distance, 0, 1), rim]


def _waves(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    swing = _uniform(rng, count, 0.3, 0.5)
    turns = frame.u * _uniform(rng, count, 0.4, 0.6)
    wave = swing * np.sin(np.float32(2 * np.pi) * turns)
    return [_bands(frame, frame.v + wave, _uniform(rng, count, 0.4, 0.6))]


# Figures


def _star(frame: Frame, rng: np.random.Generator) -> list[Array]:
    points = _choice(rng, len(frame.u), (5, 6, 7))
    inner = _uniform(rng, len(frame.u), 0.35, 0.5)
    radius, half = frame.radius, np.float32(np.pi) / points
    # Folded into half of one point, the outline is a straight line from its tip to the notch.
    folded = np.abs(_centred(frame.angle * points)) * 2 * half
    notch_x, notch_y = inner * np.cos(half), inner * np.sin(half)
    length = np.hypot(1 - notch_x, notch_y)
    x, y = radius * np.cos(folded) - 1, radius * np.sin(folded)
    outline = (x * notch_y + y * (1 - notch_x)) / length
    return [frame.inside(outline), frame.inside(outline + 0.22)]


def _triangle(frame: Frame, rng: np.random.Generator) -> list[Array]:
    side = _centred(frame.angle * 3) * np.float32(2 * np.pi / 3)
    outline = frame.radius * np.cos(side) - 0.55
    return [frame.inside(outline), frame.inside(outline + 0.22)]


def _cross(frame: Frame, rng: np.random.Generator) -> list[Array]:
    width = _uniform(rng, len(frame.u), 0.18, 0.32)
    u, v = np.abs(frame.u), np.abs(frame.v)
    long, short = np.maximum(u, v), np.minimum(u, v)
    outline = np.maximum(long - 0.95, short - width)
    return [frame.inside(outline), frame.inside(outline + 0.11)]


def _moon(frame: Frame, rng: np.random.Generator) -> list[Array]:
    bite = _uniform(rng, len(frame.u), 0.35, 0.6)
    return [frame.disc(0, 0, 0.9) * (1 - frame.disc(bite, 0, 0.75))]


def _flower(frame: Frame, rng: np.random.Generator) -> list[Array]:
    petals = _choice(rng, len(frame.u), (5, 6, 7, 8))
    radius = frame.radius
    lobes = np.abs(np.cos(np.float32(np.pi) * petals * frame.angle))
    outline = radius - (0.45 + 0.5 * np.sqrt(lobes))
    return [frame.inside(outline), frame.inside(radius - 0.42), frame.inside(radius - 0.26)]


def _lens(frame: Frame, height: Array | float) -> Array:
    """Mask of a lens from u = -1 to 1 with the given half height at its middle."""
    radius = (1 + height * height) / (2 * height)
    upper = np.hypot(frame.u, frame.v + (radius - height))
    lower = np.hypot(frame.u, frame.v - (radius - height))
    return frame.inside(np.maximum(upper, lower) - radius)


def _leaf(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    blade = _lens(frame, _uniform(rng, count, 0.4, 0.6))
    side = np.abs(frame.v)
    ribs = _bands(frame, 3.5 * (frame.u - 0.8 * side), 0.3)
    midrib = frame.inside(side - 0.06) * frame.inside(np.abs(frame.u) - 1.15)
    return [blade, np.maximum(blade * ribs, midrib)]


def _eye(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    white = _lens(frame, _uniform(rng, count, 0.5, 0.7))
    look = _uniform(rng, count, -0.2, 0.2)
    glint = frame.disc(look - 0.12, -0.14, 0.09)
    pupil = frame.disc(look, 0, _uniform(rng, count, 0.18, 0.24))
    return [white, white * frame.disc(look, 0, 0.45), pupil * (1 - glint)]


def _face(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    width = _uniform(rng, count, 0.7, 0.9)
    head = frame.inside(np.hypot(frame.u / width, frame.v) * width - width)
    apart = _uniform(rng, count, 0.26, 0.36)
    eyes = frame.disc(-apart, -0.25, 0.17) + frame.disc(apart, -0.25, 0.17)
    smile = frame.disc(0, 0.15, 0.48) * frame.inside(0.34 - frame.v)
    return [head, smile, eyes]


# Usual hues are spread over the colour circle: neurons for colours need colours that matter.
CLASSES: dict[str, PictureClass] = {
    "upright": PictureClass(_upright, (0.22, 0.5), (0.22,), turn=0.05),
    "rising": PictureClass(_rising, (0.22, 0.5), (0.1,), turn=0.05),
    "falling": PictureClass(_falling, (0.22, 0.5), (0.4,), turn=0.05),
    "checks": PictureClass(_checks, (0.2, 0.4), (0.75,)),
    "dots": PictureClass(_dots, (0.35, 0.6), (0.95, 0.15)),
    "rings": PictureClass(_rings, (0.22, 0.4), (0.55, 0.0)),
    "spiral": PictureClass(_spiral, (0.3, 0.5), (0.85,)),
    "bricks": PictureClass(_bricks, (0.22, 0.4), (0.03,), turn=0.08),
    "scales": PictureClass(_scales, (0.4, 0.7), (0.48, 0.62), turn=0.08),
    "waves": PictureClass(_waves, (0.25, 0.5), (0.6,), turn=0.08),
    "star": PictureClass(_star, (0.55, 1.0), (0.14, 0.07)),
    "triangle": PictureClass(_triangle, (0.6, 1.0), (0.42, 0.1)),
    "cross": PictureClass(_cross, (0.5, 0.9), (0.0, None)),
    "moon": PictureClass(_moon, (0.5, 0.9), (0.15,)),
    "flower": PictureClass(_flower, (0.5, 0.9), (0.9, 0.98, 0.15)),
    "leaf": PictureClass(_leaf, (0.6, 1.0), (0.32, 0.22)),
    "eye": PictureClass(_eye, (0.6, 1.0), (None, 0.58, 0.7), turn=0.08),
    "face": PictureClass(_face, (0.6, 0.95), (0.07, 0.98, 0.62), turn=0.08),
}


# Placing and painting


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
    x = x - _uniform(rng, count, -shift, shift)
    y = y - _uniform(rng, count, -shift, shift)
    angle = np.float32(2 * np.pi) * _uniform(rng, count, -turn, turn)
    scale = _uniform(rng, count, *scales)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    return Frame(cos * x + sin * y, cos * y - sin * x, np.float32(2 / size) / scale)


def _rgb(hue: Array, saturation: Array, value: Array) -> Array:
    """Colours 0..1 of HSV arrays [n]: [n, 3]."""
    offsets = np.array([0, 2 / 3, 1 / 3], np.float32)
    distance = np.abs((hue[:, None] + offsets) % 1 - 0.5) * 6 - 1
    pure = np.clip(distance, 0, 1)
    return value[:, None] * (1 - saturation[:, None] * (1 - pure))


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


def _paints(kind: PictureClass, count: int, rng: np.random.Generator) -> list[Array]:
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
    direction = np.float32(2 * np.pi) * _uniform(rng, count, 0, 1)
    slope = np.clip(0.5 + 0.5 * (np.cos(direction) * x + np.sin(direction) * y), 0, 1)
    picture = np.repeat(first[:, None, None, :], size, 1).repeat(size, 2)
    _mix(picture, slope, second)
    for _ in range(_CLUTTER):
        frame = _placed(count, size, rng, scales=(0.1, 0.3), shift=1)
        blob = frame.inside(np.hypot(frame.u * _uniform(rng, count, 0.4, 2), frame.v) - 1)
        _mix(picture, blob * _uniform(rng, count, 0.2, 0.8), _any_colours(count, rng))
    return picture


def _lit(pictures: Array, rng: np.random.Generator) -> Array:
    """The pictures under light that falls off to one side, with a grain of noise."""
    count, size = pictures.shape[:2]
    x, y = _pixel_grid(size)
    direction = np.float32(2 * np.pi) * _uniform(rng, count, 0, 1)
    slope = np.cos(direction) * x + np.sin(direction) * y
    light = 1 + _uniform(rng, count, 0, 0.35) * slope
    noise = rng.standard_normal(pictures.shape, np.float32)
    grain = noise * _uniform(rng, count, 0, 0.04)[..., None]
    return np.clip(pictures * light[..., None] + grain, 0, 1)


def _drawn(kind: PictureClass, count: int, size: int, rng: np.random.Generator) -> Array:
    """Pictures of one class, [count, size, size, 3] in 0..1."""
    frame = _placed(count, size, rng, kind.scales, shift=0.3, turn=kind.turn)
    paints = _paints(kind, count, rng)
    picture = _ground(_ground_colours(paints[0], rng), size, rng)
    for mask, paint in zip(kind.draw(frame, rng), paints, strict=True):
        _mix(picture, mask, paint)
    return _lit(picture, rng)


def generated_pictures(
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
