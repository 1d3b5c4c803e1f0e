"""Plans made from catalogues that tests write down."""

from pathlib import Path
from typing import Any

from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.planning.sources import Source
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.recipe.layer_catalogue import Catalogue, InputSpec, Layer
from lucid_sprites.recipe.settings import DEFAULTS, merge


def layer_of(number: int, name: str, **facts: Any) -> Layer:
    """A layer of a catalogue: an activation of six channels where nothing else is said."""
    usual = {"op": "Relu", "kind": "activation", "depth": 6, "content": f"content of {name}",
             "needs": None, "edge": 84, "height": 84, "width": 84, "constant": 0, "not_finite": 0,
             "macs": 1.0, "activations": 6.0, "floor": 0.0, "ceiling": None}  # fmt: skip
    return Layer(number=number, name=name, **{**usual, **facts})


def catalogue_of(
    *layers: Layer,
    other: dict[str, str] | None = None,
    height: int | None = None,
    width: int | None = None,
    sha256: str = "cd",
) -> Catalogue:
    """A catalogue of these layers."""
    known = dict.fromkeys(("name", "shape", "range", "order"), "read")
    picture = InputSpec("picture", height, width, 3, 0.0, 1.0, known)
    return Catalogue(picture, [], list(layers), other or {}, None, sha256)


def plan_of(
    results: Path,
    catalogue: Catalogue,
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
