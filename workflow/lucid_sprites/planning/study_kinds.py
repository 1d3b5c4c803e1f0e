"""The kinds of studies: what each spells out as cells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lucid_sprites.errors import UserError
from lucid_sprites.recipe.objectives import Objective, objective, parse
from lucid_sprites.recipe.objectives.arithmetic import Operand
from lucid_sprites.recipe.setting_types import Level

_COLUMNS = 8
_DIVERSITY_WEIGHT = 1.0


@dataclass(frozen=True)
class Cell:
    """One sprite of a study.

    Attributes:
        title: None for the text of the objective.
        settings: of its own.
        stream: key of its randomness; None for its place in the study.
    """

    objective: Objective
    title: str | None = None
    settings: Level = field(default_factory=dict)
    stream: int | None = None


@dataclass(frozen=True)
class Kind:
    """A study spelled out.

    Attributes:
        columns: of its sheet.
        is_joint: its sprites depend on each other, and are optimized together.
    """

    cells: list[Cell]
    columns: int = _COLUMNS
    is_joint: bool = False


def expand(study: Level, where: str) -> Kind:
    """The cells of a study.

    Raises:
        UserError: not exactly one kind, a text that is no objective, or numbers beyond all bounds.
    """
    kinds = [name for name in KINDS if name in study]
    if len(kinds) != 1:
        raise UserError(f"{where}: needs exactly one of {', '.join(KINDS)}")
    try:
        return KINDS[kinds[0]](study[kinds[0]], f"{where}, {kinds[0]}")
    except OverflowError as error:
        raise UserError(f"{where}, {kinds[0]}: {error}") from error


def mixed(first: Objective, second: Objective, share: float) -> Objective:
    """`second` to the part `share`, `first` to the rest.

    Both are there even where one counts for nothing, so that a whole strip is of one form.
    """
    weighted = [
        {"objective": "product", "of": [{"objective": "number", "value": weight}, part.data]}
        for weight, part in ((1.0 - share, first), (float(share), second))
    ]
    return Objective({"objective": "sum", "of": weighted})


def _objectives(value: list[Any], where: str) -> Kind:
    """Any objectives, each by itself."""
    cells = []
    for number, item in enumerate(value, 1):
        line = item if isinstance(item, dict) else {"objective": item}
        settings = {key: line[key] for key in line.keys() - {"objective", "name"}}
        parsed = parse(line["objective"], f"{where} {number}")
        cells.append(Cell(parsed, line.get("name"), settings))
    return Kind(cells, min(len(cells), _COLUMNS))


def _interpolate(value: Level, where: str) -> Kind:
    """A strip from one objective to another, all sprites of which begin alike."""
    first, last = (parse(value[key], f"{where}, {key}") for key in ("from", "to"))
    steps = value.get("steps", 6)
    penalty: Operand = 0
    if "align" in value:
        penalty = value.get("weight", 1.0) * objective("alignment", value["align"])
    cells = [
        Cell(
            _with(mixed(first, last, i / (steps - 1)), penalty), f"{i / (steps - 1):.0%}", stream=0
        )
        for i in range(steps)
    ]
    return Kind(cells, steps, is_joint="align" in value)


def _with(mix: Objective, more: Operand) -> Objective:
    """The sum, whose terms stay as they are."""
    if not isinstance(more, Objective):
        return mix
    return Objective({"objective": "sum", "of": [*mix.data["of"], more.data]})


def _pairs(value: Level, where: str) -> Kind:
    """Every objective of `first` (rows) with every one of `second` (columns) added to it."""
    first, second = [
        [parse(line, f"{where}, {key} {n}") for n, line in enumerate(value[key], 1)]
        for key in ("first", "second")
    ]
    weight = value.get("weight", 1)
    return Kind([Cell(a + weight * b) for a in first for b in second], len(second))


def _together(value: Level, where: str) -> Kind:
    """Several sprites of one objective that may compare them with each other."""
    parsed, count = parse(value["objective"], where), value["count"]
    return Kind([Cell(parsed, str(i)) for i in range(count)], min(count, _COLUMNS), is_joint=True)


def _diversity(value: Level, where: str) -> Kind:
    """Several sprites of one objective that differ from each other."""
    weight = value.get("weight", _DIVERSITY_WEIGHT)
    parsed = parse(value["objective"], where)
    apart = parsed - weight * objective("diversity", value["layer"])
    count = value.get("count", 4)
    return Kind([Cell(apart, str(i)) for i in range(count)], min(count, _COLUMNS), is_joint=True)


def _caricature(value: Level, where: str) -> Kind:
    """What each layer makes of a photo (lucid.recipes.caricature)."""
    photo, power = {"photo": value["photo"]}, value.get("cossim_pow", 0)
    return Kind(
        [
            Cell(objective("caricature", layer, photo, power), str(layer))
            for layer in value["layers"]
        ],
        min(len(value["layers"]), _COLUMNS),
    )


def _activation_grid(value: Level, where: str) -> Kind:
    """One sprite for each patch of a photo: what the layer sees there (Olah et al. 2018)."""
    rows, columns = value.get("rows", 4), value.get("columns", 4)
    power = value.get("cossim_pow", 1)
    cells = [
        Cell(
            objective(
                "direction_cossim",
                value["layer"],
                {"photo": value["photo"], "cell": [row, column, rows, columns]},
                power,
            ),
            f"row {row}, column {column}",
        )
        for row in range(rows)
        for column in range(columns)
    ]
    return Kind(cells, columns)


KINDS: dict[str, Callable[[Any, str], Kind]] = {
    "objectives": _objectives,
    "interpolate": _interpolate,
    "pairs": _pairs,
    "together": _together,
    "diversity": _diversity,
    "caricature": _caricature,
    "activation_grid": _activation_grid,
}
