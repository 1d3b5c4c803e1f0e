"""Random changes to training pictures that leave what they show."""

import numpy as np

from lucid_sprites.planning.training import Augmentation


def augmented(
    pictures: np.ndarray, augmentation: Augmentation, seed: tuple[int, ...]
) -> np.ndarray:
    """The pictures, each mirrored and shifted by chance.

    Args:
        pictures: [n, height, width, channels].
        augmentation: `shift`: largest shift either way as a share of the edge, filled with the
            border's pixels; `flip`: mirrored left to right in half of the cases.
        seed: decides what happens; equal seeds give equal results.
    """
    random = np.random.default_rng((*seed, 1))
    if augmentation.get("flip"):
        mirrored = random.random(len(pictures)) < 0.5
        pictures = np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
    reach = round(augmentation.get("shift", 0) * pictures.shape[1])
    if reach:
        pictures = _shifted(pictures, random.integers(-reach, reach + 1, (len(pictures), 2)))
    return np.ascontiguousarray(pictures)


def _shifted(pictures: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    _, height, width, _ = pictures.shape
    rows = np.clip(np.arange(height) + shifts[:, :1], 0, height - 1)
    columns = np.clip(np.arange(width) + shifts[:, 1:], 0, width - 1)
    number = np.arange(len(pictures))[:, None, None]
    augmented: np.ndarray = pictures[number, rows[:, :, None], columns[:, None, :]]
    return augmented
