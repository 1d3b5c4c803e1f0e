"""The check of config.yaml: what it lets pass, and what its messages name."""

import pytest
import yaml

from lucid_sprites.config import schema
from lucid_sprites.errors import UserError
from lucid_sprites.recipe.settings import DEFAULTS

SOURCE = "study.yaml"


def message(config) -> str:
    with pytest.raises(UserError) as caught:
        schema.check(config, SOURCE)
    return str(caught.value)


def of_series(**options):
    return {"series": {"shapes": options}}


def of_layer(**options):
    return of_series(layers=[{"layer": "conv1", **options}])


def test_keys_become_text_at_every_depth():
    config = {"series": {2024: {"layers": [{"layer": 3, "index": {7: {"scale": 32}}}]}}}
    checked = schema.check(config, SOURCE)
    assert checked == {
        "series": {"2024": {"layers": [{"layer": 3, "index": {"7": {"scale": 32}}}]}}
    }
    assert list(config["series"]) == [2024]


def test_the_schema_knows_the_settings_that_have_a_default():
    definitions = yaml.safe_load(schema.SCHEMA.read_text())["$defs"]
    assert set(definitions["layer_settings"]) == set(DEFAULTS)
    assert set(definitions["settings"]["loss_crisis"]["properties"]) == set(DEFAULTS["loss_crisis"])


def test_the_defaults_fit_the_schema_at_every_level():
    per_sprite = yaml.safe_load(schema.SCHEMA.read_text())["$defs"]["settings"]
    own = {key: DEFAULTS[key] for key in per_sprite}
    layers = [{"layer": "conv1", **DEFAULTS, "index": {"0-2, 5": own}}]
    series = {**DEFAULTS, "layers": layers}
    config = {
        "defaults": DEFAULTS,
        "series": {"shapes": {**series, "instances": [{"instance": "epoch1", **series}]}},
    }
    assert schema.check(config, SOURCE) == config


@pytest.mark.parametrize(
    "options",
    [
        {"indexes": 5},
        {"indexes": "0-7, 12"},
        {"indexes": [3, "8-15"]},
        {"indexes": []},
        {"columns": "auto", "batch_size": 24, "block_size": 1, "max_index": None},
        {"thresholds": [1, 1_000_000], "scale": 8, "seed": 4294967295, "attempts": 100},
        {"transforms": 4},
        {"transforms": [{"pad": 12}]},
        {"input": {"name": "Preprocessor/sub", "range": [0, 255]}},
        {"instances": [1, "epoch-2.5_b+c", {"instance": 3, "layers": [0]}]},
        {"fallbacks": [{"learning_rate": 0.01}, {"parametrization": "pixel", "transforms": 0}]},
    ],
)
def test_legal_values_pass(options):
    assert schema.check(of_series(**options), SOURCE) == of_series(**options)


def test_a_series_may_be_empty():
    assert schema.check({"series": {"shapes": None}}, SOURCE) == {"series": {"shapes": None}}


@pytest.mark.parametrize(
    ("config", "place", "unknown", "meant", "choices"),
    [
        (
            {"serie": {}, "series": {"a": None}},
            "top level",
            "serie",
            "series",
            "defaults, graphs, images, orphans, results, series, studies",
        ),
        (of_series(tresholds=[64]), "series.shapes", "tresholds", "thresholds", None),
        (of_layer(ndex={}), "series.shapes.layers.0", "ndex", "index", None),
        (
            of_series(loss_crisis={"hit": 3}),
            "series.shapes.loss_crisis",
            "hit",
            "hits",
            "bins, factor, hits, minimum",
        ),
        (
            of_series(fallbacks=[{"transfroms": "none"}]),
            "series.shapes.fallbacks.0",
            "transfroms",
            "transforms",
            "alpha, decorrelate, learning_rate, optimizer, parametrization, transforms",
        ),
        (
            of_series(input={"nam": "x"}),
            "series.shapes.input",
            "nam",
            "name",
            "deviation, mean, name, order, range, shown, size, values",
        ),
        (
            of_series(instances=[{"instance": "a", "layer": 3}]),
            "series.shapes.instances.0",
            "layer",
            "layers",
            None,
        ),
        (
            of_layer(index={"3-5": {"sede": 1}}),
            "series.shapes.layers.0.index.3-5",
            "sede",
            "seed",
            None,
        ),
        # Lists of layers have no sense for all series at once.
        (
            {"defaults": {"layers": []}, "series": {"a": None}},
            "defaults",
            "layers",
            None,
            ", ".join(sorted([*DEFAULTS, "labels"])),
        ),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest_and_all_choices(
    config, place, unknown, meant, choices
):
    text = message(config)
    assert text.startswith(f"{SOURCE}: unknown key '{unknown}' at {place}; did you mean ")
    if meant is not None:
        assert f"did you mean {meant}?" in text
    if choices is not None:
        assert text.endswith(f"There are {choices}")


@pytest.mark.parametrize(
    ("config", "place", "says"),
    [
        ({}, "top level", "'series' is a required property"),
        ({"series": {}}, "series", "{} should be non-empty"),
        ({"series": None}, "series", "None is not a mapping"),
        ([], "top level", "[] is not a mapping"),
        ({"series": {"a b": None}}, "series", "'a b' is not a name, which has letters"),
        ({"series": {".hidden": None}}, "series", "'.hidden' is not a name"),
        ({"series": {"../up": None}}, "series", "'../up' is not a name"),
        (of_series(instances=["x/y"]), "series.shapes.instances.0", "'x/y' is not a name"),
        (of_series(scale=7), "series.shapes.scale", "7 is less than the minimum of 8"),
        (of_series(scale=2049), "series.shapes.scale", "2049 is greater than the maximum of 2048"),
        (
            of_series(scale=True),
            "series.shapes.scale",
            "True is not a whole number from 8 or a list",
        ),
        (of_series(thresholds=[]), "series.shapes.thresholds", "[] should be non-empty"),
        (of_series(thresholds=[4, 4]), "series.shapes.thresholds", "[4, 4] has non-unique"),
        (of_series(thresholds=[0]), "series.shapes.thresholds.0", "0 is less than the minimum"),
        (of_series(thresholds=64), "series.shapes.thresholds", "64 is not a list; write [64]"),
        (of_series(learning_rate=0), "series.shapes.learning_rate", "0 is less than or equal to"),
        (
            of_series(learning_rate="1e-3"),
            "series.shapes.learning_rate",
            "'1e-3' is not a number; write 0.001",
        ),
        (
            of_series(learning_rate="2e-7"),
            "series.shapes.learning_rate",
            "'2e-7' is not a number; write 2.0e-07",
        ),
        (of_series(learning_rate="fast"), "series.shapes.learning_rate", "'fast' is not a number"),
        (of_series(seed="3"), "series.shapes.seed", "'3' is not a whole number from 0; write 3"),
        (
            of_series(decorrelate="no way"),
            "series.shapes.decorrelate",
            "'no way' is not true or false",
        ),
        (
            of_series(parametrization="ftt"),
            "series.shapes.parametrization",
            "'ftt' is not one of ['fft', 'maco', 'pixel', 'laplacian', 'cppn']",
        ),
        (of_series(seed=-1), "series.shapes.seed", "-1 is less than the minimum of 0"),
        (of_series(attempts=101), "series.shapes.attempts", "101 is greater than the maximum"),
        (
            of_series(batch_size=1),
            "series.shapes.batch_size",
            "1 is not 'auto' or a whole number from 8 in steps of 8",
        ),
        (of_series(columns=0), "series.shapes.columns", "0 is less than the minimum of 1"),
        (
            of_series(indexes="a"),
            "series.shapes.indexes",
            "'a' is not an index, a range such as 0-7",
        ),
        (of_series(indexes=[-1]), "series.shapes.indexes.0", "-1 is less than the minimum of 0"),
        (of_series(fallbacks=[{}]), "series.shapes.fallbacks.0", "{} should be non-empty"),
        (of_series(input={"range": [1]}), "series.shapes.input.range", "[1] is too short"),
        (of_series(layers="conv1"), "series.shapes.layers", "'conv1' is not a list; write [conv1]"),
        (of_layer(scale=3), "series.shapes.layers.0.scale", "3 is less than the minimum of 8"),
        (
            of_layer(index={"a": {}}),
            "series.shapes.layers.0.index",
            "'a' is not an index, a range such as 0-7",
        ),
        (
            of_layer(index={"3-5,7": {"scale": 3}}),
            "series.shapes.layers.0.index.3-5,7.scale",
            "3 is less than the minimum of 8",
        ),
        ({"graphs": "", "series": {"a": None}}, "graphs", "'' should be non-empty"),
        ({"results": "", "series": {"a": None}}, "results", "'' should be non-empty"),
        (
            {"results": "-out", "series": {"a": None}},
            "results",
            "'-out' is not a folder for results",
        ),
        (
            {"results": "a{b}", "series": {"a": None}},
            "results",
            "'a{b}' is not a folder for results",
        ),
        (
            of_series(instances=[{"instance": "a", "sha256": "12"}]),
            "series.shapes.instances.0.sha256",
            "'12' is not a SHA-256, which has 64 of 0-9 and a-f",
        ),
    ],
)
def test_wrong_values_are_refused_with_their_place_and_value(config, place, says):
    assert message(config).startswith(f"{SOURCE}: {place}: {says}")


@pytest.mark.parametrize(
    "options", [{"scale": 64.0}, {"thresholds": [64.0]}, {"seed": 1.0}, {"layers": [1.0]}]
)
def test_whole_numbers_with_a_point_are_refused_or_made_integers(options):
    try:
        checked = schema.check(of_series(**options), SOURCE)
    except UserError:
        return
    assert ".0" not in str(checked)


@pytest.mark.parametrize("rate", [float("nan"), float("inf")])
def test_numbers_must_be_finite(rate):
    assert str(rate) in message(of_series(learning_rate=rate))


def test_layer_numbers_are_not_negative():
    assert "-1" in message(of_series(layers=[-1]))


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (of_series(columns="wide"), "auto"),
        (of_series(batch_size="wide"), "auto"),
        (of_series(layers=[{"name": "conv1"}]), "'layer'"),
        (of_series(instances=[{"name": "a"}]), "'instance'"),
    ],
)
def test_messages_about_alternatives_name_the_choices(config, named):
    assert named in message(config)
