"""Moves of the walk that edit the config and the review file; each says what it did."""

from collections.abc import Callable
from typing import Any

from walk_site import Site, layers_of, picture

Move = Callable[[Site], str]
MOVES: list[Move] = []
SERIES = ("one", "two", "three")


def move(function: Move) -> Move:
    """One of `MOVES`."""
    MOVES.append(function)
    return function


def _setting(site: Site) -> dict[str, Any]:
    """A setting that some level may have, with one of a few values."""
    name, values = site.chance.choice([
        ("seed", [0, 1, 2]),
        ("learning_rate", [0.05, 0.1]),
        ("transforms", ["none", [{"jitter": 2}]]),
        ("scale", [16, 20]),
        ("thresholds", [[2], [4], [2, 4], [2, 6], [3, 4, 8]]),
        ("decorrelate", [True, False]),
        ("attempts", [1, 2]),
    ])  # fmt: skip
    return {name: site.chance.choice(values)}


def _level(site: Site, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and mapping of one of the levels that settings stand at."""
    series = site.chance.choice(SERIES)
    layer = site.chance.choice(layers_of(config, series))
    levels = {
        "defaults": config["defaults"],
        f"series {series}": config["series"][series],
        f"layer {layer['layer']} of {series}": layer,
        f"index 1 of {layer['layer']} of {series}": layer.setdefault("index", {}).setdefault(
            "1", {}
        ),
        "study mixes": config.get("studies", {}).get("mixes", config["defaults"]),
    }
    instances = config["series"][series].get("instances")
    if instances:
        levels[f"instance of {series}"] = instances[-1]
    return site.chance.choice(list(levels.items()))


def _tidy(config: dict[str, Any]) -> None:
    """Drop what `_level` offered and nobody took."""
    for series in SERIES:
        for layer in layers_of(config, series):
            if not any(layer.get("index", {}).values()):
                layer.pop("index", None)


@move
def edit_a_setting(site: Site) -> str:
    with site.editing() as config:
        name, level = _level(site, config)
        changed = _setting(site)
        level.update(changed)
        _tidy(config)
    return f"{name}: {changed}"


@move
def edit_an_index_or_a_layer(site: Site) -> str:
    with site.editing() as config:
        layer = site.chance.choice(layers_of(config, "one"))
        changed = _setting(site)
        index = site.chance.choice(["0", "1", "0-1", None])
        (layer if index is None else layer.setdefault("index", {}).setdefault(index, {})).update(
            changed
        )
        _tidy(config)
    return f"layer {layer['layer']}, index {index}: {changed}"


@move
def take_a_setting_back(site: Site) -> str:
    with site.editing() as config:
        name, level = _level(site, config)
        kept = ("thresholds", "scale", "transforms", "indexes", "layer", "layers", "instance")
        known = ("seed", "learning_rate", "decorrelate", "attempts")
        own = [key for key in level if key in known or (key in kept[:3] and name != "defaults")]
        for key in own:
            del level[key]
        _tidy(config)
    return f"{name}: without {own}"


@move
def choose_indexes(site: Site) -> str:
    with site.editing() as config:
        layer = site.chance.choice(layers_of(config, site.chance.choice(SERIES)))
        layer["indexes"] = site.chance.choice(["0", "0-1", "0-3", "1,3", "2-3"])
        layer.pop("index", None)
    return f"layer {layer['layer']}: indexes {layer['indexes']}"


@move
def choose_layers(site: Site) -> str:
    with site.editing() as config:
        names = site.chance.sample(["conv1/Relu", "conv2/Relu", "pool"], site.chance.randint(1, 2))
        before = {layer["layer"]: layer for layer in layers_of(config, "one")}
        config["series"]["one"]["layers"] = [before.get(name, {"layer": name}) for name in names]
        site.review.unlink(missing_ok=True)  # it may name a layer that is gone
    return f"layers of one: {names}"


@move
def choose_instances(site: Site) -> str:
    with site.editing() as config:
        present = sorted(path.stem for path in site.folder.glob("graphs/one/*.pb"))
        chosen = site.chance.sample(present, site.chance.randint(1, len(present)))
        config["series"]["one"]["instances"] = [{"instance": name} for name in chosen]
    return f"instances of one: {chosen}"


@move
def add_or_remove_an_instance(site: Site) -> str:
    path = site.folder / "graphs/one" / f"{site.chance.choice('cd')}.pb"
    if path.exists():
        path.unlink()
    else:
        site.replace(path, site.chance.choice(site.variants).read_bytes())
    with site.editing() as config:
        config["series"]["one"].pop("instances", None)
    return f"{path.name} is {'there' if path.exists() else 'gone'}; all instances of one"


@move
def change_the_studies(site: Site) -> str:
    more = ['channel("conv2/Relu", 2)', 'channel("conv2/Relu", 1) - 0.5 * channel("conv1/Relu", 0)',
            '-channel("conv1/Relu", 2)']  # fmt: skip
    with site.editing() as config:
        studies = config.setdefault("studies", {})
        name = site.chance.choice(["mixes", "others"])
        if name in studies and site.chance.random() < 0.4:
            del studies[name]
            return f"study {name}: gone"
        chosen = site.chance.sample(more, site.chance.randint(1, 2))
        studies[name] = {"series": ["two"], "objectives": chosen}
        if site.chance.random() < 0.5:
            studies[name]["start"] = "photos/start.png"
    return f"study {name}: {studies[name]}"


@move
def change_the_images(site: Site) -> str:
    picture(site.folder / "photos/q.png", 5)
    with site.editing() as config:
        if site.chance.random() < 0.2:
            return f"images: {config.pop('images', None)}: gone"
        config["images"] = [{
            "pictures": site.chance.choice([["photos/p.png"], ["photos/q.png"], ["photos"]]),
            "series": "two",
            "layers": site.chance.choice(["r", "conv2/Relu"]),
            "methods": site.chance.choice(["activations", "gradient"]),
            "padding": site.chance.choice([1, 2]),
        }]  # fmt: skip
        return f"images: {config['images']}"


@move
def change_the_tables(site: Site) -> str:
    with site.editing() as config:
        tables = config["series"]["two"].setdefault("tables", {})
        name = site.chance.choice(["area", "size"])
        if tables.pop(name, None) is None:
            tables[name] = "tables/area.csv"
        if not tables:
            del config["series"]["two"]["tables"]
    return f"tables of two: {tables}"


@move
def review(site: Site) -> str:
    if site.review.exists() and site.chance.random() < 0.4:
        site.review.unlink()
        return "review.yaml: gone"
    layer = layers_of(site.config(), "one")[0]["layer"]
    number = site.chance.choice([3, 4])
    site.write_review([{"layer": layer, "index": site.chance.randint(0, 1), "seed": number}])
    return site.review.read_text()
