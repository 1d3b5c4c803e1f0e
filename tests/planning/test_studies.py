"""Studies of config.yaml resolved against a catalogue."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.planning.study_selection import plan_studies
from lucid_sprites.recipe.objectives import parse, text
from plans import catalogue_of, layer_of, plan_of

CATALOGUE = catalogue_of(
    *(
        layer_of(n, name, depth=depth, macs=10.0 * (n + 1), activations=4.0, content=name)
        for n, (name, depth) in enumerate([("conv1/Relu", 6), ("conv2/Relu", 5), ("logits", 3)])
    )
)


def studies(kinds, series=None, **config):
    instances = [(name, state) for name in ("net", "other") for state in ("1k", "2k")]
    config = {"series": series or {"net": None, "other": None}, "studies": kinds, **config}
    plan = plan_of(Path("results"), CATALOGUE, instances, config)
    return plan_studies(config, plan, "config.yaml")


def study(kind, **config):
    """The one study of the first instance."""
    (found,) = studies({"s": kind}, **config).sprites.instances["net", "1k"].layers
    return found


def lines(found):
    return [text(settings["objective"]) for settings in found.settings.values()]


def message(kind, **config):
    with pytest.raises(UserError) as caught:
        study(kind, **config)
    return str(caught.value)


def test_objectives_become_cells_with_full_layer_names():
    found = study(
        {
            "objectives": [
                'channel("*2/Relu", 3)',
                {"objective": "-channel(0, 5)", "name": "dark", "learning_rate": 0.1},
            ],
            "thresholds": [8, 4],
            "scale": 32,
        }
    )
    assert lines(found) == ['channel("conv2/Relu", 3)', '-channel("conv1/Relu", 5)']
    assert found.titles == ['channel("*2/Relu", 3)', "dark"]
    assert (found.depth, found.columns, found.thresholds) == (2, 2, [4, 8])
    assert [s["learning_rate"] for s in found.settings.values()] == [0.05, 0.1]
    assert [s["stream"] for s in found.settings.values()] == [0, 1]
    assert all("members" not in settings for settings in found.settings.values())


def test_settings_come_from_defaults_series_instance_and_study():
    series = {
        "net": {"learning_rate": 0.2, "instances": [{"instance": "1k", "seed": 4}]},
        "other": None,
    }
    kind = {"objectives": ["L1()"], "scale": [16, 24]}
    found = study(kind, series=series, defaults={"thresholds": [7], "seed": 1})
    (settings,) = found.settings.values()
    assert (settings["thresholds"], settings["learning_rate"]) == ([7], 0.2)
    assert (settings["seed"], settings["scale"]) == (4, [16, 24])


def test_a_strip_goes_from_one_to_the_other_from_one_start():
    ends = {"from": 'channel("conv1/Relu", 1)', "to": '2 * channel("conv2/Relu", 3)'}
    found = study({"interpolate": {**ends, "steps": 3}})
    assert lines(found)[1] == (
        '0.5 * channel("conv1/Relu", 1) + 0.5 * 2 * channel("conv2/Relu", 3)'
    )
    forms = {len(settings["objective"]["of"]) for settings in found.settings.values()}
    assert forms == {2}  # both ends are there even where one counts for nothing
    assert {settings["stream"] for settings in found.settings.values()} == {0}
    assert (found.titles, found.columns) == (["0%", "50%", "100%"], 3)
    assert "members" not in found.settings[0]
    aligned = study({"interpolate": {**ends, "steps": 3, "align": 1, "weight": 2}})
    assert lines(aligned)[0].endswith('+ 2 * alignment("conv2/Relu")')
    assert [settings["members"] for settings in aligned.settings.values()] == [3, 3, 3]


def test_a_shared_part_makes_a_unit_that_is_tried_once():
    found = study({"objectives": ["L1()", "L2()"], "shared": [2, 4], "attempts": 3})
    assert found.block_size == 2
    assert {(s["members"], s["attempts"]) for s in found.settings.values()} == {(2, 1)}


def test_pairs_are_rows_and_columns():
    first, second = ["channel(0, 1)", "channel(0, 2)"], ["channel(1, 3)"] * 3
    found = study({"pairs": {"first": first, "second": second, "weight": -0.5}})
    assert (found.depth, found.columns) == (6, 3)
    assert lines(found)[3] == 'channel("conv1/Relu", 2) - 0.5 * channel("conv2/Relu", 3)'


def test_a_diversity_set_is_one_unit():
    found = study({"diversity": {"objective": "channel(0, 1)", "layer": 1, "count": 3,
                                 "weight": 4}})  # fmt: skip
    assert lines(found) == ['channel("conv1/Relu", 1) - 4 * diversity("conv2/Relu")'] * 3
    assert [settings["stream"] for settings in found.settings.values()] == [0, 1, 2]
    assert len(found.blocks) == 1


def test_channel_interpolate_is_spelled_out_for_each_member():
    line = "channel_interpolate(0, 1, 1, 3) - 2 * alignment(0)"
    found = study({"together": {"objective": line, "count": 3}})
    assert lines(found)[0].startswith(
        '1.0 * channel("conv1/Relu", 1) + 0.0 * channel("conv2/Relu", 3)'
    )
    assert lines(found)[2].startswith(
        '0.0 * channel("conv1/Relu", 1) + 1.0 * channel("conv2/Relu", 3)'
    )


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"1")
    return path


def test_recipes_of_photos_know_their_content(photo):
    caricature = {"photo": str(photo), "layers": [0, "conv2/Relu"], "cossim_pow": 1}
    grid = {"photo": str(photo), "layer": 1, "rows": 2, "columns": 3}
    plan = studies({"c": {"caricature": caricature}, "g": {"activation_grid": grid}})
    drawn, patches = plan.sprites.instances["net", "1k"].layers
    assert drawn.titles == ["0", "conv2/Relu"]
    assert lines(drawn)[1] == f'caricature("conv2/Relu", photo("{photo}"), 1)'
    assert (patches.depth, patches.columns) == (6, 3)
    assert patches.settings[4]["objective"]["vec"]["cell"] == [1, 1, 2, 3]
    place = SimpleNamespace(series="net", instance="1k", study="c", block="0")
    assert plan.photos(place) == [str(photo)]
    before = plan.sprites.block_spec(place)
    photo.write_bytes(b"2")
    after = studies({"c": {"caricature": caricature}}).sprites.block_spec(place)
    assert before != after


def test_paths_are_those_of_the_study():
    plan = studies({"s": {"objectives": ["L1()"] * 2, "thresholds": [4], "scale": [16, 24]}})
    folder = "results/net/1k/studies/s"
    place = SimpleNamespace(series="net", instance="1k", study="s", block="0", threshold="4",
                            index="1", scale="16x24")  # fmt: skip
    assert plan.sprites.block_of_sprite(place) == f"{folder}/blocks/b_0.zip"
    assert plan.sprites.sheet_sprites(place) == [
        f"{folder}/sprites/i_{i}_t_4_s_16x24.png" for i in range(2)
    ]
    assert len(plan.sprites.all_sheets()) == len(plan.all_losses()) == 4
    assert plan.sprites.all_sheets()[0] == f"{folder}/spritemaps/t_4.png"
    assert plan.sprites.store(place) == "results/net/1k/store"
    spec = json.loads(plan.sheet_spec(place))
    assert (spec["study"], spec["titles"], spec["depth"]) == ("s", ["L1()", "L1()"], 2)
    assert json.loads(plan.losses_spec(place))["blocks"] == {"0": "0"}


def test_a_study_is_for_the_series_and_instances_it_names():
    kind = {"objectives": ["L1()"], "series": ["net"], "instances": ["2k"]}
    assert list(studies({"s": kind}).sprites.instances) == [("net", "2k")]
    assert not studies(None).sprites.instances


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({}, "study s: needs exactly one of objectives, interpolate"),
        ({"objectives": ["L1()"], "pairs": {"first": ["L1()"], "second": ["L1()"]}}, "exactly one"),
        ({"objectives": ['channel("a" 3)']}, "objectives 1: expected"),
        ({"objectives": ['channel("conv3", 3)']}, "is not a layer of the graph; nearest names"),
        ({"objectives": ['channel("*/Relu", 3)']}, "stands for 2 layers (conv1/Relu, conv2/Relu"),
        ({"objectives": ["L1()", "channel(1, 5)"]}, "objective 2: channel 5 is beyond the depth of "
         "conv2/Relu; choose from 0 to 4"),
        ({"objectives": ["localized_group(1, [0, 7], 1, 1)"]}, "channel 7 is beyond"),
        ({"objectives": ["direction(1, [1, 2])"]}, "2 numbers for the 5 channels of conv2/Relu"),
        ({"objectives": ["diversity(1)"]}, "diversity compares sprites: use it under `together`"),
        ({"objectives": ["channel_interpolate(0, 1, 1, 1)"]}, "needs several sprites"),
        ({"objectives": ["opacity()"]}, "opacity is for transparent sprites: set `alpha: true`"),
        ({"objectives": ['input_diff(photo("no.jpg"))']}, "no.jpg: cannot be read"),
        ({"objectives": ["L1()"], "start": "no.jpg"}, "no.jpg: cannot be read"),
        ({"objectives": ["L1()"], "series": ["nett"]}, "no series 'nett'; there are net, other"),
        ({"objectives": ["L1()"], "instances": ["3k"]}, "no instance '3k'; there are 1k, 2k"),
        ({"objectives": ["L1()"], "engine": "lucid"}, "optimizes channels of layers only"),
        ({"objectives": ["L1()"] * 33, "shared": [2]}, "33 sprites are more than 32"),
        ({"objectives": ["L1()"], "colour": 1}, "unknown key 'colour' at studies.s"),
        ({"objectives": ["L1()"], "optimizer": "adamw"}, "adamw"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(kind, expected):
    assert expected in message(kind)


def test_a_cppn_starts_from_no_picture(photo):
    kind = {"objectives": ["L1()"], "start": str(photo)}
    assert "a cppn cannot start" in message({**kind, "parametrization": "cppn"})
    assert study(kind).photos == [str(photo)]


def test_resolved_objectives_are_objectives_again():
    found = study({"objectives": ["2 * channel(0, 1) * deepdream(1) - L1()"]})
    (line,) = lines(found)
    assert parse(line).data == found.settings[0]["objective"]
