"""What a network is trained on: batches that depend on nothing but the seed and the step.

So a run can stop and go on anywhere, and sees the same pictures in the same order. Pictures are
float32 [n, edge, edge, 3] in VALUE_RANGE; targets are class numbers [n] or 0 and 1 [n, k].
"""

from dataclasses import dataclass
from typing import Protocol
from zipfile import BadZipFile

import numpy as np

from lucid_sprites.errors import UserError
from lucid_sprites.planning.training import Augmentation, TrainingSpec
from lucid_sprites.training.augmentation import augmented
from lucid_sprites.training.small import VALUE_RANGE
from lucid_sprites.training.synthetic import synthetic_pictures
from lucid_sprites.training.synthetic_classes import CLASSES

Batch = tuple[np.ndarray, np.ndarray]

GENERATED_EPOCH = 50
"""Batches of an epoch where pictures never end."""

_VALIDATION_PICTURES = 512


class Dataset(Protocol):
    """A source of batches.

    Attributes:
        classes: names of the classes or attributes.
        multi_label: a picture can have several of them.
    """

    @property
    def classes(self) -> list[str]: ...

    @property
    def multi_label(self) -> bool: ...

    def batch(self, step: int) -> Batch:
        """The pictures of a training step, counted from 0."""

    def validation(self) -> Batch:
        """Pictures that are never trained on."""

    def epoch(self) -> int:
        """Batches in which every picture comes once."""


@dataclass(frozen=True)
class GeneratedDataset:
    """Generated pictures: new ones in every batch."""

    edge: int
    batch_size: int
    seed: int
    augmentation: Augmentation
    multi_label: bool = False

    @property
    def classes(self) -> list[str]:
        return list(CLASSES)

    def batch(self, step: int) -> Batch:
        # Number 0 is the validation set.
        pictures, labels = synthetic_pictures((self.seed, step + 1), self.batch_size, self.edge)
        return _scaled(augmented(pictures, self.augmentation, (self.seed, step))), labels

    def validation(self) -> Batch:
        pictures, labels = synthetic_pictures((self.seed, 0), _VALIDATION_PICTURES, self.edge)
        return _scaled(pictures), labels

    def epoch(self) -> int:
        return GENERATED_EPOCH


@dataclass(frozen=True)
class PreparedDataset:
    """Photos read by `prepare_dataset`, in a new order in every epoch.

    Attributes:
        pictures, targets: those to train on, uint8 and int32.
        kept: those to validate on.
    """

    classes: list[str]
    pictures: np.ndarray
    targets: np.ndarray
    kept: Batch
    batch_size: int
    seed: int
    augmentation: Augmentation

    @property
    def multi_label(self) -> bool:
        return self.targets.ndim == 2

    def batch(self, step: int) -> Batch:
        first = step * self.batch_size
        positions = np.arange(first, first + self.batch_size)
        turns, positions = np.divmod(positions, len(self.pictures))
        orders = {turn: self._order(turn) for turn in np.unique(turns).tolist()}
        chosen = [orders[turn][position] for turn, position in zip(turns, positions, strict=True)]
        pictures = self.pictures[chosen].astype(np.float32) / 255
        changed = augmented(pictures, self.augmentation, (self.seed, step))
        return _scaled(changed), self.targets[chosen]

    def validation(self) -> Batch:
        pictures, targets = self.kept
        return _scaled(pictures.astype(np.float32) / 255), targets

    def epoch(self) -> int:
        return max(1, round(len(self.pictures) / self.batch_size))

    def _order(self, turn: int) -> np.ndarray:
        """The pictures' order when all of them come for the nth time."""
        return np.random.default_rng((self.seed, turn)).permutation(len(self.pictures))


def open_dataset(spec: TrainingSpec, path: str | None) -> Dataset:
    """The dataset of a training.

    Args:
        spec: of the training: `input_size`, `batch_size`, `seed`, `augmentation`.
        path: file of `prepare_dataset`; None: generated pictures.

    Raises:
        UserError: the file cannot be read.
    """
    size, seed, augmentation = spec["batch_size"], spec["seed"], spec["augmentation"]
    if path is None:
        return GeneratedDataset(spec["input_size"], size, seed, augmentation)
    try:
        with np.load(path) as stored:
            pictures, targets, kept = (stored[k] for k in ("pictures", "targets", "validation"))
            classes = stored["classes"].tolist()
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it and run again") from error
    return PreparedDataset(
        classes,
        pictures[~kept],
        targets[~kept],
        (pictures[kept], targets[kept]),
        size,
        seed,
        augmentation,
    )


def _scaled(pictures: np.ndarray) -> np.ndarray:
    low, high = VALUE_RANGE
    return low + (high - low) * pictures
