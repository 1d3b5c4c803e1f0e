"""YAML files that people write: read, or refused with a message that names the file."""

from pathlib import Path
from typing import Any

import yaml

from lucid_sprites.errors import UserError

# Far more than any config has; a few lines of aliases of aliases stand for billions.
_MOST_VALUES = 1_000_000
_DEEPEST = 100


def read(path: str) -> Any:
    """What a YAML file holds.

    Raises:
        UserError: it cannot be read, is not YAML, or is nested or repeated without end.
    """
    try:
        loader = yaml.SafeLoader(Path(path).read_text())
        try:
            node = loader.get_single_node()
            _count(node, path, {}, 1)
            return loader.construct_document(node) if node else None
        finally:
            loader.dispose()
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise UserError(f"{path}: values are nested deeper than {_DEEPEST}") from error
    except Exception as error:  # tags and dates that mean nothing raise nearly anything
        raise UserError(f"{path}: not YAML: {error}") from error


def _count(node: yaml.Node | None, path: str, known: dict[int, int], depth: int) -> int:
    """Values below a node, aliases spelled out; a node that is above itself goes ever deeper."""
    if depth > _DEEPEST:
        raise UserError(f"{path}: values are nested deeper than {_DEEPEST}")
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        pairs = isinstance(node, yaml.MappingNode)
        inside = [each for pair in node.value for each in pair] if pairs else node.value
        known[id(node)] = 1 + sum(_count(each, path, known, depth + 1) for each in inside)
        if known[id(node)] > _MOST_VALUES:
            raise UserError(
                f"{path}: holds more than {_MOST_VALUES} values once its aliases are spelled out"
            )
    return known[id(node)]
