"""The log of attempts that a block holds, and its columns in `losses.csv`."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import delete
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import OK

if TYPE_CHECKING:
    from lucid_sprites.recipe.settings import Recipe
    from lucid_sprites.sprites.block import BlockSpec, Sprite
    from lucid_sprites.sprites.store import Entry

AttemptRow: TypeAlias = dict[str, Any]
"""An attempt at a sprite, for a threshold that it reached or at which it failed: a value for each
stored column, as JSON holds it."""


LABEL = "label"
"""Column of the name of the class that a unit stands for. Blocks do not know it: whoever makes a
table of their rows may give it to each."""

CEILING = "ceiling"
"""Column of the highest value that a unit can have, which blocks do not know either."""


@dataclass(frozen=True)
class Attempt:
    """What a row is made from.

    Attributes:
        number: of the attempt, from 0.
        entry: what came of it.
        threshold: that it reached, or at which it failed.
    """

    spec: "BlockSpec"
    sprite: "Sprite"
    number: int
    entry: "Entry"
    threshold: int

    @property
    def recipe(self) -> "Recipe":
        """How the sprite was tried."""
        return self.sprite.recipes[self.number]

    @property
    def reached(self) -> bool:
        """Whether there is a picture."""
        return self.threshold in self.entry.pngs

    @property
    def status(self) -> str:
        """For this threshold."""
        return self.entry.status_at(self.threshold) if self.reached else self.entry.status

    @property
    def step(self) -> int:
        """The last step that was made for this threshold."""
        return self.threshold if self.reached else self.entry.step


def _as_it_is(value: Any) -> Any:
    return value


def _as_text(transforms: str | list[Any]) -> str:
    return transforms if isinstance(transforms, str) else json.dumps(transforms)


@dataclass(frozen=True)
class Stored:
    """A column that blocks hold.

    Attributes:
        types: of its values in a block.
        value: of an attempt.
        shown: what `losses.csv` says for a value.
        listed: stands in `losses.csv`.
        since: first format of the log that has it.
        varies: has a value of its own for each threshold of an attempt.
    """

    name: str
    types: tuple[type, ...]
    value: Callable[[Attempt], Any]
    shown: Callable[[Any], Any] = _as_it_is
    listed: bool = True
    since: int = 1
    varies: bool = False

    def cell(self, row: AttemptRow) -> Any:
        """What `losses.csv` says for a row of a block."""
        return self.shown(row[self.name])


@dataclass(frozen=True)
class Derived:
    """A column of `losses.csv` that follows from what blocks hold, or from what they do not know.

    Attributes:
        cell: what it says for a row of a block.
    """

    name: str
    cell: Callable[[AttemptRow], Any]
    listed: bool = True


def _rise(row: AttemptRow) -> float | None:
    """By how much the loss rose with each step of the last half; None of too few steps to say."""
    step = row["step"]
    curve = {int(number): loss for number, loss in row["curve"].items()}
    before = max((earlier for earlier in curve if earlier <= step / 2), default=step)
    return (row["loss"] - curve[before]) / (step - before) if before < step else None


_NUMBER = (int, float)

# In the order of `losses.csv`: first the original kit's columns, in its order.
COLUMNS: tuple[Stored | Derived, ...] = (
    # When the run of the job began, and when this was reached: in ms since 1970.
    Stored("batch_id", (int,), lambda it: it.entry.batches[it.step], varies=True),
    Stored("timestamp", (int,), lambda it: it.entry.timestamps[it.step], varies=True),
    Stored("scale", (int, list), lambda it: it.recipe.scale, lambda scale: str(Size.of(scale))),
    Stored("adam", _NUMBER, lambda it: it.recipe.learning_rate, float),
    Stored("transforms", (str, list), lambda it: it.recipe.transforms, _as_text),
    Stored("layer", (int,), lambda it: it.spec.number),
    Stored("index", (int,), lambda it: it.sprite.index),
    Stored("threshold", (int,), lambda it: it.threshold, varies=True),
    Stored(
        "loss",
        _NUMBER,
        lambda it: it.entry.losses[it.threshold] if it.reached else it.entry.loss,
        varies=True,
    ),
    Stored("status", (str,), lambda it: it.status, varies=True),
    Stored("seed", (int,), lambda it: it.recipe.seed),
    Stored("attempt", (int,), lambda it: it.number),
    Stored("step", (int,), lambda it: it.step, varies=True),
    Stored("layer_name", (str,), lambda it: it.spec.layer),
    Stored("parametrization", (str,), lambda it: it.recipe.parametrization),
    Stored("variant", (str,), lambda it: it.spec.variant),
    # The objective by step, up to the threshold; JSON makes texts of the steps.
    Stored(
        "curve",
        (dict,),
        lambda it: {step: loss for step, loss in it.entry.curve.items() if step <= it.step},
        listed=False,
        since=2,
        varies=True,
    ),
    Derived("rise", _rise),
    Derived(CEILING, lambda row: row.get(CEILING)),
    Derived(LABEL, lambda row: row.get(LABEL)),
)

_STORED = [column for column in COLUMNS if isinstance(column, Stored)]

LISTED = [column for column in COLUMNS if column.listed]
"""The columns of `losses.csv`."""

FORMAT = max(column.since for column in _STORED)
"""Of the logs that this version writes. A log tells its format by its columns."""


def rows(spec: "BlockSpec", sprites: list["Sprite"]) -> list[AttemptRow]:
    """The log of a block: a row for each attempt and each threshold it reached or failed."""
    # What an attempt has for all thresholds comes first: so blocks have the bytes they always had.
    columns = sorted(_STORED, key=lambda column: column.varies)
    return [
        {column.name: column.value(attempt) for column in columns}
        for sprite in sprites
        for attempt in _attempts(spec, sprite)
    ]


def _attempts(spec: "BlockSpec", sprite: "Sprite") -> Iterator[Attempt]:
    for number, entry in sorted(sprite.attempts.items()):
        reached = [t for t in sprite.thresholds if t in entry.pngs]
        missed = [t for t in sprite.thresholds if t >= entry.step and t not in entry.pngs]
        failed = [] if entry.status == OK else missed[:1]
        for threshold in [*reached, *failed]:
            yield Attempt(spec, sprite, number, entry, threshold)


def read(block: str) -> list[AttemptRow]:
    """The rows of a block.

    Raises:
        UserError: the block cannot be read, or its log is of another format; one that is damaged
            or of another format is deleted, so that it is made again.
    """
    try:
        with zipfile.ZipFile(block) as archive:
            read_rows: list[AttemptRow] = json.loads(archive.read(layout.ATTEMPTS))
        formats = {_format(row) for row in read_rows}
        if formats == {FORMAT}:
            _check_cells(read_rows)
    except (FileNotFoundError, PermissionError) as error:
        raise UserError(f"{block}: cannot be read: {error.strerror}") from error
    except Exception as error:  # a torn or foreign file can raise nearly anything
        raise _refused(block, f"is damaged ({error})") from error
    for other in formats - {FORMAT}:
        raise _refused(block, f"has a log of format {other}, this version writes {FORMAT}")
    return read_rows


def _format(row: AttemptRow) -> str | int:
    """The format of a log that has this row.

    Raises:
        ValueError, and nearly anything else: no version has written it.
    """
    if not row.keys() >= {column.name for column in _STORED if column.since == 1}:
        raise ValueError("a row lacks columns")
    for column in _STORED:
        if column.name in row and not isinstance(row[column.name], column.types):
            raise ValueError(f"{row[column.name]!r} is no {column.name}")
    for step, loss in row.get("curve", {}).items():
        if not (step.isdecimal() and isinstance(loss, _NUMBER)):
            raise ValueError(f"{step}: {loss!r} is no step with its loss")
    if row.keys() - {column.name for column in _STORED}:
        return f"{FORMAT + 1} or later"
    missing = [column.since for column in _STORED if column.name not in row]
    return min(missing, default=FORMAT + 1) - 1


def _check_cells(read_rows: list[AttemptRow]) -> None:
    """See that all that is listed can be shown: a size of no pixels has a type, and no text.

    Raises:
        ValueError, and nearly anything else: it cannot.
    """
    for row in read_rows:
        for column in LISTED:
            column.cell(row)


def _refused(block: str, reason: str) -> UserError:
    delete(block)
    return UserError(f"{block}: {reason}; it was deleted, run again")
