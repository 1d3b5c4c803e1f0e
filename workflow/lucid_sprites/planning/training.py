"""The trainings that the config asks for: which states they save, and what each job is given."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from glob import escape, glob
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from lucid_sprites import fingerprints, layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import MODEL, TABLE, check_input
from lucid_sprites.made import tag
from lucid_sprites.recipe.settings import canonical_json


class Augmentation(TypedDict, total=False):
    """Random changes to pictures (see `training.augmentation`)."""

    shift: float
    flip: bool


class TrainingSpec(TypedDict):
    """What decides the states of a training, as its jobs are given it.

    Attributes:
        weights: `none`, `imagenet` or a file.
        cutoff: how many first layers are not trained, or the first that is.
        steps_per_epoch: a number or `auto`.
    """

    topology: str
    weights: str
    input_size: int
    cutoff: int | str
    batch_size: int
    optimizer: str
    optimizer_options: dict[str, Any]
    learning_rate: float
    steps_per_epoch: Any
    seed: int
    threads: int
    augmentation: Augmentation


class TrainingOptions(TrainingSpec):
    """The config's `training`, with defaults.

    Attributes:
        dataset: `generated`, a folder, or a mapping with `folder`, `classes`, `attributes`.
        finetune: False if the given weights are only looked at.
        epochs, save: how long, or the epochs to save.
    """

    dataset: Any
    finetune: bool
    epochs: NotRequired[int]
    save: NotRequired[list[int]]


DEFAULTS: Mapping[str, Any] = {
    "weights": "none",
    "finetune": True,
    "dataset": "generated",
    "input_size": 64,
    "cutoff": 0,
    "batch_size": 32,
    "optimizer": "adam",
    "optimizer_options": {},
    "learning_rate": 0.001,
    "steps_per_epoch": "auto",
    "seed": 0,
    "threads": 2,
}
TRAINED_INPUT = {"name": "input", "range": [-1, 1]}
"""The picture input of every trained network."""

PHOTO_AUGMENTATION = {"shift": 0.125, "flip": True}
"""For photos where nothing else is said; generated pictures never come twice."""

SCHEDULE = ((20, 2), (40, 3), (100, 5), (200, 10), (math.inf, 200))
"""(up to this epoch, save every so many): dense while a network changes fast, sparse later."""

# Smaller pictures shrink to nothing on the way through the network.
_SMALLEST_INPUT = {"small": 16, "googlenet": 32, "inceptionv3": 75, "vgg16": 32, "mobilenet": 32}


def scheduled(epochs: int) -> list[int]:
    """The epochs that SCHEDULE saves of a training: the first is 0, before training."""
    saved, epoch = [0], 0
    while epoch < epochs:
        end, every = next(rung for rung in SCHEDULE if epoch < rung[0])
        epoch = int(min(epoch + every, end, epochs))
        saved.append(epoch)
    return saved


@dataclass(frozen=True)
class Training:
    """The training of one series.

    Attributes:
        series: its name.
        options: the config's `training`, with defaults.
        epochs: saved states, rising, from 0.
    """

    series: str
    options: TrainingOptions
    epochs: list[int]

    @property
    def folder(self) -> str | None:
        """The dataset's folder; None for generated pictures."""
        dataset = self.options["dataset"]
        if dataset == "generated":
            return None
        return str(dataset["folder"] if isinstance(dataset, dict) else dataset)

    @property
    def table(self) -> str | None:
        """The dataset's table of attributes, if it has one."""
        dataset = self.options["dataset"]
        return dataset.get("attributes") if isinstance(dataset, dict) else None

    @property
    def weights_file(self) -> str | None:
        """The file that training starts from, if it does."""
        weights = self.options["weights"]
        return None if weights in ("none", "imagenet") else weights

    def previous(self, epoch: int) -> int:
        """The saved state before one."""
        return self.epochs[self.epochs.index(epoch) - 1]


def weights_files(weights: str) -> list[str]:
    """The files of weights to start from: none, one, or a checkpoint of TensorFlow's."""
    if weights in ("none", "imagenet"):
        return []
    parts = sorted(glob(f"{escape(weights)}.data-*"))
    index = f"{weights}.index"
    return [index, *parts] if os.path.exists(index) else [weights]


def segment_made(spec: str, epoch: int) -> str:
    """What a saved state says of how it was made.

    Args:
        spec: of the training (`Trainings.segment_spec`).

    Raises:
        UserError: a file of weights cannot be read.
    """
    weights = weights_files(json.loads(spec)["weights"]) if epoch == 0 else []
    contents = [fingerprints.content(file, "weights") for file in weights]
    return tag(spec, str(epoch), *contents)


def dataset_made(spec: str) -> str:
    """What a prepared dataset says of how it was made: changes with the content of its files.

    Args:
        spec: of the dataset (`Trainings.dataset_spec`).

    Raises:
        UserError: a file cannot be read.
    """
    dataset = json.loads(spec)
    files = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(dataset["folder"])
        for name in names
    ]
    if "attributes" in dataset:
        files.append(dataset["attributes"])
    contents = [f"{file} {fingerprints.content(file, 'dataset')}" for file in sorted(files)]
    return tag(spec, *contents)


def instance_name(epoch: int) -> str:
    """What the state after an epoch is called as an instance of its series."""
    return f"epoch_{epoch}"


def make_training(series: str, options: Mapping[str, Any], source: str) -> Training:
    """The training of a series.

    Args:
        options: the config's `training`, which fits its schema.
        source: the config file's name, for messages.

    Raises:
        UserError: a dataset or weights that are not there, or an input that is too small.
    """
    where = f"{source}: series {series}: training"
    generated = {**DEFAULTS, **options}["dataset"] == "generated"
    usual = {**DEFAULTS, "augmentation": {} if generated else PHOTO_AUGMENTATION}
    resolved = cast(TrainingOptions, {**usual, **options})
    training = Training(series, resolved, _epochs(resolved, where))
    smallest = _SMALLEST_INPUT[resolved["topology"]]
    if resolved["input_size"] < smallest:
        raise UserError(
            f"{where}: input_size {resolved['input_size']} is too small for "
            f"{resolved['topology']}; choose {smallest} or more"
        )
    if training.folder and not Path(training.folder).is_dir():
        raise UserError(f"{where}: no dataset folder {training.folder}; choose `generated` or one")
    if training.table and not os.path.exists(training.table):
        raise UserError(f"{where}: no table of attributes {training.table}")
    if training.table:
        check_input(training.table, TABLE, where)
    if training.weights_file and not _exists(training.weights_file):
        raise UserError(
            f"{where}: no weights file {training.weights_file}; choose `none`, `imagenet` or a file"
        )
    if training.weights_file and os.path.exists(training.weights_file):
        check_input(training.weights_file, MODEL, where)
    return training


def _exists(weights: str) -> bool:
    # A checkpoint of TensorFlow may be several files with its name in front.
    return os.path.exists(weights) or Path(f"{weights}.index").is_file()


def _epochs(options: TrainingOptions, where: str) -> list[int]:
    if not options["finetune"]:
        return [0]
    if "save" in options:
        return sorted({0, *options["save"]})
    if "epochs" in options:
        return scheduled(options["epochs"])
    raise UserError(
        f"{where}: say how long: `epochs`, or the list of epochs to `save`; or finetune: false"
    )


@dataclass(frozen=True)
class Trainings:
    """What the rules of training look up; `wildcards` has `series`, and `epoch` where it matters.

    Attributes:
        results: the results folder.
        by_series: the trainings.
    """

    results: Path
    by_series: dict[str, Training]

    def threads(self, wildcards: Any) -> int:
        """Threads of a training's jobs."""
        return int(self.by_series[wildcards.series].options["threads"])

    def dataset_sources(self, wildcards: Any) -> list[str]:
        """What a dataset is read from: its folder and, if there is one, its table."""
        training = self.by_series[wildcards.series]
        return [path for path in (training.folder, training.table) if path]

    def dataset_spec(self, wildcards: Any) -> str:
        """What `prepare_dataset` is given, as canonical JSON."""
        training = self.by_series[wildcards.series]
        dataset = training.options["dataset"]
        said = dataset if isinstance(dataset, dict) else {"folder": dataset}
        options = training.options
        return canonical_json({**said, "edge": options["input_size"], "seed": options["seed"]})

    def fingerprint(self, wildcards: Any) -> str:
        """Changes with the files of a dataset: their names, sizes and times."""
        digest = hashlib.sha256()
        for folder, folders, files in os.walk(self.by_series[wildcards.series].folder or ""):
            folders.sort()
            for name in sorted(files):
                status = os.stat(os.path.join(folder, name))
                digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def dataset_made(self, wildcards: Any) -> str:
        """What the prepared dataset has to say of how it was made."""
        return dataset_made(self.dataset_spec(wildcards))

    def segment_made(self, wildcards: Any) -> str:
        """What a saved state has to say of how it was made."""
        return segment_made(self.segment_spec(wildcards), int(wildcards.epoch))

    def metrics_made(self, wildcards: Any) -> str:
        """What the log has to say of how it was made."""
        return tag(*self.rows(wildcards))

    def segment_spec(self, wildcards: Any) -> str:
        """What `segment` is given, as canonical JSON: nothing of how long, or where it is cut."""
        options = self.by_series[wildcards.series].options
        kept = {
            key: value
            for key, value in options.items()
            if key not in ("dataset", "epochs", "save", "finetune")
        }
        return canonical_json(kept)

    def previous(self, wildcards: Any) -> list[str]:
        """The checkpoint that a segment starts from; none for the state before training."""
        training, epoch = self.by_series[wildcards.series], int(wildcards.epoch)
        if epoch == 0:
            return []
        return [self._path(layout.CHECKPOINT, training, epoch=training.previous(epoch))]

    def dataset(self, wildcards: Any) -> list[str]:
        """The prepared dataset; none where pictures are generated."""
        training = self.by_series[wildcards.series]
        return [self._path(layout.DATASET, training)] if training.folder else []

    def weights(self, wildcards: Any) -> list[str]:
        """The file of weights that the state before training needs."""
        training = self.by_series[wildcards.series]
        if not training.weights_file or int(wildcards.epoch) > 0:
            return []
        return weights_files(training.weights_file)[:1]

    def rows(self, wildcards: Any) -> list[str]:
        """The rows of the log of all segments."""
        training = self.by_series[wildcards.series]
        return [self._path(layout.TRAINING_ROWS, training, epoch=e) for e in training.epochs]

    def targets(self, _: Any = None) -> list[str]:
        """The log of every training, for which all states are needed, and what is made of it.

        Each file: Snakemake does not miss one that nobody has asked for.
        """
        templates = (layout.METRICS, layout.METRICS_PLOT, layout.TENSORBOARD)
        return [
            self._path(template, training)
            for training in self.by_series.values()
            for template in templates
        ]

    def logs(self) -> dict[str, str]:
        """The log of each series' training."""
        return {
            name: self._path(layout.METRICS, training) for name, training in self.by_series.items()
        }

    def _path(self, template: str, training: Training, **fields: Any) -> str:
        return f"{self.results}/{template.format(series=training.series, **fields)}"


def trainings(series: Mapping[str, Any], results: Path, source: str) -> Trainings:
    """The trainings of all series that have one.

    Args:
        series: the config's, which fits its schema.
        results: the results folder.
        source: the config file's name, for messages.

    Raises:
        UserError: see `make_training`.
    """
    by_series = {
        name: make_training(name, options["training"], source)
        for name, options in series.items()
        if options and "training" in options
    }
    return Trainings(results, by_series)
