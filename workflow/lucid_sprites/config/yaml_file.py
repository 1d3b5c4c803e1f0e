"""YAML files that people write: read, or refused with a message that names the file."""

from pathlib import Path
from typing import Any

import yaml

from lucid_sprites.errors import UserError
from lucid_sprites.files import TEXT, check_input

# Far more than any config has; a few lines of aliases of aliases stand for billions.
_MOST_VALUES = 1_000_000
_DEEPEST = 100


def read(path: str) -> Any:
    """What a YAML file holds.

    Raises:
        UserError: it cannot be read, is no ordinary file or not YAML, has a key twice in one
            place, or is nested or repeated without end.
    """
    try:
        check_input(path, TEXT)
        loader = yaml.SafeLoader(Path(path).read_text())
        try:
            node = loader.get_single_node()
            _count(node, path, {}, 1)
            _check_keys(node, path, set())
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


def read_config(path: str) -> dict[str, Any]:
    """What a config file holds.

    Raises:
        UserError: it cannot be read, as by `read`, or has no keys.
    """
    config = read(path)
    if not isinstance(config, dict):
        raise UserError(f"{path}: must hold keys, among them `series`; README.md explains all")
    return config


def _check_keys(node: yaml.Node | None, path: str, seen: set[int]) -> None:
    """Raise UserError for a key that stands twice: YAML forgets the first without a word."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        _check_mapping(node, path)
    for inner in _inside(node):
        _check_keys(inner, path, seen)


def _check_mapping(node: yaml.MappingNode, path: str) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.tag == "tag:yaml.org,2002:merge" or not isinstance(key, yaml.ScalarNode):
            continue  # of several `<<`, all count
        if key.value in lines:
            raise UserError(
                f"{path}: line {line}: {key.value!r} stands in line {lines[key.value]} already; "
                "join the two, or give one another name"
            )
        lines[key.value] = line


def _inside(node: yaml.CollectionNode) -> list[yaml.Node]:
    """The values, and the keys, of a list or mapping."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


def _count(node: yaml.Node | None, path: str, known: dict[int, int], depth: int) -> int:
    """Values below a node, aliases spelled out; a node that is above itself goes ever deeper."""
    if depth > _DEEPEST:
        raise UserError(f"{path}: values are nested deeper than {_DEEPEST}")
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 1 + sum(_count(inner, path, known, depth + 1) for inner in _inside(node))
        if known[id(node)] > _MOST_VALUES:
            raise UserError(
                f"{path}: holds more than {_MOST_VALUES} values once its aliases are spelled out"
            )
    return known[id(node)]
