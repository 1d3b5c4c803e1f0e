"""From config.yaml and the graph files to the plan of everything that can be made."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from lucid_sprites import layout
from lucid_sprites.config import review, schema
from lucid_sprites.config.catalogues import catalogues
from lucid_sprites.config.plan import InstancePlan, Plan
from lucid_sprites.config.selection import select_layers
from lucid_sprites.config.settings import DEFAULTS, merge
from lucid_sprites.errors import UserError
from lucid_sprites.files import natural_key

GRAPH_SUFFIX = ".pb"


def check_yaml(path: str) -> None:
    """Make sure that the config file can be read, with a message that says where it cannot.

    Raises:
        UserError: missing, or not YAML.
    """
    try:
        yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not YAML: {error}") from error


def load(config: dict[str, Any], source: str) -> Plan:
    """The plan.

    Writes the layer catalogue of every graph that is new or has changed.

    Args:
        config: what the config file holds.
        source: the config file's name, for messages.

    Raises:
        UserError: whatever is wrong with the config, the graphs, or the results folder.
    """
    config = schema.check(config, source)
    results = Path(config.get("results", "results"))
    _check_writable(results)
    found = [
        (series, options or {}, instance, instance_options, path)
        for series, options in config["series"].items()
        for instance, instance_options, path in _instances(config, series, options or {}, source)
    ]
    described = catalogues(
        [
            (path, str(results / layout.CATALOGUE.format(series=series, instance=instance)),
             options.get("input", {}))
            for series, options, instance, _, path in found
        ]
    )  # fmt: skip
    defaults = merge(DEFAULTS, config.get("defaults", {}))
    reviews = {series: _review(config, series) for series in config["series"]}
    instances = {}
    for (series, options, instance, instance_options, path), catalogue in zip(
        found, described, strict=True
    ):
        layers = select_layers(
            catalogue,
            merge(merge(defaults, options), instance_options),
            [options.get("layers"), instance_options.get("layers")],
            f"{source}: series {series}, instance {instance}",
            review.as_layers(reviews[series], instance),
            f"{_review_file(config, series)}: instance {instance}",
        )
        instances[series, instance] = InstancePlan(series, instance, path, catalogue, layers)
    tables = {
        (series, name): path
        for series, options in config["series"].items()
        for name, path in (options or {}).get("tables", {}).items()
    }
    return Plan(results, instances, {name: _review_file(config, name) for name in reviews}, tables)


def _review_file(config: dict[str, Any], series: str) -> str:
    return str(Path(config.get("graphs", "graphs")) / layout.REVIEW.format(series=series))


def _review(config: dict[str, Any], series: str) -> list[dict[str, Any]]:
    path = _review_file(config, series)
    entries = review.read(path, series)
    review.check_instances(entries, list(_present(config, series)), path)
    return entries


def _present(config: dict[str, Any], series: str) -> dict[str, str]:
    """Graph files of a series by the name of their instance."""
    folder = Path(config.get("graphs", "graphs")) / series
    return {
        path.name.removesuffix(GRAPH_SUFFIX): str(path)
        for path in sorted(folder.glob(f"[!.]*{GRAPH_SUFFIX}"))
    }


def _instances(
    config: dict[str, Any], series: str, options: dict[str, Any], source: str
) -> list[tuple[str, dict[str, Any], str]]:
    """(name, its options, graph file) for each instance of a series, in natural order."""
    folder = Path(config.get("graphs", "graphs")) / series
    present = _present(config, series)
    for name, path in present.items():
        if not re.fullmatch(layout.NAME, name):
            raise UserError(
                f"{path}: an instance's name has letters, digits, and any of _ . + - inside; "
                "rename the file"
            )
    names = sorted(present, key=natural_key)
    if not names:
        raise UserError(
            f"{source}: series {series}: no graph in {folder}{os.sep}; put frozen graphs there as "
            f"<instance>{GRAPH_SUFFIX}"
        )
    chosen = options.get("instances")
    if chosen is None:
        return [(name, {}, present[name]) for name in names]
    if not chosen:
        raise UserError(
            f"{source}: series {series}: the list of instances is empty; leave it out for all: "
            f"{', '.join(names)}"
        )
    listed = []
    for item in chosen:
        instance_options = item if isinstance(item, dict) else {}
        name = str(instance_options.get("instance", item))
        if name not in present:
            raise UserError(
                f"{source}: series {series}: no graph {folder / name}{GRAPH_SUFFIX}; there are "
                f"{', '.join(names)}"
            )
        listed.append((name, instance_options, present[name]))
    return listed


def _check_writable(results: Path) -> None:
    existing = results
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"results folder {results}: cannot be written; choose another `results`")
