"""The loss log of an instance, as pandas reads it."""

import json
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from input_specs import input_spec
from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.recipe.settings import DEFAULTS, merge, recipes, resolve
from lucid_sprites.recipe.statuses import CONSTANT, NOT_FINITE, OK, RECURRING
from lucid_sprites.sprites import attempts_log, losses
from lucid_sprites.sprites.attempts_log import rows
from lucid_sprites.sprites.block import BlockSpec, Sprite
from lucid_sprites.sprites.store import ENGINE_VARIANT, Entry

# The original kit's columns in its order, then those that it did not have.
COLUMNS = [
    "batch_id", "timestamp", "scale", "adam", "transforms", "layer", "index", "threshold", "loss",
    "status", "seed", "attempt", "step", "layer_name", "parametrization", "variant", "rise",
    "ceiling", "label",
]  # fmt: skip
DTYPES = {
    **dict.fromkeys(COLUMNS, np.dtype(np.int64)),
    **dict.fromkeys(("adam", "loss", "rise", "ceiling", "label"), np.dtype(np.float64)),
}
TEXT = {"transforms", "status", "layer_name", "parametrization", "variant"}


def ok(loss, thresholds, batch):
    return Entry(
        OK,
        thresholds[-1],
        loss,
        pngs=dict.fromkeys(thresholds, b"png"),
        losses={threshold: loss + threshold for threshold in thresholds},
        timestamps={threshold: batch + threshold for threshold in thresholds},
        batches=dict.fromkeys(thresholds, batch),
    )


def failed(status, step, loss, batch, reached=()):
    steps = [*reached, step]
    return Entry(
        status,
        step,
        loss,
        pngs=dict.fromkeys(reached, b"png"),
        losses={threshold: loss + threshold for threshold in reached},
        timestamps={step: batch + step for step in steps},
        batches=dict.fromkeys(steps, batch),
    )


def sprite(index, attempts, **settings):
    resolved = resolve(merge(DEFAULTS, {"thresholds": [16, 64], **settings}), "study.yaml")
    return Sprite(index, recipes(resolved), [16, 64], [], attempts=attempts)


SPEC = BlockSpec("a.pb", "", "", input_spec(), 2, "conv2", 4, True, [])


def write_block(path, number, layer, sprites):
    """As the block's job writes it, without the sprites."""
    spec = BlockSpec("a.pb", "", "", input_spec(), number, layer, 4, True, [])
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(layout.ATTEMPTS, json.dumps(rows(spec, sprites)))
    return str(path)


@pytest.fixture
def blocks(tmp_path):
    """Two blocks of layer 10 and one of layer 2, by three runs of jobs."""
    spelled = [{"pad": 4}, {"scale": [0.9, 1.1]}]
    return [
        write_block(tmp_path / "l_10_b_1.zip", 10, "conv10/Relu", [
            sprite(5, {0: failed(RECURRING, 40, 0.25, 3000, [16]), 1: ok(1.5, [16, 64], 4000)}),
            sprite(4, {0: ok(2.5, [16, 64], 3000)}, transforms=spelled, learning_rate=0.5),
        ]),
        write_block(tmp_path / "l_10_b_0.zip", 10, "conv10/Relu", [
            sprite(0, {0: failed(CONSTANT, 0, 0.0, 1000)}, transforms="none"),
        ]),
        write_block(tmp_path / "l_2_b_0.zip", 2, "conv2/Relu", [
            sprite(9, {0: failed(NOT_FINITE, 3, float("nan"), 1000)}, seed=7, scale=32),
        ]),
    ]  # fmt: skip


def written(blocks, path):
    path.write_text(losses.table(blocks).to_csv(index=False))
    return pd.read_csv(path)


def test_columns_come_in_the_kits_order_then_the_new_ones(blocks, tmp_path):
    assert list(written(blocks, tmp_path / "losses.csv").columns) == COLUMNS
    assert [column.name for column in attempts_log.LISTED] == COLUMNS


def test_columns_have_their_types_without_any_options(blocks, tmp_path):
    log = written(blocks, tmp_path / "losses.csv")
    for name in COLUMNS:
        if name in TEXT:
            assert all(isinstance(value, str) for value in log[name]), name
        else:
            assert log[name].dtype == DTYPES[name], name


def test_rows_are_ordered_and_hold_their_values(blocks, tmp_path):
    log = written(blocks, tmp_path / "losses.csv")
    columns = ["layer", "index", "attempt", "threshold", "step", "status", "batch_id", "timestamp"]
    # Layer 2 before 10, index 4 before 5; batch ids count the runs by time.
    assert log[columns].to_numpy().tolist() == [
        [2, 9, 0, 16, 3, NOT_FINITE, 1, 1003],
        [10, 0, 0, 16, 0, CONSTANT, 1, 1000],
        [10, 4, 0, 16, 16, OK, 2, 3016],
        [10, 4, 0, 64, 64, OK, 2, 3064],
        [10, 5, 0, 16, 16, OK, 2, 3016],
        [10, 5, 0, 64, 40, RECURRING, 2, 3040],
        [10, 5, 1, 16, 16, OK, 3, 4016],
        [10, 5, 1, 64, 64, OK, 3, 4064],
    ]
    assert log["loss"].tolist()[1:] == [0.0, 18.5, 66.5, 16.25, 0.25, 17.5, 65.5]
    assert np.isnan(log["loss"][0])
    assert log["adam"].tolist() == [0.05, 0.05, 0.5, 0.5, *[0.05] * 4]
    assert log["scale"].tolist() == [32, *[64] * 7]
    assert log["seed"].tolist() == [7, *[0] * 7]
    assert log["layer_name"].tolist() == ["conv2/Relu", *["conv10/Relu"] * 7]
    assert set(log["parametrization"]) == {"fft"}
    assert set(log["variant"]) == {ENGINE_VARIANT}


def test_transforms_are_names_or_readable_lists(blocks, tmp_path):
    transforms = written(blocks, tmp_path / "losses.csv")["transforms"].tolist()
    assert transforms[:2] == ["standard", "none"]
    assert json.loads(transforms[2]) == [{"pad": 4}, {"scale": [0.9, 1.1]}]


def test_the_rise_is_that_of_the_last_half(tmp_path):
    growing = ok(1.0, [16, 64], 4000)  # a loss of 17 at step 16, of 65 at step 64
    growing.curve = {4: 2.0, 8: 9.0, 16: 17.0, 24: 33.0, 40: 50.0}
    stuck = failed(RECURRING, 40, 0.25, 3000)
    stuck.curve = {20: 0.25}
    early = failed(NOT_FINITE, 3, float("nan"), 1000)
    block = write_block(tmp_path / "b.zip", 2, "conv2", [
        sprite(0, {0: growing}), sprite(1, {0: stuck}), sprite(2, {0: early}),
    ])  # fmt: skip
    rises = written([block], tmp_path / "losses.csv")["rise"].tolist()
    # From step 8 to 16, from 24 to 64, from 20 to 40; the last has no curve.
    assert rises[:3] == [(17 - 9) / 8, (65 - 33) / 40, 0]
    assert np.isnan(rises[3])


def test_the_ceilings_of_layers_stand_beside_the_losses(blocks, tmp_path):
    (tmp_path / "losses.csv").write_text(losses.table(blocks, {}, {10: 6.0}).to_csv(index=False))
    log = pd.read_csv(tmp_path / "losses.csv")
    assert set(log["ceiling"][log["layer"] == 10]) == {6.0}
    assert log["ceiling"][log["layer"] == 2].isna().all()
    assert {2, 10} <= set(log["layer"])


def test_units_with_names_of_classes_have_them_in_the_last_column(blocks, tmp_path):
    labels = {(10, 4): "tabby, tabby cat", (10, 5): "crane", (2, 4): "another layer's"}
    (tmp_path / "losses.csv").write_text(losses.table(blocks, labels).to_csv(index=False))
    log = pd.read_csv(tmp_path / "losses.csv", keep_default_na=False)
    found = {
        (layer, index): label for layer, index, label in log[["layer", "index", "label"]].to_numpy()
    }
    assert found == {(2, 9): "", (10, 0): "", (10, 4): "tabby, tabby cat", (10, 5): "crane"}


def test_the_order_of_the_blocks_does_not_matter(blocks):
    pd.testing.assert_frame_equal(losses.table(blocks), losses.table(blocks[::-1]))


def torn(path):
    path.write_bytes(path.read_bytes()[:-30])


def without_the_records(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("i_0_t_16.png", b"")


def with_torn_records(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(layout.ATTEMPTS, "[{")


@pytest.mark.parametrize("damage", [torn, without_the_records, with_torn_records])
def test_a_damaged_block_is_refused_with_its_name(tmp_path, blocks, damage):
    path = tmp_path / "l_10_b_0.zip"
    damage(path)
    with pytest.raises(UserError) as caught:
        losses.table(blocks)
    assert str(caught.value).startswith(f"{path}: is damaged (")
    assert str(caught.value).endswith("); it was deleted, run again")
    assert not path.exists()


def test_a_block_holds_its_rows_as_it_always_did():
    (row,) = rows(SPEC, [sprite(4, {0: ok(1.5, [16], 10)})])
    assert json.dumps(row) == (
        '{"scale": 64, "adam": 0.05, "transforms": "standard", "layer": 2, "index": 4, "seed": 0, '
        '"attempt": 0, "layer_name": "conv2", "parametrization": "fft", '
        f'"variant": "{ENGINE_VARIANT}", "batch_id": 10, "timestamp": 26, "threshold": 16, '
        '"loss": 17.5, "status": "ok", "step": 16, "curve": {}}'
    )


def of_the_first_format(row):
    del row["curve"]


def of_the_next_format(row):
    row["gradient"] = 0.5


@pytest.mark.parametrize(
    ("change", "found"), [(of_the_first_format, "1"), (of_the_next_format, "3 or later")]
)
def test_a_log_of_another_format_says_so(tmp_path, change, found):
    (row,) = rows(SPEC, [sprite(4, {0: ok(1.5, [16], 10)})])
    change(row)
    path = tmp_path / "b_0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(layout.ATTEMPTS, json.dumps([row]))
    with pytest.raises(UserError) as caught:
        losses.table([str(path)])
    assert str(caught.value) == (
        f"{path}: has a log of format {found}, this version writes 2; it was deleted, run again"
    )
    assert not path.exists()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"seed": "seven"}, "'seven' is no seed"),
        ({"scale": []}, r"\[\] is no size"),
        ({"adam": 10**400}, "int too large to convert to float"),
        ({"loss": 10**400, "step": 16, "curve": {"4": 0.5}}, "int too large to convert to float"),
    ],
)
def test_a_value_that_cannot_be_is_damage(tmp_path, value, why):
    (row,) = rows(SPEC, [sprite(4, {0: ok(1.5, [16], 10)})])
    path = tmp_path / "b_0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(layout.ATTEMPTS, json.dumps([{**row, **value}]))
    with pytest.raises(UserError, match=rf"is damaged \({why}\); it was deleted"):
        losses.table([str(path)])
    assert not path.exists()


def run_program(monkeypatch, results, out, blocks):
    place = {"results": str(results), "series": "shapes", "instance": "a"}
    spec = json.dumps({**place, "blocks": blocks})
    monkeypatch.setattr(sys, "argv", ["losses", "--made", "x", "--spec", spec, "--out", str(out)])
    losses.main()


def test_the_program_joins_the_blocks_of_its_spec(tmp_path, monkeypatch):
    for layer, block in ((2, 0), (10, 0), (10, 1), (10, 3)):
        path = tmp_path / layout.BLOCK.format(
            series="shapes", instance="a", layer=layer, block=block
        )
        write_block(path, layer, f"conv{layer}", [sprite(block, {0: ok(1.0, [16, 64], 5)})])
    out = tmp_path / "shapes" / "a" / "losses.csv"
    # JSON has no keys that are numbers. Block 3 is not asked for.
    run_program(monkeypatch, tmp_path, out, {"2": "0", "10": "0-1"})
    log = pd.read_csv(out)
    assert log[["layer", "index"]].drop_duplicates().to_numpy().tolist() == [
        [2, 0], [10, 0], [10, 1],
    ]  # fmt: skip


def test_the_program_ends_with_a_message_and_no_log(tmp_path, monkeypatch):
    out = tmp_path / "losses.csv"
    with pytest.raises(SystemExit) as caught:
        run_program(monkeypatch, tmp_path, out, {"2": "0"})
    missing = tmp_path / "shapes" / "a" / "blocks" / "l_2_b_0.zip"
    assert str(caught.value).startswith(f"error: {missing}: cannot be read: No such file")
    assert not out.exists()


def test_a_whole_learning_rate_is_a_float_too(tmp_path):
    entry = ok(1.0, [16, 64], 5)
    block = write_block(tmp_path / "a.zip", 2, "conv2", [sprite(0, {0: entry}, learning_rate=1)])
    assert written([block], tmp_path / "losses.csv")["adam"].dtype == np.float64
