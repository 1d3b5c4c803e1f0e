"""Import and render networks of every kind, and say how it went: docs/zoo.md.

    PYTHONPATH=workflow:tests:benchmarks .venv/bin/python benchmarks/zoo.py --models "onnx_*"

Of each network that fits a pattern, 8 units of a shallow, a middle and a deep layer are rendered by
the workflow. What is measured is kept in zoo.json, so that some networks can be done again alone.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from measured_run import call
from zoo_models import MODELS, ZooModel, place

from lucid_sprites import layout
from lucid_sprites.planning import catalogues
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.layer_catalogue import Catalogue, Layer
from workflow_project import Project

_UNITS = 8
_SETTINGS = {"scale": 96, "thresholds": [64], "transforms": "standard"}
# Where the shallow, the middle and the deep layer lie, of all that qualify.
_PLACES = (0.15, 0.5, 0.85)


@dataclass(frozen=True)
class Row:
    """How one network fared.

    Attributes:
        name: of the network.
        layers: that it offers; `activations` of them are outputs of nonlinearities.
        seconds, megabytes: from the command to its catalogue, and the largest process.
        rendered: names of the layers whose units were rendered.
        sprites: their number by status.
        notes: what was done to the graph.
    """

    name: str
    layers: int
    activations: int
    seconds: float
    megabytes: float
    rendered: list[str]
    sprites: dict[str, int]
    notes: list[str]

    @property
    def living(self) -> int:
        """Sprites of units that are not constant."""
        return sum(self.sprites.values()) - self.sprites.get(statuses.CONSTANT, 0)


def main() -> None:
    """Do the networks that fit the patterns, and write the table of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["*"], help="patterns of names")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    chosen = [m for m in MODELS if any(fnmatchcase(m.name, p) for p in arguments.models)]
    kept = arguments.out / "zoo.json"
    rows = (
        {row["name"]: Row(**row) for row in json.loads(kept.read_text())} if kept.exists() else {}
    )
    for model in chosen:
        if not model.is_there:
            print(f"{model.name}: {model.file} is not there", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
            (rows[model.name],) = measure(Project(Path(folder)), [model])
        print(_line(rows[model.name]), flush=True)
        ordered = [rows[m.name] for m in MODELS if m.name in rows]
        kept.write_text(json.dumps([asdict(row) for row in ordered], indent=1) + "\n")
        (arguments.out / "zoo.md").write_text(markdown(ordered))


def measure(project: Project, models: Sequence[ZooModel]) -> list[Row]:
    """Import networks and render some units of each.

    Raises:
        SystemExit: Snakemake failed; with the end of what it said.
    """
    series = {model.name: place(model, project.folder / "graphs") for model in models}
    project.configure({"defaults": _SETTINGS, "series": series})
    reports = [f"results/{layout.PREFLIGHT.format(series=model.name)}" for model in models]
    cost = call(project, "--jobs", "1", *reports)
    rows = []
    for model in models:
        catalogue = catalogues.read(str(_results(project, model) / "layers.json"))
        chosen = choose(catalogue.layers)
        series[model.name]["layers"] = [
            {"layer": layer.name, "indexes": [f"0-{min(_UNITS, layer.depth) - 1}"]}
            for layer in chosen
        ]
        activations = sum(layer.kind == "activation" for layer in catalogue.layers)
        rows.append(Row(model.name, len(catalogue.layers), activations, cost.seconds,
                        cost.megabytes, [layer.name for layer in chosen], {},
                        special(catalogue)))  # fmt: skip
    project.configure({"defaults": _SETTINGS, "series": series})
    call(project, "--jobs", "2")
    for row, model in zip(rows, models, strict=True):
        row.sprites.update(_counted(_results(project, model)))
    return rows


def choose(layers: Sequence[Layer]) -> list[Layer]:
    """A shallow, a middle and a deep one of the activations; of all layers if those are fewer."""
    wanted = [layer for layer in layers if layer.kind == "activation"]
    if len(wanted) < len(_PLACES):
        wanted = list(layers)
    return [wanted[number] for number in sorted({int(len(wanted) * place) for place in _PLACES})]


def special(catalogue: Catalogue) -> list[str]:
    """What a reader wants to know of a network: its picture, and what was done to the graph."""
    picture = catalogue.picture
    size = f"{picture.height} x {picture.width}" if picture.height else "any size"
    bands = "" if picture.channels == 3 else f", {picture.channels} channels"
    limits = f"{picture.low:.4g} to {picture.high:.4g} ({picture.known['range']})"
    return [f"{size}{bands}", limits, *catalogue.notes]


def _results(project: Project, model: ZooModel) -> Path:
    return project.folder / "results" / model.name / "model"


def _counted(results: Path) -> Counter[str]:
    """The cells of an instance's sheets, by their status."""
    sheets = [json.loads(path.read_text()) for path in (results / "spritemaps").glob("*.json")]
    return Counter(cell["status"] for sheet in sheets for cell in sheet["cells"])


def markdown(rows: Sequence[Row]) -> str:
    """The whole document."""
    living, ok = (
        sum(row.living for row in rows),
        sum(row.sprites.get(statuses.OK, 0) for row in rows),
    )
    return "\n".join([
        "# Networks that were tried", "",
        "Made by `make zoo`: each network is imported, and 8 units of a shallow, a middle and a",
        f"deep layer are rendered ({_SETTINGS['thresholds'][0]} steps, {_SETTINGS['scale']} pixels"
        " or the network's own size).",
        "Those of `keras.applications` and the transformers have random weights; `onnx_*` are",
        "exports of PyTorch, `data_*` trained networks as people published them. Seconds and",
        "memory are from the command to the report on the model, with the start of Snakemake and",
        "TensorFlow (about 8 s). What is constant gives the same for every picture.", "",
        f"{len(rows)} networks: {ok} of {living} units that are not constant are fine.", "",
        "| network | layers | activations | seconds | MB | fine | constant | else | of note |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
        *map(_line, rows),
    ]) + "\n"  # fmt: skip


def _line(row: Row) -> str:
    others = {status: n for status, n in row.sprites.items()
              if status not in (statuses.OK, statuses.CONSTANT)}  # fmt: skip
    cells: list[Any] = [
        row.name, row.layers, row.activations, f"{row.seconds:.0f}", f"{row.megabytes:.0f}",
        row.sprites.get(statuses.OK, 0), row.sprites.get(statuses.CONSTANT, 0),
        ", ".join(f"{n} {status}" for status, n in others.items()), "; ".join(row.notes),
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
