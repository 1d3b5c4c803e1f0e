"""Moves of the walk that change, lose or restore files; each says what it did."""

import os
import shutil
import time
from pathlib import Path

from walk_edits import MOVES, SERIES, move
from walk_site import CODE, PAST, Site, layers_of, picture, table

__all__ = ["MOVES"]
_HOUR = 3600
_MADE = ("sprites", "blocks", "spritemaps", "store", "viewer", "studies", "images", "logs")


# Models, and other files that people bring.


def _other(site: Site, graph: Path) -> bytes:
    """Another model of the same size."""
    before = graph.read_bytes()
    alike = [path.read_bytes() for path in site.variants]
    return site.chance.choice([c for c in alike if len(c) == len(before) and c != before])


@move
def newer_graph(site: Site) -> str:
    graph, variant = site.chance.choice(site.graphs), site.chance.choice(site.variants)
    site.replace(graph, variant.read_bytes())
    return f"{graph.name} is {variant.name}"


@move
def older_graph(site: Site) -> str:
    graph, variant = site.chance.choice(site.graphs), site.chance.choice(site.variants)
    site.replace(graph, variant.read_bytes(), PAST + site.chance.randint(0, 9))
    return f"{graph.name} is {variant.name}, of long ago"


@move
def graph_of_the_same_size_and_date(site: Site) -> str:
    graph = site.chance.choice(site.graphs)
    status = graph.stat()
    site.replace(graph, _other(site, graph))
    os.utime(graph, ns=(status.st_atime_ns, status.st_mtime_ns))
    return f"{graph.name} is another of the same size and date"


@move
def graph_written_over_with_the_same_date(site: Site) -> str:
    graph = site.chance.choice(site.graphs)
    status = graph.stat()
    graph.write_bytes(_other(site, graph))
    os.utime(graph, ns=(status.st_atime_ns, status.st_mtime_ns))
    return f"{graph.name} holds another of the same size and date"


@move
def graph_touched(site: Site) -> str:
    graph = site.chance.choice(site.graphs)
    graph.touch()
    return f"{graph.name} is touched"


@move
def graph_of_the_future(site: Site) -> str:
    graph = site.chance.choice(site.graphs)
    site.replace(graph, _other(site, graph), time.time() + _HOUR)
    return f"{graph.name} is another, dated in an hour"


@move
def late_weights(site: Site) -> str:
    graph = site.chance.choice(site.graphs)
    named = {path.read_bytes(): path.stem for path in site.variants}
    first, late, side = named[graph.read_bytes()]
    other = site.folder.parent / f"variants/{first}{1 - int(late)}{side}.pb"
    site.replace(graph, other.read_bytes())
    return f"{graph.name} is {other.name}: other weights in conv2"


@move
def layer_in_front(site: Site) -> str:
    graph = site.chance.choice(site.graphs)
    named = {path.read_bytes(): path.stem for path in site.variants}
    first, late, side = named[graph.read_bytes()]
    other = site.folder.parent / f"variants/{first}{late}{1 - int(side)}.pb"
    site.replace(graph, other.read_bytes())
    return f"{graph.name} is {other.name}: other numbers of layers"


@move
def graphs_swapped(site: Site) -> str:
    a, b = (site.folder / f"graphs/one/{name}.pb" for name in "ab")
    between = a.with_name(".between")
    if site.chance.random() < 0.5:  # as a checkout or an archive leaves them
        os.utime(a, (PAST, PAST))
        os.utime(b, (PAST, PAST))
    a.rename(between)
    b.rename(a)
    between.rename(b)
    return "a.pb and b.pb have changed places"


@move
def file_elsewhere(site: Site) -> str:
    other = site.folder / "models/n.pb"
    if not other.exists():
        m = site.folder / "models/m.pb"
        shutil.copy2(m, other)
        status = m.stat()
        site.replace(other, _other(site, m))
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    with site.editing() as config:
        (own,) = config["series"]["two"]["instances"]
        own["file"] = "models/n.pb" if own["file"] == "models/m.pb" else "models/m.pb"
    return f"file: {own['file']}"


@move
def backup(site: Site) -> str:
    kept = site.folder.parent / "backup"
    if kept.exists():
        for path in kept.rglob("*.pb"):
            target = site.folder / path.relative_to(kept)
            if target.exists():
                shutil.copy2(path, target)
        shutil.rmtree(kept)
        return "backup of all graphs restored"
    for path in site.graphs:
        target = kept / path.relative_to(site.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return "backup of all graphs made"


@move
def another_picture(site: Site) -> str:
    path = site.folder / "photos" / site.chance.choice(["p.png", "start.png"])
    status, seed = path.stat(), site.chance.randint(2, 5)
    picture(path, seed)
    dated = site.chance.choice([PAST, status.st_mtime, time.time()])
    os.utime(path, (dated, dated))
    return f"{path.name}: noise {seed}, dated {dated}"


@move
def another_table(site: Site) -> str:
    path = site.folder / "tables/area.csv"
    status, factor = path.stat(), site.chance.randint(1, 2)
    table(path, factor)
    dated = site.chance.choice([PAST, status.st_mtime, time.time()])
    os.utime(path, (dated, dated))
    return f"{path.name}: times {factor}, dated {dated}"


@move
def other_code(site: Site) -> str:
    path, factor = site.folder / "models/layers.py", site.chance.choice(["0.5", "2.0"])
    status = path.stat()
    path.write_text(CODE.format(factor=factor))
    if site.chance.random() < 0.3:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return f"layers.py: times {factor}"


# What was made, and the project as a whole.


@move
def delete_what_was_made(site: Site) -> str:
    name = site.chance.choice(_MADE)
    for folder in site.results(f"*/*/{name}"):
        shutil.rmtree(folder)
    return f"{name} deleted"


@move
def delete_some_files(site: Site) -> str:
    files = [path for path in site.results("**/*.*") if path.is_file()]
    gone = site.chance.sample(files, min(len(files), 5))
    for path in gone:
        path.unlink()
    return f"deleted {[str(path.relative_to(site.folder)) for path in gone]}"


@move
def delete_records(site: Site) -> str:
    shutil.rmtree(site.folder / ".snakemake", ignore_errors=True)
    return ".snakemake deleted"


@move
def move_the_project(site: Site) -> str:
    moved = site.folder.with_name("moved" if site.folder.name != "moved" else "project")
    site.folder.rename(moved)
    site.folder = moved
    return f"the project is {moved.name}"


@move
def copy_the_results(site: Site) -> str:
    """Everything but Snakemake's records goes on in another folder."""
    moved = site.folder.with_name("copied" if site.folder.name != "copied" else "project")
    shutil.copytree(site.folder, moved, ignore=shutil.ignore_patterns(".snakemake"))
    shutil.rmtree(site.folder)
    site.folder = moved
    return f"the project is {moved.name}, a copy without records"


@move
def damage(site: Site) -> str:
    kinds = ["*/*/sprites/*.png", "*/*/blocks/*.zip", "*/*/store/*/*.zip", "*/*/spritemaps/*.json",
             "*/*/viewer/*.json", "*/manifest.json", "*/*/layers.json"]  # fmt: skip
    files = site.results(site.chance.choice(kinds))
    if not files:
        return "nothing to damage"
    path = site.chance.choice(files)
    content = path.read_bytes()
    path.write_bytes(site.chance.choice([b"", b"garbage", content[: len(content) // 2]]))
    return f"damaged {path.relative_to(site.folder)}"


@move
def touch_after_an_edit(site: Site) -> str:
    with site.editing() as config:
        layer = site.chance.choice(layers_of(config, "one"))
        layer["learning_rate"] = site.chance.choice([0.02, 0.03, 0.04])
    site.run("--touch", "--jobs", "1")
    return f"layer {layer['layer']}: learning_rate {layer['learning_rate']}, then --touch"


@move
def a_config_of_some_series(site: Site) -> str:
    config = site.config()
    name = site.chance.choice(SERIES)
    part = site.folder / "part.yaml"
    kept = {"defaults": config["defaults"], "series": {name: config["series"][name]}}
    Site(site.folder, site.chance).configure({**kept})
    (site.folder / "config.yaml").rename(part)
    site.configure(config)
    done = site.run("--jobs", "2", "--configfile", str(part))
    return f"ran with series {name} alone: {done.code}"
