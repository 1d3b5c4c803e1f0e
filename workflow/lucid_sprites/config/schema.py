"""The check of config.yaml against its JSON schema, with messages for people."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from lucid_sprites.errors import UserError, nearest

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
_MOST_VALUES = 1_000_000


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


@cache
def _validator(part: str | None) -> Draft202012Validator:
    schema = yaml.safe_load(SCHEMA.read_text())
    return Draft202012Validator(schema["$defs"][part] if part else schema)


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
        return int(value) if value.is_integer() else value
    if not isinstance(value, str | int | None):
        raise UserError(f"{source}: {value!r} is no text, number or list; put it in quotes")
    return value


def _message(error: ValidationError, source: str) -> str:
    place = ".".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        choices = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in choices)
        return (
            f"{source}: unknown key {unknown!r} at {place}; did you mean "
            f"{nearest(unknown, choices, 1)}? There are {', '.join(sorted(choices))}"
        )
    if error.validator == "pattern" or error.validator == "propertyNames":
        return f"{source}: {place}: {error.instance!r} is not a valid name, index or range a-b"
    if error.validator == "anyOf":
        forms = " or ".join(_form(choice) for choice in error.validator_value)
        return f"{source}: {place}: {error.instance!r} is not {forms}"
    return f"{source}: {place}: {error.message}"


def _form(schema: dict[str, Any]) -> str:
    """What a part of the schema accepts, for a message."""
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "required" in schema:
        return f"a mapping with {', '.join(map(repr, schema['required']))}"
    limits = [f"{key} {schema[key]}" for key in ("minimum", "multipleOf") if key in schema]
    kind = schema["type"] if isinstance(schema["type"], str) else " or ".join(schema["type"])
    return " ".join([kind, *limits])
