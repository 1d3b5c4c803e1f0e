"""Generated pictures with the statistics of natural ones, where there are no photos.

Discs that hide each other, with radii by a power law (Lee, Mumford and Huang 2001, "Occlusion
models for natural images"): they have the edges, the smooth parts and the spectrum of photos.
Brightness, contrast and the little that colours differ from grey are about those of ImageNet.
"""

import numpy as np

_DISCS = 400
# Of the discs, in edges of the picture.
_LEAST_RADIUS, _GREATEST_RADIUS = 0.03, 0.6
_BRIGHTNESS, _BETWEEN_PICTURES, _BETWEEN_DISCS = 0.45, 0.12, 0.22
# ImageNet's pictures are a little warm.
_COLOUR, _COLOUR_DEVIATION = np.array([0.03, 0.005, -0.04]), np.array([0.07, 0.05, 0.08])
_SHADING, _GRAIN = 0.25, 0.02


def dead_leaves(count: int, height: int, width: int, channels: int) -> np.ndarray:
    """The same pictures every time, float32 [count, height, width, channels] in 0..1.

    Colours where there are three channels; else all are one grey.
    """
    random = np.random.default_rng(0)
    pictures = np.stack([_picture(random, height, width) for _ in range(count)])
    if channels != 3:
        pictures = pictures.mean(-1, keepdims=True).repeat(channels, -1)
    clipped: np.ndarray = np.clip(pictures, 0, 1).astype(np.float32)
    return clipped


def _picture(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Discs from the front to the back."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    brightness = random.normal(_BRIGHTNESS, _BETWEEN_PICTURES)
    picture = np.full((height, width, 3), brightness)
    free = np.ones((height, width), bool)
    for _ in range(_DISCS):
        right, down = x - random.uniform(-0.2, 1.2), y - random.uniform(-0.2, 1.2)
        disc = free & (np.hypot(right, down) < _radius(random))
        grey = brightness + random.normal(0, _BETWEEN_DISCS)
        colour = grey + random.normal(_COLOUR, _COLOUR_DEVIATION)
        slope_right, slope_down = random.normal(0, _SHADING, 2)
        shading = slope_right * right[disc] + slope_down * down[disc]
        picture[disc] = colour + shading[:, None]
        free &= ~disc
    return picture + random.normal(0, _GRAIN, picture.shape)


def _radius(random: np.random.Generator) -> float:
    """Of a disc: the density falls with the third power of the radius."""
    least, greatest = _LEAST_RADIUS**-2, _GREATEST_RADIUS**-2
    return float(random.uniform(greatest, least) ** -0.5)
