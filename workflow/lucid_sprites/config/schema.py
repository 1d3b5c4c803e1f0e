"""The check of config.yaml against its JSON schema, with messages for people."""

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from lucid_sprites.errors import UserError, nearest

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"


def check(config: dict[str, Any], source: str) -> dict[str, Any]:
    """The config with all keys as text, once it fits the schema.

    Args:
        config: what the YAML file holds.
        source: the file's name, for the message.

    Raises:
        UserError: names the file, the place, the value and the choices.
    """
    config = _with_text_keys(config)
    schema = yaml.safe_load(SCHEMA.read_text())
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise UserError(_message(error, source))
    return config


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
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
    return f"{source}: {place}: {error.message}"
