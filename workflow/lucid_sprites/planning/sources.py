"""Where each instance's model comes from: the series' folder, or what the config names."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lucid_sprites import layout
from lucid_sprites.config.schema import Config
from lucid_sprites.errors import UserError
from lucid_sprites.files import MODEL, TEXT, check_input, natural_key
from lucid_sprites.planning import onnx_weights
from lucid_sprites.planning.import_jobs import LABELS_SUFFIX, Origin
from lucid_sprites.planning.training import TRAINED_INPUT, instance_name, make_training
from lucid_sprites.recipe.setting_types import Level

MODEL_SUFFIXES = (".pb", ".pbtxt", ".keras", ".h5", ".hdf5", ".onnx")
_SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")


@dataclass(frozen=True)
class Source:
    """One instance and its model.

    Attributes:
        origin: plain data that `models.loaders.load_model` takes.
        files: that the model is read from.
        given: those files, and others, that people keep and whose content decides.
        is_made: by a job of the workflow, so that it may not be there yet.
        options: the instance's own settings and layers.
        is_listed: the config names it; it does not only lie in the series' folder.
    """

    series: str
    instance: str
    origin: Origin
    files: tuple[str, ...]
    is_made: bool
    options: Level
    given: tuple[str, ...] = ()
    is_listed: bool = True


def sources(config: Config, where: str) -> list[Source]:
    """All instances of all series, in natural order.

    Args:
        where: the config file's name, for messages.

    Raises:
        UserError: no such model, two of one name, a name that the workflow itself uses, a path
            that leaves the project, or results among the models.
    """
    results = inside(config.get("results", "results"), f"{where}: results")
    graphs = inside(config.get("graphs", "graphs"), f"{where}: graphs")
    _check_apart(results, graphs, where)
    models = []
    for series, options in config["series"].items():
        _check_free("series", series, layout.OWN_OF_RESULTS, f"{where}: series {series}")
        present = _in_folder(Path(graphs) / series)
        said = options or {}
        trained = _of_training(series, said, present, Path(results), where)
        if not trained or said.get("instances", present):
            # A model beside a training comes before its states.
            models += _of_series(series, said, present, Path(graphs), Path(results), where)
        models += trained
    for source in models:
        series_where = f"{where}: series {source.series}"
        _check_free("instance", source.instance, layout.OWN_OF_SERIES, series_where)
    return models


def _check_apart(results: str, graphs: str, where: str) -> None:
    """Raise UserError if what the workflow writes and what the user keeps could meet."""
    folders = [Path(os.path.abspath(path)) for path in (results, graphs)]
    if os.path.commonpath(folders) in map(str, folders):
        raise UserError(
            f"{where}: results: {results} and graphs: {graphs} are one folder, or one is inside "
            "the other; choose two that lie side by side"
        )


def _check_free(kind: str, name: str, taken: Sequence[str], where: str) -> None:
    """Raise UserError for the name of something else in the results."""
    if name in taken:
        raise UserError(
            f"{where}: {kind} cannot be called {name!r}: the workflow keeps its own files under "
            f"that name; choose any but {', '.join(taken)}"
        )


def _of_training(
    series: str, options: Level, present: dict[str, Path], results: Path, where: str
) -> list[Source]:
    """The states that the training of a series saves; none without a training."""
    if "training" not in options:
        return []
    states = []
    for epoch in make_training(series, options["training"], where).epochs:
        path = str(results / layout.TRAINED_GRAPH.format(series=series, epoch=epoch))
        name = instance_name(epoch)
        said = {"input": TRAINED_INPUT}
        states.append(Source(series, name, {"file": path}, (path,), True, said))
    listed = [_listed_name(item) for item in options.get("instances") or []]
    _check_no_state([*present, *listed], f"{where}: series {series}")
    return states


def _check_no_state(names: list[str], where: str) -> None:
    """Raise UserError for a model beside a training that is called like a state of it."""
    for name in names:
        if re.fullmatch(r"epoch_\d+", name):
            raise UserError(
                f"{where}: instance {name} is called like a state that the training of the series "
                "saves (epoch_<number>); give that model another name, such as published"
            )


def _listed_name(item: Any) -> str:
    """What an entry of `instances` calls its instance."""
    return str(item["instance"] if isinstance(item, dict) else item)


def inside(path: str, where: str) -> str:
    """`path`, if it stays in the project or is absolute on purpose.

    Raises:
        UserError: it leaves the project by `..`.
    """
    if not os.path.isabs(path) and os.path.normpath(path).startswith(os.pardir):
        raise UserError(
            f"{where}: {path} leaves the project's folder; give an absolute path if that is meant"
        )
    return path


def _in_folder(folder: Path) -> dict[str, Path]:
    """The models of a series' folder by instance."""
    present: dict[str, Path] = {}
    for path in sorted(folder.glob("[!.]*")) if folder.is_dir() else []:
        name = _instance_name(path)
        if name is None:
            continue
        if not re.fullmatch(layout.NAME, name):
            raise UserError(
                f"{path}: an instance's name has letters, digits, and any of _ . + - inside; "
                "rename the file"
            )
        if name in present:
            raise UserError(
                f"{path} and {present[name]} are both instance {name}; rename one of them"
            )
        present[name] = path
    return present


def _instance_name(path: Path) -> str | None:
    if path.is_dir():
        return path.name if _saved_model_files(path) else None
    return next((path.name.removesuffix(s) for s in MODEL_SUFFIXES if path.name.endswith(s)), None)


def _saved_model_files(folder: Path) -> list[str]:
    if not any((folder / name).is_file() for name in _SAVED_MODEL_FILES):
        return []
    variables = sorted((folder / "variables").glob("*")) if (folder / "variables").is_dir() else []
    return [str(p) for p in [*(folder / name for name in _SAVED_MODEL_FILES), *variables]
            if p.is_file()]  # fmt: skip


def _of_series(
    series: str,
    options: Level,
    present: dict[str, Path],
    graphs: Path,
    results: Path,
    where: str,
) -> list[Source]:
    where = f"{where}: series {series}"
    chosen = options.get("instances")
    if chosen is None:
        chosen = sorted(present, key=natural_key)
        if not chosen:
            raise UserError(
                f"{where}: no model in {graphs / series}{os.sep}; put models there as <instance> "
                f"with {', '.join(MODEL_SUFFIXES)}, or as a SavedModel folder"
            )
    if not chosen:
        raise UserError(
            f"{where}: the list of instances is empty; leave it out for all: "
            f"{', '.join(sorted(present, key=natural_key)) or 'none are there'}"
        )
    models = []
    for item in chosen:
        said = item if isinstance(item, dict) else {}
        name = _listed_name(item)
        source = _source(series, name, said, present, graphs, results, where)
        models.append(replace(source, is_listed="instances" in options))
    names = [source.instance for source in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{where}: instance {twice} is listed twice")
    return models


def _source(
    series: str,
    name: str,
    options: Level,
    present: dict[str, Path],
    graphs: Path,
    results: Path,
    series_where: str,
) -> Source:
    where = f"{series_where}, instance {name}"
    if "code" in options:
        check_input(inside(options["code"], f"{where}: code"), TEXT, f"{where}: code")
    if "keras_application" in options:
        weights = options.get("weights", "imagenet")
        files = (inside(weights, f"{where}: weights"),) * (weights not in ("imagenet", "none"))
        _check_there(files, f"{where}: weights (choose `imagenet`, `none` or a file)")
        built: Origin = {"keras_application": options["keras_application"], "weights": weights}
        return Source(series, name, built, files, True, options, files)
    if "lucid" in options and "file" not in options:
        made = str(results / layout.LUCID_MODEL.format(model=options["lucid"]))
        labels = made + LABELS_SUFFIX
        downloaded: Origin = {"lucid": options["lucid"], "file": made, "labels": labels}
        return Source(series, name, downloaded, (made,), True, options)
    if "file" in options:
        path = Path(inside(options["file"], f"{where}: file"))
        _check_there([str(path)], where)
    elif name in present:
        path = present[name]
    else:
        choices = ", ".join(sorted(present, key=natural_key)) or "none"
        raise UserError(
            f"{series_where}: no model {graphs / series / name} ({', '.join(MODEL_SUFFIXES)} or a "
            f"SavedModel folder); there are {choices}"
        )
    files = tuple(_saved_model_files(path)) if path.is_dir() else (str(path), *_beside(path))
    for file in files:
        check_input(file, MODEL, series_where)
    if not files:
        raise UserError(
            f"{series_where}: {path} is a folder, but no SavedModel (saved_model.pb is missing)"
        )
    origin: Origin = {"file": str(path)}
    if "trust" in options:
        origin["trust"] = options["trust"]
    if "code" in options:
        origin["code"] = options["code"]
    if "lucid" in options:
        origin["lucid"] = options["lucid"]
    # A model that lucid describes is read in a job of its options: lucid and Keras do not mix.
    given = (*files, *([options["code"]] if "code" in options else []))
    return Source(series, name, origin, files, "lucid" in options, options, given)


def _beside(path: Path) -> list[str]:
    """Files that hold weights of an ONNX file."""
    return onnx_weights.files_beside(path) if path.name.endswith(".onnx") else []


def _check_there(files: Sequence[str], where: str) -> None:
    for file in files:
        if not os.path.exists(file):
            raise UserError(f"{where}: no such file {file}")
        if not os.path.isdir(file):
            check_input(file, MODEL, where)
