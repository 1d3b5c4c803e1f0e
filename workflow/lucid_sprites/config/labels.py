"""Names of classes as people and programs write them down: read, or refused with the place."""

import json
import unicodedata
from pathlib import Path
from typing import Any

from lucid_sprites.errors import UserError
from lucid_sprites.files import TEXT, check_input

# ImageNet's longest, with all synonyms, has 131.
_LONGEST = 200
_SHOWN = 40
# Emoji and several scripts need these two; other characters without a shape only mislead.
_JOINERS = "\u200c\u200d"
_WITHOUT_SHAPE = ("C", "Zl", "Zp")


def read(path: str, where: str) -> tuple[str, ...]:
    """The names in a file: one on each line, or JSON if it ends in `.json` (see `names_of`).

    Args:
        where: the place in the config, for messages.

    Raises:
        UserError: it cannot be read, is no ordinary file, or holds something else than names.
    """
    check_input(path, TEXT, where)
    source = f"{where}: {path}"
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{source}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{source}: byte {error.start} is not UTF-8; save it as a text in UTF-8"
        ) from error
    return names_of(_json(text, source) if path.endswith(".json") else _lines(text), source)


def names_of(said: Any, source: str) -> tuple[str, ...]:
    """The names of a list, or of a mapping from the numbers of classes.

    In the place of a name may be a list that ends with it, as in `imagenet_class_index.json` of
    Keras: `{"0": ["n01440764", "tench"], ...}`.

    Args:
        source: where they stand, for messages.

    Raises:
        UserError: there are none, a class has none, or one is no readable text.
    """
    items = _by_number(said, source) if isinstance(said, dict) else said
    if not isinstance(items, list) or not items:
        raise UserError(
            f"{source}: holds no names of classes; write one on each line, or as JSON a list of "
            "them or a mapping from their numbers"
        )
    return tuple(_name(item, number, source) for number, item in enumerate(items))


def _lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.rstrip().split("\n")] if text.strip() else []


def _json(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source}: is not JSON: {error}") from error


def _by_number(said: dict[Any, Any], source: str) -> list[Any]:
    by_number = {str(key): value for key, value in said.items()}
    missing = next((n for n in range(len(by_number)) if str(n) not in by_number), None)
    if missing is not None:
        raise UserError(
            f"{source}: has {len(by_number)} classes and none of number {missing}; number them "
            f"from 0 to {len(by_number) - 1}"
        )
    return [by_number[str(number)] for number in range(len(by_number))]


def _name(item: Any, number: int, source: str) -> str:
    """A name with single spaces, as objectives are read, too."""
    name = item[-1] if isinstance(item, list) and item else item
    which = f"{source}: class {number} (line {number + 1} of a text)"
    if not isinstance(name, str) or not name.strip():
        raise UserError(f"{which} has no name, but {str(item)[:_SHOWN]!r}; write one")
    unseen = next((c for c in name.strip() if _has_no_shape(c)), None)
    if unseen is not None:
        raise UserError(
            f"{which}: {name[:_SHOWN]!r} has the character {unseen!r}, which has no shape; take it "
            "out"
        )
    if len(name) > _LONGEST:
        raise UserError(
            f"{which}: {name[:_SHOWN]!r} and more has {len(name)} characters; a name has at most "
            f"{_LONGEST}"
        )
    return " ".join(name.split())


def _has_no_shape(character: str) -> bool:
    category = unicodedata.category(character)
    return character not in _JOINERS and category.startswith(_WITHOUT_SHAPE)
