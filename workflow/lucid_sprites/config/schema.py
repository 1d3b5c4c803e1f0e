"""The check of config.yaml against its JSON schema, with messages for people."""

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from lucid_sprites.errors import UserError, nearest

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
_MOST_VALUES = 1_000_000
# The schema's words, and people's.
_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
_LIMITS = {"minimum": "from", "multipleOf": "in steps of"}
# YAML itself asks for a point in front of an exponent.
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d{1,2})?")


def check(config: dict[str, Any], source: str, part: str | None = None) -> dict[str, Any]:
    """The config with all keys as text, once it fits the schema.

    Args:
        config: what the YAML file holds.
        source: the file's name, for the message.
        part: of the schema's definitions, to check something else than a whole config.

    Raises:
        UserError: names the file, the place, the value and the choices.
    """
    config = _normalized(config, source, [_MOST_VALUES])
    error = best_match(_validator(part).iter_errors(config))
    if error is not None:
        raise UserError(_message(error, source))
    return config


def definition(part: str) -> dict[str, Any]:
    """A part of the schema's definitions, as plain data."""
    defined: dict[str, Any] = _schema()["$defs"][part]
    return defined


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = yaml.safe_load(SCHEMA.read_text())
    return schema


@cache
def _validator(part: str | None) -> Draft202012Validator:
    return Draft202012Validator(definition(part) if part else _schema())


def _normalized(value: Any, source: str, left: list[int]) -> Any:
    """The same config with text for keys and whole numbers as integers.

    Args:
        left: how many values there may still be; aliases of aliases can stand for billions.
    """
    left[0] -= 1
    if left[0] < 0:
        raise UserError(f"{source}: holds more than {_MOST_VALUES} values")
    if isinstance(value, dict):
        return {str(key): _normalized(item, source, left) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalized(item, source, left) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UserError(f"{source}: {value} is not a number that a setting can have")
        return _whole(value)
    if not isinstance(value, str | int | None):
        raise UserError(f"{source}: {value!r} is no text, number or list; put it in quotes")
    return value


def _whole(value: float) -> float:
    """The same number, as an integer if it is one."""
    return int(value) if value.is_integer() else value


def _message(error: ValidationError, source: str) -> str:
    place = ".".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        choices = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in choices)
        return (
            f"{source}: unknown key {unknown!r} at {place}; did you mean "
            f"{nearest(unknown, choices, 1)}? There are {', '.join(sorted(choices))}"
        )
    says = error.message
    if error.validator == "pattern":
        says = f"{error.instance!r} is not {error.schema['description']}"
    if error.validator == "anyOf":
        forms = " or ".join(_form(choice) for choice in error.validator_value)
        says = f"{error.instance!r} is not {forms}"
    if error.validator == "type":
        says = f"{error.instance!r} is not {_form(error.schema)}{_meant(error)}"
    return f"{source}: {place}: {says}"


def _meant(error: ValidationError) -> str:
    """How to write what was meant: a list of one, or a number that YAML takes for text."""
    kind, value = error.validator_value, error.instance
    if kind == "array" and isinstance(value, str | int | float):
        return f"; write [{value}]"
    if kind in ("number", "integer") and isinstance(value, str) and _NUMBER.fullmatch(value):
        return f"; write {yaml.safe_dump(_whole(float(value))).split()[0]}"
    return ""


def _form(schema: dict[str, Any]) -> str:
    """What a part of the schema accepts, for a message."""
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "required" in schema:
        return f"a mapping with {', '.join(map(repr, schema['required']))}"
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    limits = [f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema]
    return " ".join([" or ".join(_KINDS[kind] for kind in kinds), *limits])
