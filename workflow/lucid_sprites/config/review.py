"""The review file of a series: which units are to be rendered anew, and how.

The viewer writes it, people put it into place or write it by hand. Its entries are settings of
single indexes, above those of `config.yaml`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lucid_sprites.config import schema, yaml_file
from lucid_sprites.errors import UserError

_ABOUT = ("instance", "layer", "index", "reason")


def read(path: str, series: str) -> list[Mapping[str, Any]]:
    """The entries of a review file; none if there is no such file.

    Raises:
        UserError: it is not YAML, does not fit its schema, or is of another series.
    """
    if not Path(path).exists():
        return []
    content = yaml_file.read(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold `series` and `redo`; delete it to review nothing")
    content = schema.check(content, path, "review")
    if str(content["series"]) != series:
        raise UserError(f"{path}: is a review of series {content['series']!r}, not of {series!r}")
    entries: list[Mapping[str, Any]] = content["redo"]
    for number, entry in enumerate(entries):
        if not set(entry) - set(_ABOUT):
            raise UserError(
                f"{path}: redo.{number}: says nothing that would change the picture; give it "
                "another `seed`, or any other setting"
            )
    return entries


def check_instances(entries: Sequence[Mapping[str, Any]], present: list[str], path: str) -> None:
    """Make sure that every instance named in a review exists.

    Raises:
        UserError: names the entry and the choices.
    """
    for number, entry in enumerate(entries):
        if "instance" in entry and str(entry["instance"]) not in present:
            raise UserError(
                f"{path}: redo.{number}: no instance {str(entry['instance'])!r}; there are "
                f"{', '.join(present)}"
            )


def as_layers(entries: Sequence[Mapping[str, Any]], instance: str) -> list[Mapping[str, Any]]:
    """The entries that hold for an instance, as items of a `layers` list of the config."""
    return [
        {
            "layer": entry["layer"],
            "index": {str(entry["index"]): {k: v for k, v in entry.items() if k not in _ABOUT}},
        }
        for entry in entries
        if str(entry.get("instance", instance)) == instance
    ]
