"""The count of sprites at the end of a run."""

import json

import pytest

from lucid_sprites.recipe.statuses import CONSTANT, OK, RECURRING
from lucid_sprites.sprites.summary import summarize


@pytest.fixture
def sheet(tmp_path):
    def written(threshold, statuses, number=4, layer="conv1/Relu", instance="a"):
        path = tmp_path / instance / f"l_{number}_t_{threshold}.png"
        path.parent.mkdir(exist_ok=True)
        described = {
            "series": "shapes",
            "instance": instance,
            "number": number,
            "layer": layer,
            "threshold": threshold,
            "cell": 16,
            "cells": [
                {
                    "index": index,
                    "status": status,
                    "loss": 0.5,
                    "seed": 0,
                    "attempt": 0,
                    "sprite": f"{index}.png",
                }
                for index, status in statuses.items()
            ],
        }
        path.with_suffix(".json").write_text(json.dumps(described))
        return str(path)

    return written


def test_good_sprites_are_counted_in_one_line(sheet):
    sheets = [sheet(64, dict.fromkeys(range(6), OK)), sheet(256, dict.fromkeys(range(5), OK))]
    assert summarize(sheets) == "11 sprites: 11 ok"


def test_failed_sprites_are_listed_by_place_and_reason(sheet):
    sheets = [
        sheet(64, {0: OK, 1: CONSTANT, 2: CONSTANT, 3: OK, 5: CONSTANT}),
        sheet(256, {0: OK, 1: CONSTANT, 3: RECURRING}),
        sheet(64, {7: RECURRING}, number=9, layer="pool", instance="b"),
        sheet(64, {0: OK, 1: OK}, number=10, layer="conv2", instance="b"),
    ]
    assert summarize(sheets).split("\n") == [
        "11 sprites: 5 ok, 4 constant_output, 2 recurring_loss",
        "  shapes/a layer 4 (conv1/Relu) at 64 steps: constant_output: 1-2,5",
        "  shapes/a layer 4 (conv1/Relu) at 256 steps: constant_output: 1",
        "  shapes/a layer 4 (conv1/Relu) at 256 steps: recurring_loss: 3",
        "  shapes/b layer 9 (pool) at 64 steps: recurring_loss: 7",
    ]


def test_the_commonest_status_comes_first(sheet):
    text = summarize([sheet(64, {0: OK, 1: CONSTANT, 2: CONSTANT})])
    assert text.split("\n")[0] == "3 sprites: 2 constant_output, 1 ok"


def test_sheets_that_were_not_asked_for_are_left_out(sheet, tmp_path):
    # `snakemake results/.../losses.csv` succeeds without any sheet.
    assert summarize([sheet(64, {0: OK}), str(tmp_path / "other.png")]) == "1 sprites: 1 ok"
