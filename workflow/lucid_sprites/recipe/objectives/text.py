"""Objectives as one line of text: parsed by a grammar, never evaluated.

`channel("mixed4a", 17) - 0.5 * channel("mixed4c", 3)`
"""

import json
import math
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from lucid_sprites.errors import UserError
from lucid_sprites.recipe.objectives.arithmetic import Objective, ObjectiveData, lift
from lucid_sprites.recipe.objectives.vocabulary import ALONE, OBJECTIVES, objective

if TYPE_CHECKING:
    from lark import Lark, Tree

_GRAMMAR = r"""
?start: sum
?sum: product | sum "+" product -> add | sum "-" product -> subtract
?product: signed | product "*" signed -> multiply | product "/" signed -> divide
?signed: "-" signed -> negate | "+" signed | atom
?atom: NUMBER -> number | call | "(" sum ")"
call: NAME "(" [argument ("," argument)*] ")"
argument: [NAME "="] value
?value: SIGNED_NUMBER -> plain | STRING -> string | "None" -> none | list | special
list: "[" [value ("," value)*] "]"
special: NAME "(" value ("," value)* ")"
NAME: /(?!None\b)[A-Za-z_][A-Za-z_0-9]*/
STRING: /"[^"\\]*"|'[^'\\]*'/
SIGNED_NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
NUMBER: /(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
%ignore /[ \t\n]+/
"""

# No objective that means something comes near; what works on its data goes down level by level.
_DEEPEST = 100
# Characters of a long line that a message shows on each side of the place.
_SHOWN = 100

# Names of the grammar's terminals for people.
_TERMINALS = {
    "NAME": "a name", "STRING": "a text in quotes", "SIGNED_NUMBER": "a number",
    "NUMBER": "a number", "LPAR": '"("', "RPAR": '")"', "LSQB": '"["', "RSQB": '"]"',
    "COMMA": '","', "PLUS": '"+"', "MINUS": '"-"', "STAR": '"*"', "SLASH": '"/"',
    "EQUAL": '"="', "NONE": "None", "$END": "the end",
}  # fmt: skip


def parse(line: str, where: str = "objective") -> Objective:
    """The objective that `line` writes out.

    Args:
        where: the place in the config, for messages.

    Raises:
        UserError: outside the grammar or the vocabulary, nested without end, or with numbers
            beyond all bounds; shows the place with a caret.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    line = " ".join(line.split())
    try:
        tree = _parser().parse(line)
    except UnexpectedCharacters as error:
        _expected(line, error.column, error.allowed, where)
    except UnexpectedToken as error:
        at = len(line) + 1 if error.token.type == "$END" else error.column
        _expected(line, at, error.expected, where)
    _check_depth(tree, line, where)
    try:
        return _Reader(line, where).objective(tree)
    except OverflowError as error:
        _refuse(line, 1, str(error), where)


def _check_depth(tree: "Tree[Any]", line: str, where: str) -> None:
    from lark import Tree

    pending = [(tree, 1)]
    while pending:
        branch, depth = pending.pop()
        if depth > _DEEPEST:
            _refuse(line, 1, f"brackets and signs are nested deeper than {_DEEPEST}", where)
        pending += [(child, depth + 1) for child in branch.children if isinstance(child, Tree)]


@cache
def _parser() -> "Lark":
    # Imported here: a config without objectives starts without it.
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True)


def _expected(line: str, column: int, allowed: Iterable[str] | None, where: str) -> NoReturn:
    """Say what could stand at a place of the line."""
    expected = sorted({_TERMINALS.get(name, name) for name in allowed or ()})
    _refuse(line, column, f"expected {' or '.join(expected)}", where)


def _refuse(line: str, column: int, reason: str, where: str) -> NoReturn:
    start = max(0, column - 1 - _SHOWN)
    shown = line[start : column - 1 + _SHOWN]
    raise UserError(f"{where}: {reason}\n  {shown}\n  {' ' * (column - 1 - start)}^")


class _Reader:
    """From the syntax tree to data."""

    def __init__(self, line: str, where: str) -> None:
        self._line, self._where = line, where

    def objective(self, tree: "Tree[Any]") -> Objective:
        match tree.data:
            case "number":
                return lift(_number(str(tree.children[0])))
            case "add":
                return self.objective(tree.children[0]) + self.objective(tree.children[1])
            case "subtract":
                return self.objective(tree.children[0]) - self.objective(tree.children[1])
            case "multiply":
                return self.objective(tree.children[0]) * self.objective(tree.children[1])
            case "divide":
                return self.objective(tree.children[0]) / self._divisor(tree.children[1])
            case "negate":
                return -self.objective(tree.children[0])
            case _:
                return self._call(tree)

    def _divisor(self, tree: "Tree[Any]") -> float:
        data = self.objective(tree).data
        if data["objective"] != "number" or not data["value"]:
            self._fail(tree, "an objective can only be divided by a number that is not 0")
        value: float = data["value"]
        return value

    def _call(self, tree: "Tree[Any]") -> Objective:
        name, *arguments = tree.children
        values, named = [], {}
        for argument in arguments:
            if argument is None:
                continue
            key, value = argument.children
            if key is not None and str(key) in named:
                self._fail(argument, f"{key} is given twice")
            if key is not None:
                named[str(key)] = self._value(value)
            elif named:
                self._fail(argument, "a value without a name after one with a name")
            else:
                values.append(self._value(value))
        try:
            return objective(str(name), *values, **named)
        except UserError as error:
            _refuse(self._line, tree.meta.column, str(error), self._where)

    def _value(self, tree: "Tree[Any]") -> Any:
        match tree.data:
            case "plain":
                return _number(str(tree.children[0]))
            case "string":
                return str(tree.children[0])[1:-1]
            case "none":
                return None
            case "list":
                return [self._value(child) for child in tree.children if child is not None]
            case _:
                return self._special(tree)

    def _special(self, tree: "Tree[Any]") -> dict[str, Any]:
        name, first, *others = tree.children
        value, rest = self._value(first), [self._value(child) for child in others]
        whole = all(isinstance(item, int) and item >= 0 for item in rest)
        if name == "random" and isinstance(value, int) and value >= 0 and whole:
            return {"random": [value, *rest]}
        if name == "photo" and isinstance(value, str) and whole:
            return {"photo": value, "cell": rest} if rest else {"photo": value}
        self._fail(tree, "a value is a number, a text, a list, random(seed) or photo(file)")

    def _fail(self, tree: "Tree[Any]", reason: str) -> NoReturn:
        _refuse(self._line, tree.meta.column, reason, self._where)


def _number(token: str) -> int | float:
    value = float(token)
    if not math.isfinite(value):
        raise OverflowError(f"{token[:20]} is too large for a number")
    return int(token) if str(token).lstrip("+-").isdecimal() else value


def text(data: ObjectiveData) -> str:
    """One line for an objective's data; parsed, it gives the same data."""
    match data["objective"]:
        case "number":
            return json.dumps(data["value"])
        case "sum":
            first, *others = map(text, data["of"])
            signed = (f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in others)
            return first + "".join(signed)
        case "product":
            parts = [f"({text(p)})" if p["objective"] == "sum" else text(p) for p in data["of"]]
            joined = " * ".join(parts)
            return joined.replace("-1 * ", "-", 1) if joined.startswith("-1 * ") else joined
        case name:
            return f"{name}({', '.join(_shown(data, name))})"


def _shown(data: ObjectiveData, name: str) -> list[str]:
    """The arguments of a call, without defaults."""
    shown, named = [], False
    for parameter in OBJECTIVES[name]:
        value = data[parameter.name]
        if not parameter.required and value == parameter.default:
            named = True
        else:
            shown.append(f"{parameter.name}={_literal(value)}" if named else _literal(value))
    return [_literal(data[ALONE[name]])] if name in ALONE and len(shown) == 1 else shown


def _literal(value: Any) -> str:
    if isinstance(value, dict) and "random" in value:
        return f"random({', '.join(map(str, value['random']))})"
    if isinstance(value, dict):
        photo = value["photo"]["file"] if isinstance(value["photo"], dict) else value["photo"]
        parts = [_literal(photo), *map(str, value.get("cell", ()))]
        return f"photo({', '.join(parts)})"
    if isinstance(value, str) and '"' in value:
        return f"'{value}'"
    return f'"{value}"' if isinstance(value, str) else json.dumps(value)
