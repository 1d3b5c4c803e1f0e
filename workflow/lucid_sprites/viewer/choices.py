"""What the pages let people choose from, and the columns that they show.

The manifest hands all of it to the pages, which repeat none of it: a status, a setting or a column
that is new where it is declared is on the pages, too.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, NotRequired, TypedDict, get_args, get_type_hints

from lucid_sprites.config import schema
from lucid_sprites.recipe.transform_lists import PRESETS
from lucid_sprites.sprites import attempts_log
from lucid_sprites.sprites.sheet_index import Result

Kind = Literal["number", "integer", "text", "time"]
"""How a value is written: a number by a few digits, one by all, text, or ms since 1970."""

ZOOMS = [0.5, 1, 1.5, 2, 3, 4, 6]
FIGURE_ZOOMS = [1, 2, 3]
"""Of a figure that is saved: whole, so that the pixels of sprites stay square."""

REASONS = ["bad", "grey", "noisy", "unclear", "duplicate"]
"""For marking a unit, in the order of the keys from 1."""

_REDO = ("seed", "learning_rate", "transforms", "parametrization")
"""Settings that a mark can change; the review file takes more."""

_FIRST = ("attempt", "seed", "status", "step", "loss", "adam", "timestamp")
"""Columns of an attempt that stand before all others."""

_ELSEWHERE = ("batch_id", "scale", "layer", "layer_name", "index", "threshold")
"""Columns of the log that are the same for all attempts at a unit, or that only the log needs."""

_COUNTERS = ("epoch", "step")
"""Columns of a training's log that say when."""

_HELD_OUT = "validation_"
"""How those columns begin that were measured on pictures that the training has not seen."""

_TITLES = {"step": "Steps", "adam": "Learning rate", "timestamp": "Finished"}
"""Where the name of a column would not do."""


class Column(TypedDict):
    """A column of a table on a page."""

    name: str
    title: str
    kind: Kind


class Run(TypedDict):
    """A column of a training's log, and what it was measured on."""

    column: str
    title: str


class Quantity(TypedDict):
    """What was measured in a training."""

    quantity: str
    runs: list[Run]


class Columns(TypedDict):
    """The columns of a cell of a sheet, of an attempt, and of the log of a training."""

    cells: list[Column]
    attempts: list[Column]
    training: list[Quantity]


class Sort(TypedDict):
    """An order of units.

    Attributes:
        key: what the address calls it.
        by: what the units are ordered by: `index`, a column of the cells, `difference` (of the
            loss) or `picture` (its difference).
        order: which end comes first.
        shown: the number below each unit.
        compared: it needs something to compare with.
    """

    key: str
    title: str
    by: str
    order: Literal["low", "high"]
    shown: str
    compared: bool


class RedoField(TypedDict):
    """A setting that a mark can change, with its limits or its choices."""

    name: str
    kind: Literal["number", "integer", "choice"]
    low: NotRequired[float]
    high: NotRequired[float]
    choices: NotRequired[list[str]]


class Choices(TypedDict):
    """What there is to choose from (see the constants of the same names)."""

    zooms: list[float]
    figure_zooms: list[int]
    reasons: list[str]
    sorts: list[Sort]
    redo: list[RedoField]


def choices() -> Choices:
    """What the pages let people choose from."""
    return {
        "zooms": ZOOMS,
        "figure_zooms": FIGURE_ZOOMS,
        "reasons": REASONS,
        "sorts": _sorts(),
        "redo": _redo_fields(),
    }


def columns(training_log: Iterable[str] = ()) -> Columns:
    """The columns that pages show.

    Args:
        training_log: names of the columns of the log of a training.
    """
    return {
        "cells": cell_columns(),
        "attempts": attempt_columns(),
        "training": _quantities([name for name in training_log if name not in _COUNTERS]),
    }


def cell_columns() -> list[Column]:
    """What is known of each cell of a sheet."""
    return [_column(name, hint) for name, hint in get_type_hints(Result).items()]


def attempt_columns() -> list[Column]:
    """What is shown of an attempt: what blocks hold of it that differs between attempts."""
    hints = {
        column.name: reduce(or_, column.types)
        for column in attempts_log.LISTED
        if isinstance(column, attempts_log.Stored)
    }
    others = [name for name in hints if name not in (*_FIRST, *_ELSEWHERE)]
    return [_column(name, hints[name]) for name in (*_FIRST, *others)]


def _quantities(names: list[str]) -> list[Quantity]:
    """Quantities with what they were measured on."""
    quantities = dict.fromkeys(name.removeprefix(_HELD_OUT) for name in names)
    titles = {"": "training", _HELD_OUT: "held out"}
    return [
        {
            "quantity": quantity,
            "runs": [
                {"column": run + quantity, "title": title}
                for run, title in titles.items()
                if run + quantity in names
            ],
        }
        for quantity in quantities
    ]


def _column(name: str, hint: Any) -> Column:
    title = _TITLES.get(name, name.replace("_", " ").capitalize())
    return {"name": name, "title": title, "kind": _kind(name, hint)}


def _kind(name: str, hint: Any) -> Kind:
    if name == "timestamp":
        return "time"
    types = set(get_args(hint)) - {type(None)} if isinstance(hint, UnionType) else {hint}
    if types == {int}:
        return "integer"
    return "number" if types <= {int, float} else "text"


def _sorts() -> list[Sort]:
    """By index, by the columns of the cells, and by what differs from something compared with."""
    by_column = [sort for column in cell_columns() for sort in _sorts_of(column)]
    return [
        _sort("index", "index", "index"),
        *by_column,
        {**_sort("change", "change of loss", "difference", "high"), "shown": "change",
         "compared": True},
        {**_sort("picture", "change of picture", "picture", "high"), "compared": True},
    ]  # fmt: skip


def _sorts_of(column: Column) -> list[Sort]:
    name, title = column["name"], column["title"].lower()
    if column["kind"] == "number":
        return [
            _sort(name, f"{title}, high first", name, "high"),
            _sort(f"-{name}", f"{title}, low first", name),
        ]
    return [_sort(name, title, name)] if column["kind"] == "text" else []


def _sort(key: str, title: str, by: str, order: Literal["low", "high"] = "low") -> Sort:
    numbers = [column["name"] for column in cell_columns() if column["kind"] == "number"]
    shown = by if by in (*numbers, "picture") else "loss"
    return {"key": key, "title": title, "by": by, "order": order, "shown": shown, "compared": False}


def _redo_fields() -> list[RedoField]:
    entry = schema.definition("review")["properties"]["redo"]["items"]["properties"]
    return [_redo_field(name, entry[name]) for name in _REDO]


def _redo_field(name: str, allowed: dict[str, Any]) -> RedoField:
    if name == "transforms":
        return {"name": name, "kind": "choice", "choices": list(PRESETS)}
    if "enum" in allowed:
        return {"name": name, "kind": "choice", "choices": allowed["enum"]}
    low = allowed["minimum"] if "minimum" in allowed else allowed["exclusiveMinimum"]
    return {"name": name, "kind": allowed["type"], "low": low, "high": allowed["maximum"]}
