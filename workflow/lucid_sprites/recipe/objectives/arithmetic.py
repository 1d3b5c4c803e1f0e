"""Sums, differences, products and negatives of objectives."""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

ObjectiveData: TypeAlias = dict[str, Any]
"""`{"objective": name, <parameters>}`, or `{"objective": "number", "value": number}`, or
`{"objective": "sum" or "product", "of": [data, ...]}`; which parameters a name has, and what these
are, says the vocabulary."""

Operand = Union["Objective", int, float]


@dataclass(frozen=True)
class Objective:
    """An objective as plain data, combined by ordinary arithmetic.

    `0.8 * channel - diversity` is again an objective. Numbers are gathered in front of products,
    so that equal objectives have equal data whichever way they are written.

    Attributes:
        data: what it says.
    """

    data: ObjectiveData

    def __add__(self, other: Operand) -> "Objective":
        terms = [*_parts("sum", self), *_parts("sum", lift(other))]
        return _joined("sum", terms, sum(map(_value, filter(_is_number, terms))), 0)

    def __mul__(self, other: Operand) -> "Objective":
        factors = [*_parts("product", self), *_parts("product", lift(other))]
        number = 1.0
        for factor in filter(_is_number, factors):
            number *= _value(factor)
        return _joined("product", factors, number, 1)

    def __neg__(self) -> "Objective":
        return self * -1

    def __sub__(self, other: Operand) -> "Objective":
        return self + lift(other) * -1

    def __rsub__(self, other: Operand) -> "Objective":
        return lift(other) + self * -1

    def __truediv__(self, other: int | float) -> "Objective":
        return self * (1 / other)

    __radd__ = __add__
    __rmul__ = __mul__


def lift(value: Operand) -> Objective:
    """A number as an objective."""
    if isinstance(value, Objective):
        return value
    return Objective({"objective": "number", "value": value})


def _parts(kind: str, objective: Objective) -> list[ObjectiveData]:
    data = objective.data
    return data["of"] if data["objective"] == kind else [data]


def _is_number(data: ObjectiveData) -> bool:
    return bool(data["objective"] == "number")


def _value(data: ObjectiveData) -> float:
    value: float = data["value"]
    return value


def _joined(kind: str, parts: list[ObjectiveData], number: float, neutral: int) -> Objective:
    """`parts` without their numbers, which together are `number`.

    Raises:
        OverflowError: `number` is beyond all bounds.
    """
    # A whole number beyond those of `float` raises by itself.
    if not math.isfinite(number):
        raise OverflowError(f"the {kind} of its numbers is too large")
    others = [part for part in parts if not _is_number(part)]
    if number != neutral or not others:
        number = int(number) if float(number).is_integer() else number
        numeral = lift(number).data
        # 3 * A, but A + 3: as one writes them.
        others = [numeral, *others] if kind == "product" else [*others, numeral]
    return Objective(others[0] if len(others) == 1 else {"objective": kind, "of": others})


def without_paths(data: Any) -> Any:
    """The same data without the paths of photos, whose content is what counts."""
    if isinstance(data, dict):
        kept = {key: value for key, value in data.items() if key != "file"}
        return {key: without_paths(value) for key, value in kept.items()}
    return [without_paths(item) for item in data] if isinstance(data, list) else data
