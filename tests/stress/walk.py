"""A random walk over a project: after each step all is as the plan says, and as if made anew.

What is done is kept on disk: a walk that was interrupted goes on where it was.
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from walk_moves import MOVES
from walk_site import Site, make, read_json

from lucid_sprites import layout
from lucid_sprites.config import schema
from lucid_sprites.files import name_of_leftover
from lucid_sprites.planning.load import load
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.study_selection import plan_studies
from lucid_sprites.recipe.objectives import without_paths
from lucid_sprites.recipe.settings import ENGINE_VARIANT, recipes
from lucid_sprites.sprites import png
from workflow_project import Project

_KILLED_EVERY = 3
"""Of so many steps one begins with a run that is to be killed; some of them are done before."""
_REPEATS = 3
"""Runs that damaged files may take: each names and deletes what it has read."""


class Fault(Exception):
    """What is not as it must be."""


@dataclass
class Progress:
    """What is done of a walk.

    Attributes:
        moves: what was done since the results were last thrown away, step by step.
        folder: name of the project's folder.
        is_open: a step was begun and not checked.
        seconds: that its runs take on average, to kill them somewhere in between.
    """

    steps: int = 0
    kills: int = 0
    comparisons: int = 0
    moves: list[list[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    folder: str = "project"
    is_open: bool = False
    seconds: float = 20.0


@dataclass
class Walk:
    """One project on its way.

    Attributes:
        home: folder of the project and all that belongs to its walk.
        seed: decides the moves, with the number of the step.
        compare_every: steps between two comparisons with a project that is made anew.
    """

    home: Path
    seed: int
    compare_every: int
    done: Progress = field(init=False)

    def __post_init__(self) -> None:
        if not self._file.exists():
            shutil.rmtree(self.home, ignore_errors=True)
            make(self.home / "project")
            self.done = Progress()
            self._keep()
        self.done = Progress(**read_json(self._file))

    def go(self, steps: int) -> Progress:
        """Walk until so many steps are done; a fault is noted, and the results begin again."""
        while self.done.steps < steps:
            try:
                self._step()
            except Fault as fault:
                self._note(str(fault))
        return self.done

    @property
    def _file(self) -> Path:
        return self.home / "progress.json"

    def _keep(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self.done), indent=1))
        fresh.rename(self._file)

    def _step(self) -> None:
        chance = random.Random(f"{self.seed} {self.done.steps}")
        site = Site(self.home / self.done.folder, chance)
        shutil.rmtree(site.folder / ".snakemake/locks", ignore_errors=True)
        if not self.done.is_open:
            self._move(site)
        jobs = str(chance.randint(1, 2))
        if chance.random() < 1 / _KILLED_EVERY:
            self._kill_a_run(site, jobs)
        begun = time.monotonic()
        _complete(site, jobs)
        self.done.seconds = 0.8 * self.done.seconds + 0.2 * (time.monotonic() - begun)
        _check_records(site)
        again = site.run("--jobs", jobs)
        if "Nothing to be done" not in again.text:
            raise Fault(f"a second run is not done at once:\n{again.text[-3000:]}")
        if (self.done.steps + 1) % self.compare_every == 0:
            self._compare(site)
        self.done.steps += 1
        self.done.is_open = False
        self._keep()

    def _move(self, site: Site) -> None:
        """One to three moves at once."""
        self.done.moves.append([])
        self.done.is_open = True
        # The first step only makes everything.
        count = site.chance.choice([1, 1, 1, 2, 2, 3]) if self.done.steps else 0
        for chosen in site.chance.sample(MOVES, count):
            said = chosen(site)
            self.done.moves[-1].append(f"{chosen.__name__}: {said}")
            self.done.folder = site.folder.name
            self._keep()
        self._keep()

    def _kill_a_run(self, site: Site, jobs: str) -> None:
        """Start a run, and end one of its jobs, Snakemake, or everything at a random moment."""
        process = site.start("--jobs", jobs, "--quiet", "all")
        try:
            process.communicate(timeout=site.chance.uniform(0.1, 1) * self.done.seconds)
            return  # it was done before
        except subprocess.TimeoutExpired:
            victim = _kill(process, site.chance)
        site.run("--unlock")
        self.done.kills += 1
        self.done.moves[-1].append(f"kill -9 of {victim}")
        self._keep()

    def _compare(self, site: Site) -> None:
        """Everything that is asked for is as in a project that is made anew, byte by byte."""
        fresh = Site(self.home / "fresh", site.chance)
        shutil.rmtree(fresh.folder, ignore_errors=True)
        shutil.copytree(
            site.folder, fresh.folder, ignore=shutil.ignore_patterns("results", ".snakemake")
        )
        done = fresh.run("--jobs", "2")
        if done.code:
            raise Fault(f"a project that is made anew fails:\n{done.text[-3000:]}")
        ours, theirs = dict(_contents(site)), dict(_contents(fresh))
        missing = sorted(theirs.keys() - ours.keys())
        other = sorted(path for path in theirs if ours.get(path, b"") != theirs[path])
        if missing or other:
            raise Fault(f"not as if made anew: missing {missing}, other {other}")
        cleaned = site.run("--jobs", "1", "clean_orphans", "--config", "orphans=remove_all")
        more = _made(site) - _made(fresh) - {_LOG_OF_CLEANING}
        if cleaned.code or more:
            raise Fault(f"clean_orphans leaves {sorted(more)}:\n{cleaned.text[-2000:]}")
        if "Nothing to be done" not in site.run("--jobs", "1").text:
            raise Fault("clean_orphans has removed what is asked for")
        shutil.rmtree(fresh.folder)
        self.done.comparisons += 1

    def _note(self, fault: str) -> None:
        """Keep what was found, and a copy of the project to look at; begin again."""
        number = len(self.done.faults)
        folder = self.home / self.done.folder
        shutil.copytree(folder, self.home / f"fault_{number}", dirs_exist_ok=True, symlinks=True)
        moves = "\n".join(f"  {n}. {'; '.join(m)}" for n, m in enumerate(self.done.moves))
        self.done.faults.append(
            f"seed {self.seed}, step {self.done.steps} (project kept in {self.home}/fault_{number})"
            f": {fault}\nmoves since the results began:\n{moves}"
        )
        Site(folder, random.Random(0)).begin_again()
        self.done.moves = []
        self.done.steps += 1
        self.done.is_open = False
        self._keep()


def _kill(process: subprocess.Popen[str], chance: random.Random) -> str:
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        programs = [child for child in children if child.name().startswith("python")]
        victim = chance.choice(["snakemake", "everything", *(["job"] if programs else [])])
        if victim == "job":
            chance.choice(programs).kill()
        elif victim == "snakemake":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        victim = "nobody"  # it ended by itself just now
    with contextlib.suppress(ValueError):
        process.communicate(timeout=300)  # with its jobs, which may outlive it
    return victim


def _complete(site: Site, jobs: str) -> None:
    """Run to the end. A damaged file may end a run, which says so; the next one makes it."""
    for _ in range(_REPEATS):
        done = site.run("--jobs", jobs)
        if done.code == 0:
            return
        if "deleted" not in done.text:
            break
    raise Fault(f"a run ends with code {done.code}:\n{done.text[-3000:]}")


def _check_records(site: Site) -> None:
    """Every sprite says of itself what the plan asks for, of the model that lies there."""
    with contextlib.chdir(site.folder):
        config = schema.check(site.config(), "config.yaml")
        plan = load(config, "config.yaml")
        _check_models(plan, site)
        for kind in (plan, plan_studies(config, plan, "config.yaml").sprites):
            wrong = list(_wrong(kind))
            if wrong:
                raise Fault("sprites are not as planned:\n" + "\n".join(wrong[:20]))


def _check_models(plan: Plan, site: Site) -> None:
    """The catalogues are of the graphs that lie there now (Keras models have no known content)."""
    known = _known_contents(site)
    for (series, instance), own in plan.options.items():
        variant = Path(own.source.files[0])
        content = known.get(variant.read_bytes()) if variant.suffix == ".pb" else None
        found = plan.instance(series, instance).catalogue.layers
        if content is not None and content != {layer.name: layer.content for layer in found}:
            raise Fault(f"the catalogue of {series}/{instance} is not that of {variant}")


def _known_contents(site: Site) -> dict[bytes, dict[str, str]]:
    """The contents of the layers of every variant, by the bytes of its file."""
    library = Site(site.folder.parent / "library", site.chance)
    if not (library.folder / "results").exists():
        for variant in site.variants:
            target = library.folder / f"graphs/all/v{variant.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(variant, target)
        library.configure({"series": {"all": {"layers": ["conv1/Relu"]}}})
        assert library.run("--dry-run").code == 0
    made = library.folder / "results/all"
    return {variant.read_bytes(): _layer_contents(made / f"v{variant.stem}/layers.json")
            for variant in site.variants}  # fmt: skip


def _layer_contents(catalogue: Path) -> dict[str, str]:
    return {layer["name"]: layer["content"] for layer in read_json(catalogue)["layers"]}


def _wrong(plan: Plan) -> Iterator[str]:
    """Where the record of a sprite is not what is asked for."""
    for instance in plan.instances.values():
        for layer in instance.layers:
            for threshold in layer.thresholds:
                for path in plan._sprites_at(instance, layer, threshold):
                    index = int(re.search(r"i_(\d+)_t_", path)[1])
                    record = png.record(path)
                    wanted = _wanted(layer, index, threshold, record["recipe"]["attempt"])
                    for key in wanted:
                        if record.get(key) != wanted[key]:
                            yield f"{path}: {key}: {record.get(key)} instead of {wanted[key]}"


def _wanted(layer: Any, index: int, threshold: int, attempt: int) -> dict[str, Any]:
    settings = layer.settings[index]
    common = {
        "recipe": json.loads(json.dumps(recipes(settings)[attempt].as_dict())),
        "content": settings.get("content", layer.content),
        "threshold": threshold,
        "variant": ENGINE_VARIANT,
    }
    if "objective" in settings:
        return common | {"objective": without_paths(settings["objective"])}
    return common | {"layer": layer.name, "index": index}


_COMPARED = ("*/*/sprites/*", "*/*/spritemaps/*", "*/*/studies/*/s*/*", "*/*/losses.csv",
             "*/*/studies/*/losses.csv", "*/*/images/*/*/*", "*/*/viewer/*", "*/viewer/*",
             "*/manifest.json", "*/*.csv", "*/*.png", "*/preflight.md", "index.html",
             "*/index.html")  # fmt: skip
_LOG_OF_CLEANING = "results/logs/clean_orphans.log"
# Files beside others with hashes of all that is in them, times included.
_ABOUT_THE_CONTENT = ".made"
# Times, in logs and in what the viewer makes of them.
_TIMES = re.compile(rb'"(?:seconds|timestamp|batch_id)": ?\[?[-\d.e, \n]+\]?')


def _made(project: Project) -> set[str]:
    """Every file and empty folder but what the store has of former settings, what is known of files
    that were looked at, and what killed programs have left: young ones could be at work."""
    made = [path for path in project.results("**/*") if path.is_file() or not any(path.iterdir())]
    paths = [path.relative_to(project.folder) for path in made]
    return {
        str(path)
        for path in paths
        if "store" not in path.parts
        and path.name != layout.FINGERPRINTS
        and layout.IMPORTING not in str(path)
        and name_of_leftover(path.name) is None
    }


def _contents(project: Project) -> Iterator[tuple[str, bytes]]:
    """What is asked for by its path, without the times at which it was made."""
    for pattern in _COMPARED:
        for path in project.results(pattern):
            if path.name.startswith(".") or path.suffix == _ABOUT_THE_CONTENT:
                continue
            name = str(path.relative_to(project.folder))
            content = path.read_bytes()
            if path.name == "losses.csv":
                lines = content.splitlines()
                content = b"\n".join(b",".join(line.split(b",")[2:]) for line in lines)
            elif path.suffix != ".png":
                content = _TIMES.sub(b"", content)
            yield name, content
