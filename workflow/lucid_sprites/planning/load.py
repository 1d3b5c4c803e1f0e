"""From config.yaml and the model files to the plan of everything that can be made."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from lucid_sprites import fingerprints, layout
from lucid_sprites.config import review, schema
from lucid_sprites.config.schema import Config
from lucid_sprites.errors import UserError
from lucid_sprites.planning import clock, ownership
from lucid_sprites.planning.catalogues import catalogues, stamp
from lucid_sprites.planning.class_names import ClassNames
from lucid_sprites.planning.import_jobs import ImportJob, InputOptions
from lucid_sprites.planning.inheritance import canvas_edges, inherit
from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.planning.sources import Source, inside, sources
from lucid_sprites.planning.sprites import ImportFirst, Plan, cannot_wait
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.setting_types import Level, Settings
from lucid_sprites.recipe.settings import DEFAULTS, merge, resolve


def load(config: Mapping[str, Any], source: str, import_first: ImportFirst = cannot_wait) -> Plan:
    """The plan.

    Imports every model that is there and is new or has changed.

    Args:
        config: what the config file holds.
        source: the config file's name, for messages.
        import_first: what is done about models that jobs make (see `Plan`).

    Raises:
        UserError: whatever is wrong with the config, the models, or the results folder.
    """
    checked = schema.check_config(config, source)
    models = sources(checked, source)
    results = Path(checked.get("results", "results"))
    _check_writable(results)
    ownership.check(results)
    clock.settle(results)
    known = fingerprints.keep_in(results / layout.FINGERPRINTS)
    defaults = merge(DEFAULTS, checked.get("defaults", {}))
    reviews = {series: _review(checked, series, models) for series in checked["series"]}
    options = {
        (model.series, model.instance): _options(
            model, checked, defaults, results, source, reviews[model.series]
        )
        for model in models
    }
    tables = {
        (series, name): path
        for series, said in checked["series"].items()
        for name, path in (said or {}).get("tables", {}).items()
    }
    known.save()
    present = {key: each for key, each in options.items() if not each.source.is_made}
    found = catalogues([instance.job for instance in present.values()])
    described = dict(zip(present, found, strict=True))
    left_out = {key: reason for key, reason in described.items() if isinstance(reason, str)}
    _check_series(checked, options, left_out)
    plan = Plan(
        results,
        {key: each for key, each in options.items() if key not in left_out},
        checked["series"],
        left_out,
        import_first=import_first,
        reviews={series: review.file for series, review in reviews.items()},
        tables=tables,
    )
    for key, catalogue in described.items():
        if not isinstance(catalogue, str):
            plan.add(*key, catalogue)
    return plan


def _check_series(
    config: Config,
    options: Mapping[tuple[str, str], InstanceOptions],
    left_out: Mapping[tuple[str, str], str],
) -> None:
    """Raise UserError for a series none of whose models takes a picture."""
    for name in config["series"]:
        keys = [key for key in options if key[0] == name]
        if keys and all(key in left_out for key in keys):
            raise UserError("\n".join(left_out[key] for key in keys))


@dataclass(frozen=True)
class _Review:
    """What a series' review file asks for.

    Attributes:
        file: its path, whether it exists or not.
        entries: of the file (see `config.review`).
    """

    file: str
    entries: list[Level]


def _review(config: Config, series: str, models: list[Source]) -> _Review:
    path = str(Path(config.get("graphs", "graphs")) / layout.REVIEW.format(series=series))
    entries = review.read(path, series)
    instances = [source.instance for source in models if source.series == series]
    review.check_instances(entries, instances, path)
    return _Review(path, entries)


def _options(
    instance: Source,
    config: Config,
    defaults: Settings,
    results: Path,
    source: str,
    reviewed: _Review,
) -> InstanceOptions:
    series = config["series"][instance.series] or {}
    settings = merge(merge(defaults, series), instance.options)
    levels = [series.get("layers"), instance.options.get("layers")]
    redo = review.as_layers(reviewed.entries, instance.instance)
    where = f"{source}: series {instance.series}, instance {instance.instance}"
    redo_where = f"{reviewed.file}: instance {instance.instance}"
    wildcards = {"series": instance.series, "instance": instance.instance}
    origin = instance.origin
    _check(settings, levels, where)
    edges = canvas_edges(settings, [*levels, redo])
    said = cast(InputOptions, {**series.get("input", {}), **instance.options.get("input", {})})
    job: ImportJob = {
        "origin": origin,
        "input": said,
        "edges": edges,
        "stamp": stamp(origin, said, edges, instance.given, where),
        "graph": str(results / layout.MODEL.format(**wildcards)),
        "catalogue": str(results / layout.CATALOGUE.format(**wildcards)),
    }
    if not instance.is_listed:
        job["no_picture"] = str(results / layout.NO_PICTURE.format(**wildcards))
    labels = _labels([instance.options, series, config.get("defaults", {})], where)
    return InstanceOptions(instance, settings, levels, where, redo, redo_where, job, labels)


def _labels(levels: Sequence[Level], where: str) -> ClassNames | None:
    """The names of classes that the first of some levels gives that says anything of them."""
    said = next((level["labels"] for level in levels if "labels" in level), None)
    where = f"{where}: labels"
    return None if said is None else ClassNames.of_file(inside(said, where), where)


def _check(settings: Settings, levels: list[list[Any] | None], where: str) -> None:
    """Refuse, before any model is read, what an item says that would be wrong in any layer."""
    items = [item for level in levels for item in level or [] if isinstance(item, dict)]
    for item in [{}, *items]:
        inherited = inherit(settings, [item], lambda indexes: index_ranges.parse(indexes, where))
        for merged in inherited.distinct():
            resolve(merged, where)


def _check_writable(results: Path) -> None:
    existing = results
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"results folder {results}: cannot be written; choose another `results`")
