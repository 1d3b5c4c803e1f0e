"""Blocks: what is optimized, and what comes from the store."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from block_runs import Run, opened, record, settings, shown, spec

import lucid_sprites
import tiny_graphs
from lucid_sprites import made
from lucid_sprites.engine.task import CURVE_EVERY
from lucid_sprites.files import sha256
from lucid_sprites.recipe.settings import DEFAULTS
from lucid_sprites.sprites import block, png
from lucid_sprites.sprites.block import BlockSpec
from lucid_sprites.sprites.store import Store


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
print(sum(len(sprite.entries) for sprite in sprites), "tensorflow" in sys.modules)
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
