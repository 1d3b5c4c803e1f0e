"""What becomes of sprites whose optimization fails: further attempts, rows, empty pictures."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from block_runs import PLAIN, Run, opened, record, settings, shown, spec

import tiny_graphs
from lucid_sprites.engine import random_streams
from lucid_sprites.recipe import statuses


def saturating(tmp_path) -> Path:
    """Unit 0 grows from 5 to 6 and stays there: it fails at step 29. Unit 1 never fails."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.array([[10, 1], [0, 0], [0, 0]], np.float32)[None, None]
        sums = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID")
        # No operation whose ceiling is known.
        tf.where(sums < 6, sums, 6 * tf.ones_like(sums), name="unit")

    return tiny_graphs.save(tiny_graphs.frozen(build), tmp_path / "saturating.pb")


def test_a_constant_unit_is_not_tried_again(tmp_path):
    graph = tiny_graphs.save(tiny_graphs.small(depth=6, dead=(5,)), tmp_path / "small.pb")
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


def asleep(tmp_path) -> Path:
    """Unit 0 fires above a red of 0.9, which starts at 0.5; unit 1 above 1.5; unit 2 always."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.array([[1, 1, 1], [0, 0, 0], [0, 0, 0]], np.float32)[None, None]
        sums = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID")
        tf.nn.relu(tf.nn.bias_add(sums, np.float32([-0.9, -1.5, 0])), name="unit")

    return tiny_graphs.save(tiny_graphs.frozen(build), tmp_path / "asleep.pb")


RESCUED = {"thresholds": [4, 60], "attempts": 2, "rescue": True, **PLAIN}


def test_units_that_are_off_are_rescued_at_last(tmp_path):
    asked = spec(asleep(tmp_path), ("0-2", settings(**RESCUED)), layer="unit")
    run = Run(asked, tmp_path / "store")
    recurring, ok, silent = statuses.RECURRING, "ok", statuses.SILENT
    assert [row for row in run.statuses() if row[0] == 0] == [
        (0, 0, 4, ok, 4), (0, 0, 60, recurring, 29), (0, 1, 60, recurring, 29), (0, 2, 60, ok, 60)
    ]  # fmt: skip
    assert [row for row in run.statuses() if row[0] == 1][-1] == (1, 2, 60, silent, 60)
    assert [row for row in run.statuses() if row[0] == 2] == [(2, 0, 4, ok, 4), (2, 0, 60, ok, 60)]
    told = record(run.pngs[0, 60])
    assert (told["status"], told["recipe"]["attempt"], told["recipe"]["lifted"]) == ("ok", 2, True)
    assert told["loss"] > 0
    again = Run(asked, tmp_path / "store")
    assert (again.started, again.pngs, again.rows) == ([], run.pngs, run.rows)


def test_a_silent_unit_shows_faintly_what_comes_nearest(tmp_path):
    run = Run(spec(asleep(tmp_path), ("0-1", settings(**RESCUED)), layer="unit"), tmp_path / "s")
    told, picture = record(run.pngs[1, 60]), np.array(opened(run.pngs[1, 60]))
    assert told["status"] == statuses.SILENT
    # Red is above 0.9 after 60 steps, and the unit would need 1.5.
    assert -0.6 < told["loss"] < -0.5
    assert picture.shape == (12, 12, 4)
    assert set(picture[..., 3].ravel()) == {89}  # 0.35 of 255
    assert picture[..., 0].max() > 230
    assert np.array(opened(run.pngs[0, 60])).shape == (12, 12, 3)


def test_a_silent_unit_goes_on_from_where_it_was(tmp_path):
    graph = asleep(tmp_path)
    for thresholds in ([4, 60], [4, 60, 80]):
        own = settings(**{**RESCUED, "thresholds": thresholds})
        run = Run(spec(graph, ("1", own), layer="unit"), tmp_path / "store")
    assert run.started == [(1, 20)]
    at_once = Run(spec(graph, ("1", own), layer="unit"), tmp_path / "other")
    assert run.pngs == at_once.pngs


def test_failures_that_were_met_otherwise_are_tried_again(tmp_path):
    """What failed before a change of how failures are met; what came out is not touched."""
    asked = spec(saturating(tmp_path), ("0-1", settings(thresholds=[4, 60], attempts=1, **PLAIN)),
                 layer="unit")  # fmt: skip
    before = Run(asked, tmp_path / "store")
    assert Run(asked, tmp_path / "store").started == []
    run = Run(dataclasses.replace(asked, retries="another way"), tmp_path / "store")
    assert run.started == [(1, 60)]
    assert run.pngs == before.pngs
    assert Run(dataclasses.replace(asked, retries="another way"), tmp_path / "store").started == []
