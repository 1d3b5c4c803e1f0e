"""What the viewer is told of a layer, from sheets and logs written by hand."""

import pytest

from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import OK, RECURRING
from lucid_sprites.viewer import layer_data
from viewer_layers import SPEC, cell, row, sheet


def test_cells_of_all_thresholds_run_in_parallel():
    sheets = [sheet(8, cell(0), cell(5, loss=3)), sheet(16, cell(5, 4, RECURRING, 2, 1), cell(9))]
    cells = layer_data.cells(sheets, {0: Size(64, 64), 5: Size(32, 48), 9: Size(64, 64)})
    assert cells["index"] == [0, 5, 9]
    assert cells["scale"] == ["64", "32x48", "64"]
    assert cells["at"][8]["loss"] == [1.5, 3, None]
    assert cells["at"][16]["status"] == [None, RECURRING, OK]
    assert cells["at"][16]["seed"] == [None, 2, 0]
    assert cells["at"][16]["attempt"] == [None, 1, 0]


def test_a_curve_joins_what_the_thresholds_of_an_attempt_have():
    rows = [
        row(4, step=8, loss=1.0, curve={"4": 0.5, "8": 1.0}),
        row(4, step=18, loss=3.0, curve={"4": 0.5, "8": 1.0, "16": 2.5}),
    ]
    groups = [{"indexes": "4", "settings": {"scale": [48, 80]}}]
    details = layer_data.details(rows, groups)
    assert details["settings"] == [{"scale": "48x80"}]
    (attempt,) = details["units"][4]["attempts"]
    assert attempt["curve"] == [(4, 0.5), (8, 1.0), (16, 2.5), (18, 3.0)]
    assert (attempt["step"], attempt["seed"], attempt["status"]) == (18, 7, OK)


def test_attempts_are_in_order_and_settings_are_those_of_the_unit():
    rows = [row(1, attempt=1), row(1, attempt=0, status=RECURRING), row(0)]
    groups = [
        {"indexes": "0", "settings": {"scale": 64, "seed": 0}},
        {"indexes": "1-2", "settings": {"scale": 64, "seed": 3}},
    ]
    units = layer_data.details(rows, groups)["units"]
    assert [a["status"] for a in units[1]["attempts"]] == [RECURRING, OK]
    assert [units[index]["settings"] for index in units] == [0, 1, 1]


def test_summary_counts_statuses_and_units():
    sheets = [sheet(8, cell(0), cell(1)), sheet(16, cell(0), cell(2, status=RECURRING))]
    summary = layer_data.summary(SPEC, sheets, [])
    assert summary["status"] == {"8": {OK: 2}, "16": {OK: 1, RECURRING: 1}}
    assert summary["units"] == 3
    assert summary["cell"] == {"8": 64, "16": 64}
    assert {name: summary[name] for name in SPEC} == SPEC


def test_the_spread_is_that_of_attempts_with_a_picture():
    rows = [row(index, step=8, loss=float(index)) for index in range(5)]
    rows.append(row(9, status=RECURRING, step=8, loss=100.0))
    spread = layer_data.summary(SPEC, [], rows)["loss"]
    assert spread == {"step": [8], "low": [1.0], "median": [2.0], "high": [3.0]}


def test_seconds_count_every_run_of_a_job_once():
    rows = [
        row(0, batch_id=1000, timestamp=3000),
        row(1, batch_id=1000, timestamp=4500),
        row(2, batch_id=9000, timestamp=9500),
    ]
    assert layer_data.summary(SPEC, [], rows)["seconds"] == pytest.approx(4.0)
