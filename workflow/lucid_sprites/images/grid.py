"""Feature maps side by side."""

import math

import numpy as np
from PIL import Image

LONGEST_EDGE = 6000
"""Pixels; wide layers of large pictures get smaller cells."""

_SHOWN = 99
"""Percentage of the values that keep their differences in `contrast_normalization`."""

_SMALLEST_CELL = 64
"""Pixels; cells below that are enlarged by a whole factor."""


def image_normalization(
    image: np.ndarray, ubound: float = 255.0, epsilon: float = 1e-07
) -> np.ndarray:
    """Min-max normalization, as in tf_cnnvis: the values of `image` stretched to 0..`ubound`.

    Args:
        epsilon: keeps a constant image, which becomes 0, from being divided by 0.
    """
    return stretched(image, np.min(image), np.max(image), ubound, epsilon)


def stretched(
    image: np.ndarray, low: float, high: float, ubound: float = 255.0, epsilon: float = 1e-07
) -> np.ndarray:
    """The values from `low` to `high` as 0..`ubound`."""
    return (image - low) * (ubound / (high - low + epsilon))


def contrast_normalization(image: np.ndarray, ubound: float = 255.0) -> np.ndarray:
    """The values of `image` stretched to 0..`ubound` around zero, without its rarest extremes.

    Zero becomes 0 if nothing is negative, else the middle. A hundredth of the values that are not
    zero is cut off: with min-max normalization a single pixel can leave all others grey.
    """
    strengths = np.abs(image[image != 0])
    if not strengths.size:
        return np.zeros_like(image)
    scaled = image / np.percentile(strengths, _SHOWN)
    if image.min() < 0:
        scaled = (scaled + 1) / 2
    clipped: np.ndarray = np.clip(scaled, 0, 1) * ubound
    return clipped


def convert_into_grid(
    Xs: np.ndarray,
    padding: int = 1,
    ubound: float = 255.0,
    normalize: str = "map",
    columns: int | None = None,
) -> np.ndarray:
    """Images in a grid, normalized; cells go by rows.

    Args:
        Xs: [n, height, width, channels].
        padding: black pixels between cells.
        ubound: largest value.
        normalize: each image by itself from its least value to its largest (`map`, as in
            tf_cnnvis), all together (`layer`), or each by `contrast_normalization` (`contrast`).
        columns: cells in a row; None for a square, whose last rows may stay empty (tf_cnnvis).

    Returns:
        float32 [height, width, channels] in 0..`ubound`.
    """
    cells = normalized(Xs, normalize, ubound)
    side = columns or math.ceil(math.sqrt(len(Xs)))
    return place(cells.astype(np.float32), padding, side, None if columns else side)


def normalized(images: np.ndarray, normalize: str, ubound: float = 255.0) -> np.ndarray:
    """Images [n, height, width, channels] in 0..`ubound`; see `convert_into_grid`."""
    if normalize == "layer":
        return image_normalization(images, ubound)
    return np.stack([_NORMALIZATIONS[normalize](image, ubound) for image in images])


def place(cells: np.ndarray, padding: int, columns: int, rows: int | None = None) -> np.ndarray:
    """Images [n, height, width, channels] side by side, with black between; by rows."""
    count, height, width, channels = cells.shape
    rows = rows or math.ceil(count / columns)
    size = [n * (cell + padding) - padding for n, cell in ((rows, height), (columns, width))]
    grid = np.zeros((*size, channels), cells.dtype)
    for number, cell in enumerate(cells):
        y, x = number // columns * (height + padding), number % columns * (width + padding)
        grid[y : y + height, x : x + width] = cell
    return grid


_NORMALIZATIONS = {
    "map": image_normalization,
    "contrast": contrast_normalization,
}


def columns_for(count: int, height: int, width: int) -> int:
    """Cells in a row for a sheet that is about as wide as high."""
    return min(count, math.ceil(math.sqrt(count * height / width)))


def cell_size(count: int, height: int, width: int, padding: int) -> tuple[int, int]:
    """Height and width of the cells: the maps' own, unless these are tiny or the grid too large."""
    across = columns_for(count, height, width)
    down = math.ceil(count / across)
    room = min((LONGEST_EDGE / down - padding) / height, (LONGEST_EDGE / across - padding) / width)
    if room < 1:
        return max(1, int(height * room)), max(1, int(width * room))
    factor = max(1, min(_SMALLEST_CELL // max(height, width), int(room)))
    return height * factor, width * factor


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """A float32 image [height, width, channels] at another size.

    Enlarged by a whole factor it keeps its pixels as squares; otherwise it is filtered.
    """
    if (height, width) == image.shape[:2]:
        return image
    if height % image.shape[0] == 0 and width % image.shape[1] == 0:
        down, across = height // image.shape[0], width // image.shape[1]
        return image.repeat(down, axis=0).repeat(across, axis=1)
    return smooth_resize(image, height, width)


def smooth_resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """A float32 image [height, width, channels] at another size, filtered (bicubic)."""
    bands = [
        Image.fromarray(np.ascontiguousarray(image[..., band], np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        for band in range(image.shape[-1])
    ]
    return np.stack([np.asarray(band) for band in bands], axis=-1)
