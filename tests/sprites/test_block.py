"""Blocks: what is optimized, what comes from the store, and what becomes of failures."""

import dataclasses
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image

import lucid_sprites
import tiny_graphs
from lucid_sprites import made
from lucid_sprites.engine import random_streams
from lucid_sprites.engine.task import CURVE_EVERY
from lucid_sprites.files import sha256
from lucid_sprites.recipe import index_ranges, statuses
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.setting_types import Group
from lucid_sprites.recipe.settings import DEFAULTS
from lucid_sprites.sprites import attempts_log, block, png
from lucid_sprites.sprites.block import BlockSpec
from lucid_sprites.sprites.store import Store

PLAIN = {"transforms": "none", "parametrization": "pixel", "decorrelate": False}


def settings(**changes):
    keys = ("scale", "learning_rate", "transforms", "parametrization", "decorrelate",
            "loss_crisis", "seed", "thresholds", "attempts", "fallbacks")  # fmt: skip
    return {
        **{key: DEFAULTS[key] for key in keys},
        "engine": "batched",
        "scale": 12,
        "thresholds": [4, 20],
        **changes,
    }


def spec(graph: Path, *groups, layer="conv1/Relu", **changes) -> BlockSpec:
    picture = InputSpec("picture", None, None, 3, 0.0, 1.0, {})
    groups = [Group(own, index_ranges.parse(indexes)) for indexes, own in groups]
    made = BlockSpec(str(graph), sha256(graph), sha256(graph), picture, 0, layer, 8, True, groups)
    return dataclasses.replace(made, **changes)


def place(member: str) -> tuple[int, int]:
    """Index and threshold of a sprite by its name in a block."""
    _, index, _, threshold, _ = member.split("_")
    return int(index), int(threshold)


class Run:
    """What one run of a block did: started optimizations, steps, sprites and their PNGs."""

    def __init__(self, asked: BlockSpec, folder: Path) -> None:
        self.started: list[tuple[int, int]] = []
        self.steps = 0
        self.sprites = block.complete(asked, Store(folder), self._start)
        self.pngs = {place(name): png for name, png in block.pictures(asked, self.sprites)}
        self.rows = attempts_log.rows(asked, self.sprites)
        json.dumps(self.rows)

    def _start(self, sprites: int, steps: int):
        self.started.append((sprites, steps))
        return self._advance

    def _advance(self, done: int) -> None:
        self.steps += done

    def statuses(self):
        """(index, attempt, threshold, status, step) of every row."""
        names = ("index", "attempt", "threshold", "status", "step")
        return [tuple(row[name] for name in names) for row in self.rows]


@pytest.fixture(scope="session")
def graph(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("graphs") / "small.pb"
    return tiny_graphs.save(tiny_graphs.small(depth=6, dead=(5,)), path)


@pytest.fixture(scope="session")
def first(graph, tmp_path_factory) -> tuple[Path, BlockSpec, Run]:
    """A store (not to be changed) after its first run."""
    folder = tmp_path_factory.mktemp("store")
    asked = spec(graph, ("0-1,3", settings()))
    return folder, asked, Run(asked, folder)


@pytest.fixture
def filled(first, tmp_path) -> Path:
    """A copy of that store."""
    folder = tmp_path / "store"
    for path in first[0].rglob("*.zip"):
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / path.parent.name / path.name).write_bytes(path.read_bytes())
    return folder


def saturating(tmp_path) -> Path:
    """Unit 0 grows from 5 to 6 and stays there: it fails at step 29. Unit 1 never fails."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.array([[10, 1], [0, 0], [0, 0]], np.float32)[None, None]
        sums = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID")
        tf.nn.relu6(sums, name="unit")

    return tiny_graphs.save(tiny_graphs.frozen(build), tmp_path / "saturating.pb")


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def record(png: bytes) -> dict:
    return json.loads(opened(png).text["lucid-sprites"])


def shown(run: Run) -> dict[tuple[int, int], tuple[bytes, dict]]:
    """Pixels and records; the settings that were there beside show in a sprite's mark only."""
    return {place: (opened(png).tobytes(), record(png)) for place, png in run.pngs.items()}


def test_the_first_run_optimizes_all(first):
    _, _, run = first
    assert run.started == [(3, 60)]
    assert run.steps == 60
    assert run.pngs.keys() == {(i, t) for i in (0, 1, 3) for t in (4, 20)}
    assert len(set(run.pngs.values())) == 6
    assert run.statuses() == [(i, 0, t, "ok", t) for i in (0, 1, 3) for t in (4, 20)]


def test_sprites_tell_what_they_are(first, graph):
    _, asked, run = first
    png = run.pngs[3, 20]
    loss = next(row["loss"] for row in run.rows if (row["index"], row["threshold"]) == (3, 20))
    told = record(png)
    assert opened(png).size == (12, 12)
    assert opened(png).mode == "RGB"
    assert (told["content"], told["layer"]) == (sha256(graph), "conv1/Relu")
    assert (told["index"], told["threshold"], told["status"], told["loss"]) == (3, 20, "ok", loss)
    assert told["input"] == {"name": "picture", "channels": 3, "low": 0.0, "high": 1.0}
    own = asked.groups[0].settings
    assert told["recipe"] == {key: own[key] for key in told["recipe"] if key != "attempt"} | {
        "attempt": 0
    }


def test_sprites_say_under_which_name_they_were_made(first, tmp_path):
    _, asked, run = first
    for name, content in block.pictures(asked, run.sprites):
        path = tmp_path / "sprite.png"
        path.write_bytes(content)
        assert made.read(str(path)) == name
        assert opened(content).text["made"] == made.mark(name)


def test_the_place_of_a_layer_does_not_show(first, filled, tmp_path):
    """A layer that was added in front of this one has moved it; its sprites lie in the store."""
    _, asked, run = first
    moved = dataclasses.replace(asked, number=7)
    again = Run(moved, filled)
    assert again.started == []
    assert again.pngs == run.pngs == Run(moved, tmp_path / "empty").pngs


def test_entries_that_tell_the_place_of_a_layer_still_serve(first, filled):
    """Older versions kept the layer's number in the record."""
    _, asked, run = first
    store = Store(filled)
    for path in list(filled.rglob("*.zip")):
        entry = store.get(path.stem)
        for threshold, kept in entry.pngs.items():
            levels = np.asarray(opened(kept))
            entry.pngs[threshold] = png.encode_levels(levels, record(kept) | {"number": 3})
        store.put(path.stem, entry)
    again = Run(asked, filled)
    assert again.started == []
    assert again.pngs == run.pngs


def test_the_second_run_optimizes_nothing(first, filled):
    _, asked, run = first
    again = Run(asked, filled)
    assert again.started == []
    assert again.pngs == run.pngs
    assert again.rows == run.rows


def test_the_second_run_does_without_tensorflow(first, filled):
    """In a program of its own: its import alone takes seconds."""
    _, asked, _ = first
    program = """
import json, sys
from lucid_sprites.sprites import block
from lucid_sprites.sprites.store import Store
sprites = block.complete(block.BlockSpec.parse(json.loads(sys.argv[1])), Store(sys.argv[2]), None)
print(sum(len(sprite.found) for sprite in sprites), "tensorflow" in sys.modules)
"""
    package = str(Path(lucid_sprites.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(dataclasses.asdict(asked)), filled],
        env={**os.environ, "PYTHONPATH": package}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["6", "False"]


def test_an_added_threshold_costs_the_added_steps(graph, first, filled, tmp_path):
    more = settings(thresholds=[4, 20, 32])
    run = Run(spec(graph, ("0-1,3", more)), filled)
    assert run.started == [(3, 36)]
    assert run.steps == 36
    assert {key: run.pngs[key] for key in first[2].pngs} == first[2].pngs
    fresh = Run(spec(graph, ("0-1,3", more)), tmp_path / "fresh")
    assert run.pngs == fresh.pngs
    assert [row["curve"] for row in run.rows] == [row["curve"] for row in fresh.rows]
    assert list(run.rows[2]["curve"]) == list(range(CURVE_EVERY, 33, CURVE_EVERY))
    again = Run(spec(graph, ("0-1,3", settings(thresholds=[4, 20, 32, 33]))), filled)
    assert again.started == [(3, 3)]


def test_a_lower_threshold_is_made_from_the_start(graph, filled, tmp_path):
    run = Run(spec(graph, ("0-1,3", settings(thresholds=[4, 9, 20]))), filled)
    assert run.started == [(3, 27)]
    fresh = Run(spec(graph, ("0-1,3", settings(thresholds=[9]))), tmp_path / "fresh")
    assert [run.pngs[i, 9] for i in (0, 1, 3)] == [fresh.pngs[i, 9] for i in (0, 1, 3)]
    # The state of step 20 is still there to go on from.
    assert Run(spec(graph, ("0-1,3", settings(thresholds=[21]))), filled).started == [(3, 3)]


def test_thresholds_on_both_sides_of_the_state_are_made_from_the_start(
    graph, first, filled, tmp_path
):
    asked = spec(graph, ("0-1,3", settings(thresholds=[4, 9, 20, 24])))
    run = Run(asked, filled)
    assert run.started == [(3, 72)]
    assert run.pngs == Run(asked, tmp_path / "fresh").pngs
    assert {key: run.pngs[key] for key in first[2].pngs} == first[2].pngs


def test_without_states_an_added_threshold_gives_the_same_pngs(graph, first, tmp_path):
    folder = tmp_path / "stateless"
    lean = Run(spec(graph, ("0-1,3", settings()), keep_state=False), folder)
    assert lean.pngs == first[2].pngs
    more = settings(thresholds=[4, 20, 32])
    run = Run(spec(graph, ("0-1,3", more), keep_state=False), folder)
    assert run.started == [(3, 96)]
    assert run.pngs == Run(spec(graph, ("0-1,3", more)), tmp_path / "fresh").pngs
    sizes = [path.stat().st_size for path in folder.rglob("*.zip")]
    assert max(sizes) < min(path.stat().st_size for path in first[0].rglob("*.zip"))


def test_fewer_thresholds_cost_nothing(graph, first, filled):
    run = Run(spec(graph, ("0-1,3", settings(thresholds=[4]))), filled)
    assert run.started == []
    assert run.pngs == {key: png for key, png in first[2].pngs.items() if key[1] == 4}


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 0.06},
        {"transforms": "none"},
        {"parametrization": "pixel"},
        {"decorrelate": False},
        {"seed": 1},
        {"scale": 13},
        {"loss_crisis": {**DEFAULTS["loss_crisis"], "hits": 11}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_setting_of_one_index_optimizes_one(graph, first, filled, change):
    run = Run(spec(graph, ("0-1", settings()), ("3", settings(**change))), filled)
    assert run.started == [(1, 20)]
    same = {key: png for key, png in first[2].pngs.items() if key[0] != 3}
    assert {key: run.pngs[key] for key in same} == same
    assert run.pngs[3, 20] != first[2].pngs[3, 20]


def test_an_added_index_optimizes_one(graph, first, filled):
    run = Run(spec(graph, ("0-3", settings())), filled)
    assert run.started == [(1, 20)]
    assert {key: run.pngs[key] for key in first[2].pngs} == first[2].pngs


def test_batch_number_and_attempts_do_not_matter_to_what_is_there(graph, first, filled):
    asked = spec(graph, ("0-1,3", settings(attempts=5)), batch=16, number=7)
    run = Run(asked, filled)
    assert run.started == []
    assert shown(run) == shown(first[2])


def test_another_graph_or_range_is_optimized_anew(graph, filled, tmp_path):
    other = tiny_graphs.save(tiny_graphs.small(depth=6, seed=1), tmp_path / "other.pb")
    assert Run(spec(other, ("0-1,3", settings())), filled).started == [(3, 60)]
    asked = spec(graph, ("0-1,3", settings()))
    signed = dataclasses.replace(asked, picture=dataclasses.replace(asked.picture, low=-1.0))
    assert Run(signed, filled).started == [(3, 60)]


def test_a_damaged_entry_is_made_again(first, filled):
    damaged = sorted(filled.rglob("*.zip"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-100])
    run = Run(first[1], filled)
    assert run.started == [(1, 20)]
    assert run.pngs == first[2].pngs


def test_a_constant_unit_is_not_tried_again(graph, tmp_path):
    asked = spec(graph, ("4-5", settings(attempts=3, fallbacks=[{"learning_rate": 0.1}])))
    run = Run(asked, tmp_path)
    assert run.statuses() == [
        (4, 0, 4, "ok", 4), (4, 0, 20, "ok", 20), (5, 0, 4, statuses.CONSTANT, 0)
    ]  # fmt: skip
    assert len(run.started) == 1
    assert Run(asked, tmp_path).started == []


def test_failures_go_on_to_the_next_seeds_and_then_to_the_fallbacks(tmp_path):
    """With the small learning rate of the fallback unit 0 does not reach 6."""
    fallbacks = [{"learning_rate": 0.06}, {"learning_rate": 1e-3}, {"learning_rate": 1e-4}]
    own = settings(thresholds=[4, 60], attempts=2, fallbacks=fallbacks, **PLAIN)
    asked = spec(saturating(tmp_path), ("0-1", own), layer="unit")
    run = Run(asked, tmp_path / "store")
    # What attempt 0 reached before it failed stays; the others are only asked for step 60.
    assert run.statuses() == [
        (0, 0, 4, "ok", 4),
        (0, 0, 60, statuses.RECURRING, 29),
        (0, 1, 60, statuses.RECURRING, 29),
        (0, 2, 60, statuses.RECURRING, 29),
        (0, 3, 60, "ok", 60),
        (1, 0, 4, "ok", 4),
        (1, 0, 60, "ok", 60),
    ]
    assert run.started == [(2, 120), (1, 60), (1, 60), (1, 60)]
    assert record(run.pngs[0, 4])["recipe"]["attempt"] == 0
    told = record(run.pngs[0, 60])["recipe"]
    assert (told["attempt"], told["learning_rate"], told["seed"]) == (3, 1e-3, 0)
    again = Run(asked, tmp_path / "store")
    assert (again.started, again.pngs, again.rows) == ([], run.pngs, run.rows)


def test_every_attempt_starts_from_noise_of_its_own(tmp_path):
    """A unit that measures the start: the first attempt whose start is bright enough is taken."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.array([[4], [0], [0]], np.float32)[None, None]
        sums = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID")
        tf.nn.bias_add(sums, np.float32([-1.0]), name="unit")

    graph = tiny_graphs.save(tiny_graphs.frozen(build), tmp_path / "measure.pb")

    def brightness(seed, attempt):
        noise = random_streams.start_noise(seed, attempt, 0, (12, 12, 3))[..., 0].astype(float)
        return (4 / (1 + np.exp(-noise / 100)) - 1).mean()

    chosen = []
    for seed in range(3):
        values = [brightness(seed, attempt) for attempt in range(4)]
        crisis = {"bins": 1, "hits": 1000, "factor": 1.0, "minimum": 1.0005}
        own = settings(thresholds=[18], attempts=4, seed=seed, learning_rate=1e-9,
                       loss_crisis=crisis, **PLAIN)  # fmt: skip
        run = Run(spec(graph, ("0", own), layer="unit"), tmp_path / "store")
        expected = [attempt for attempt in range(4) if values[attempt] > 1.0005][:1]
        taken = [attempt for _, attempt, _, status, _ in run.statuses() if status == "ok"]
        assert taken == expected
        assert min(abs(value - 1.0005) for value in values) > 1e-6
        for row in run.rows:
            assert row["loss"] == pytest.approx(values[row["attempt"]], abs=1e-6)
        chosen += taken
    assert len(set(chosen)) > 1


def test_a_failed_sprite_is_transparent_and_says_why(tmp_path):
    own = settings(thresholds=[4, 60], attempts=2, **PLAIN)
    run = Run(spec(saturating(tmp_path), ("0", own), layer="unit"), tmp_path / "store")
    assert np.array(opened(run.pngs[0, 4]).convert("RGBA"))[..., 3].min() == 255
    failed = run.pngs[0, 60]
    assert opened(failed).size == (12, 12)
    assert not np.array(opened(failed).convert("RGBA"))[..., 3].any()
    told = record(failed)
    assert (told["status"], told["threshold"], told["loss"]) == (statuses.RECURRING, 60, 6.0)
    assert told["recipe"]["attempt"] == 1


def test_an_added_attempt_is_tried_by_the_failed_ones_only(tmp_path):
    graph = saturating(tmp_path)
    own = settings(thresholds=[4, 60], attempts=1, **PLAIN)
    before = Run(spec(graph, ("0-1", own), layer="unit"), tmp_path / "store")
    rescue = {**own, "fallbacks": [{"learning_rate": 1e-3}]}
    run = Run(spec(graph, ("0-1", rescue), layer="unit"), tmp_path / "store")
    assert run.started == [(1, 60)]
    assert record(run.pngs[0, 60])["status"] == "ok"
    assert {key for key in run.pngs if shown(run)[key] != shown(before)[key]} == {(0, 60)}


def test_a_threshold_before_a_known_failure_is_still_made(tmp_path):
    graph = saturating(tmp_path)
    failed = settings(thresholds=[60], attempts=1, **PLAIN)
    Run(spec(graph, ("0", failed), layer="unit"), tmp_path / "store")
    own = settings(thresholds=[10, 28, 29, 60], attempts=1, **PLAIN)
    run = Run(spec(graph, ("0", own), layer="unit"), tmp_path / "store")
    assert run.started == [(1, 28)]
    assert run.statuses() == [
        (0, 0, 10, "ok", 10), (0, 0, 28, "ok", 28), (0, 0, 29, statuses.RECURRING, 29)
    ]  # fmt: skip
    fresh = Run(spec(graph, ("0", own), layer="unit"), tmp_path / "fresh")
    assert run.pngs == fresh.pngs
    assert run.statuses() == fresh.statuses()


def test_which_attempt_a_picture_is_from_does_not_depend_on_the_order_of_asking(tmp_path):
    graph = saturating(tmp_path)
    both = settings(thresholds=[4, 60], fallbacks=[{"learning_rate": 1e-3}], attempts=1, **PLAIN)
    at_once = Run(spec(graph, ("0-1", both), layer="unit"), tmp_path / "one")
    for thresholds in ([60], [4], [4, 60]):
        asked = spec(graph, ("0-1", {**both, "thresholds": thresholds}), layer="unit")
        run = Run(asked, tmp_path / "other")
    assert run.pngs == at_once.pngs


def test_rows_hold_what_the_log_needs(first):
    _, asked, run = first
    row = next(row for row in run.rows if (row["index"], row["threshold"]) == (1, 20))
    own = asked.groups[0].settings
    assert (row["scale"], row["adam"], row["transforms"]) == (12, 0.05, "standard")
    assert (row["layer"], row["layer_name"], row["seed"]) == (0, "conv1/Relu", own["seed"])
    assert list(row["curve"]) == [8, 16]
    assert row["timestamp"] >= row["batch_id"] > 1.6e12
    assert len({row["batch_id"] for row in run.rows}) == 1
    early = next(row for row in run.rows if (row["index"], row["threshold"]) == (1, 4))
    assert early["curve"] == {}
    assert row["loss"] > early["loss"]
