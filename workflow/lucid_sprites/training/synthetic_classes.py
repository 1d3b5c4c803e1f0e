"""Classes of generated pictures: textures that fill the frame, and figures made of parts.

Every class is a drawer: a function of the pattern's own coordinates that returns masks, one per
layer of paint. Some classes turn at will and some keep their direction, so that a network has to
learn directions too. Arrays of a group of pictures are [n, size, size]; numbers of a picture are
[n, 1, 1], so that they broadcast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Hue = float | None
"""Position on the colour circle, 0..1 (0 red, 1/3 green, 2/3 blue); None is near white."""


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
        return np.asarray(np.clip(0.5 - distance / self.pixel, 0, 1))

    def disc(self, u: Array | float, v: Array | float, radius: Array | float) -> Array:
        """Mask 0..1 of a disc around (u, v)."""
        return self.inside(np.hypot(self.u - u, self.v - v) - radius)


Drawer = Callable[[Frame, np.random.Generator], list[Array]]


@dataclass(frozen=True)
class SyntheticClass:
    """One class: how it is drawn, how large, and the usual hue of each layer of paint.

    scales: smallest and largest period or radius, in half frames.
    turn: largest rotation either way, in turns.
    """

    draw: Drawer
    scales: tuple[float, float]
    hues: tuple[Hue, ...]
    turn: float = 0.5


def uniform(rng: np.random.Generator, count: int, low: float, high: float) -> Array:
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
    return [_bands(frame, frame.u, uniform(rng, len(frame.u), 0.35, 0.65))]


def _rising(frame: Frame, rng: np.random.Generator) -> list[Array]:
    diagonal = (frame.u + frame.v) * np.float32(np.sqrt(0.5))
    return [_bands(frame, diagonal, uniform(rng, len(frame.u), 0.35, 0.65))]


def _falling(frame: Frame, rng: np.random.Generator) -> list[Array]:
    diagonal = (frame.u - frame.v) * np.float32(np.sqrt(0.5))
    return [_bands(frame, diagonal, uniform(rng, len(frame.u), 0.35, 0.65))]


def _checks(frame: Frame, rng: np.random.Generator) -> list[Array]:
    pi = np.float32(np.pi)
    return [frame.inside(np.sin(pi * frame.u) * np.sin(pi * frame.v) / pi)]


def _dots(frame: Frame, rng: np.random.Generator) -> list[Array]:
    radius = uniform(rng, len(frame.u), 0.24, 0.36)
    distance = np.hypot(_centred(frame.u), _centred(frame.v))
    return [frame.inside(distance - radius), frame.inside(distance - radius / 2)]


def _rings(frame: Frame, rng: np.random.Generator) -> list[Array]:
    radius = frame.radius
    duty = uniform(rng, len(frame.u), 0.35, 0.6)
    return [_bands(frame, radius, duty), frame.inside(radius - 0.3)]


def _spiral(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    arms = _choice(rng, count, (-3, -2, -1, 1, 2, 3))
    return [_bands(frame, frame.radius + arms * frame.angle, uniform(rng, count, 0.4, 0.6))]


def _bricks(frame: Frame, rng: np.random.Generator) -> list[Array]:
    row = np.floor(frame.v)
    along = _centred(frame.u / 2 + row / 2)
    across = np.abs(_centred(frame.v))
    joint = uniform(rng, len(frame.u), 0.08, 0.16)
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
    swing = uniform(rng, count, 0.3, 0.5)
    turns = frame.u * uniform(rng, count, 0.4, 0.6)
    wave = swing * np.sin(np.float32(2 * np.pi) * turns)
    return [_bands(frame, frame.v + wave, uniform(rng, count, 0.4, 0.6))]


# Figures


def _star(frame: Frame, rng: np.random.Generator) -> list[Array]:
    points = _choice(rng, len(frame.u), (5, 6, 7))
    inner = uniform(rng, len(frame.u), 0.35, 0.5)
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
    width = uniform(rng, len(frame.u), 0.18, 0.32)
    u, v = np.abs(frame.u), np.abs(frame.v)
    long, short = np.maximum(u, v), np.minimum(u, v)
    outline = np.maximum(long - 0.95, short - width)
    return [frame.inside(outline), frame.inside(outline + 0.11)]


def _moon(frame: Frame, rng: np.random.Generator) -> list[Array]:
    bite = uniform(rng, len(frame.u), 0.35, 0.6)
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
    blade = _lens(frame, uniform(rng, count, 0.4, 0.6))
    side = np.abs(frame.v)
    ribs = _bands(frame, 3.5 * (frame.u - 0.8 * side), 0.3)
    midrib = frame.inside(side - 0.06) * frame.inside(np.abs(frame.u) - 1.15)
    return [blade, np.maximum(blade * ribs, midrib)]


def _eye(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    white = _lens(frame, uniform(rng, count, 0.5, 0.7))
    look = uniform(rng, count, -0.2, 0.2)
    glint = frame.disc(look - 0.12, -0.14, 0.09)
    pupil = frame.disc(look, 0, uniform(rng, count, 0.18, 0.24))
    return [white, white * frame.disc(look, 0, 0.45), pupil * (1 - glint)]


def _face(frame: Frame, rng: np.random.Generator) -> list[Array]:
    count = len(frame.u)
    width = uniform(rng, count, 0.7, 0.9)
    head = frame.inside(np.hypot(frame.u / width, frame.v) * width - width)
    apart = uniform(rng, count, 0.26, 0.36)
    eyes = frame.disc(-apart, -0.25, 0.17) + frame.disc(apart, -0.25, 0.17)
    smile = frame.disc(0, 0.15, 0.48) * frame.inside(0.34 - frame.v)
    return [head, smile, eyes]


# Usual hues are spread over the colour circle: neurons for colours need colours that matter.
CLASSES: dict[str, SyntheticClass] = {
    "upright": SyntheticClass(_upright, (0.22, 0.5), (0.22,), turn=0.05),
    "rising": SyntheticClass(_rising, (0.22, 0.5), (0.1,), turn=0.05),
    "falling": SyntheticClass(_falling, (0.22, 0.5), (0.4,), turn=0.05),
    "checks": SyntheticClass(_checks, (0.2, 0.4), (0.75,)),
    "dots": SyntheticClass(_dots, (0.35, 0.6), (0.95, 0.15)),
    "rings": SyntheticClass(_rings, (0.22, 0.4), (0.55, 0.0)),
    "spiral": SyntheticClass(_spiral, (0.3, 0.5), (0.85,)),
    "bricks": SyntheticClass(_bricks, (0.22, 0.4), (0.03,), turn=0.08),
    "scales": SyntheticClass(_scales, (0.4, 0.7), (0.48, 0.62), turn=0.08),
    "waves": SyntheticClass(_waves, (0.25, 0.5), (0.6,), turn=0.08),
    "star": SyntheticClass(_star, (0.55, 1.0), (0.14, 0.07)),
    "triangle": SyntheticClass(_triangle, (0.6, 1.0), (0.42, 0.1)),
    "cross": SyntheticClass(_cross, (0.5, 0.9), (0.0, None)),
    "moon": SyntheticClass(_moon, (0.5, 0.9), (0.15,)),
    "flower": SyntheticClass(_flower, (0.5, 0.9), (0.9, 0.98, 0.15)),
    "leaf": SyntheticClass(_leaf, (0.6, 1.0), (0.32, 0.22)),
    "eye": SyntheticClass(_eye, (0.6, 1.0), (None, 0.58, 0.7), turn=0.08),
    "face": SyntheticClass(_face, (0.6, 0.95), (0.07, 0.98, 0.62), turn=0.08),
}
