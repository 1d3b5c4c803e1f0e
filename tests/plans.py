"""Plans made from catalogues that tests write down."""

from pathlib import Path
from typing import Any

from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.planning.sources import Source
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.recipe.settings import DEFAULTS, merge


def plan_of(
    results: Path,
    catalogue: dict[str, Any],
    instances: list[tuple[str, str]],
    config: dict[str, Any] | None = None,
) -> Plan:
    """A plan of instances that all have the same catalogue.

    Args:
        config: `defaults` and `series`, as in config.yaml.
    """
    config = config or {}
    series = {name: (config.get("series") or {}).get(name) or {} for name, _ in instances}
    options = {}
    for name, instance in instances:
        own = [
            item
            for item in series[name].get("instances", [])
            if isinstance(item, dict) and item["instance"] == instance
        ]
        settings = merge(DEFAULTS, config.get("defaults", {}))
        for level in (series[name], *own):
            settings = merge(settings, level)
        source = Source(name, instance, {"file": "g.pb"}, ("g.pb",), False, {})
        job = {"graph": f"{results}/{name}/{instance}/model.pb", "catalogue": "layers.json"}
        options[name, instance] = InstanceOptions(source, settings, [None, None], "", [], "", job)
    plan = Plan(results, options, series)
    for key in instances:
        plan.add(*key, catalogue)
    return plan
