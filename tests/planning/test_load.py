"""From config files and real graph files to the plan."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from study_folder import SOURCE, Study

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256
from lucid_sprites.planning.load import load
from lucid_sprites.recipe.settings import DEFAULTS


def test_all_instances_come_in_natural_order_with_all_activations(study):
    plan = study.load()
    assert list(plan.instances) == [("shapes", "epoch2"), ("shapes", "epoch10")]
    for (_, instance), found in plan.instances.items():
        assert found.graph == str(study.model(instance))
        assert [(layer.number, layer.depth) for layer in found.layers] == [(2, 6), (5, 5)]
        assert found.layers[0].settings[5]["thresholds"] == DEFAULTS["thresholds"]
        assert found.catalogue.sha256 == sha256(study.model(instance))


def test_a_series_without_options_is_a_series(study):
    config = {
        "graphs": str(study.graphs),
        "results": str(study.results),
        "series": {"shapes": None},
    }
    assert len(load(config, SOURCE).instances) == 2


def test_listed_instances_come_in_their_order(study):
    plan = study.load(instances=["epoch10", {"instance": "epoch2", "layers": [3]}])
    assert list(plan.instances) == [("shapes", "epoch10"), ("shapes", "epoch2")]
    chosen = [[layer.number for layer in found.layers] for found in plan.instances.values()]
    assert chosen == [[2, 5], [3]]


@pytest.mark.parametrize("name", ["training", "comparison", "viewer", "manifest.json"])
def test_an_instance_cannot_have_a_name_of_the_workflows_own(study, name):
    study.graph("epoch2").rename(study.graph(name))
    message = (
        f"{SOURCE}: series shapes: instance cannot be called {name!r}: the workflow keeps its own "
        f"files under that name; choose any but {', '.join(layout.OWN_OF_SERIES)}"
    )
    assert study.message() == message
    assert study.message(instances=[{"instance": name, "file": str(study.graph(name))}]) == message


@pytest.mark.parametrize("name", layout.OWN_OF_RESULTS)
def test_a_series_cannot_have_a_name_of_the_workflows_own(study, name):
    config = {"graphs": str(study.graphs), "results": str(study.results), "series": {name: None}}
    with pytest.raises(UserError) as caught:
        load(config, SOURCE)
    assert str(caught.value).startswith(
        f"{SOURCE}: series {name}: series cannot be called {name!r}"
    )
    assert str(caught.value).endswith(f"choose any but {', '.join(layout.OWN_OF_RESULTS)}")


@pytest.mark.parametrize("name", ["studies", "images", "store", "sprites", "blocks", "results"])
def test_names_inside_an_instances_folder_are_free(study, name):
    (study.graphs / "shapes").rename(study.graphs / name)
    (study.graphs / name / "epoch2.pb").rename(study.graphs / name / f"{name}.pb")
    config = {"graphs": str(study.graphs), "results": str(study.results), "series": {name: None}}
    assert set(load(config, SOURCE).instances) == {(name, "epoch10"), (name, name)}


def test_the_workflows_own_names_are_those_of_its_layout():
    other = ("NAME", "VIEW", "ATTEMPTS", "REVIEW")
    paths = [
        value.split("/")
        for name, value in vars(layout).items()
        if name.isupper() and isinstance(value, str) and name not in other
    ]
    first = {parts[0] for parts in paths}
    second = {parts[1] for parts in paths if parts[0] == "{series}"}
    # No name that people choose begins with a dot.
    assert {name for name in first if name[0] not in "{."} == set(layout.OWN_OF_RESULTS)
    assert {name for name in second if "{" not in name} == set(layout.OWN_OF_SERIES)


# Each level sets another value of the same key, for conv1/Relu, index 3.
LEVELS = ["defaults", "series", "instance", "series layer", "instance layer", "index"]


def at_levels(count, key, values):
    """Arguments of `load` that set `key` on the first `count` levels."""
    level = {name: {key: value} for name, value in zip(LEVELS[:count], values, strict=False)}
    of_instance = {**level.get("instance layer", {}), "index": {"3": level.get("index", {})}}
    return {
        "defaults": level.get("defaults", {}),
        **level.get("series", {}),
        "layers": [{"layer": "conv1/Relu", **level.get("series layer", {})}],
        "instances": [
            {
                "instance": "epoch2",
                **level.get("instance", {}),
                "layers": [{"layer": 2, **of_instance}],
            }
        ],
    }


@pytest.mark.parametrize("count", range(len(LEVELS) + 1))
@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("scale", [24, 32, 40, 48, 56, 72]),
        ("seed", [1, 2, 3, 4, 5, 6]),
        ("thresholds", [[1], [2], [3], [4], [5], [6]]),
        ("parametrization", ["pixel", "fft", "pixel", "fft", "pixel", "fft"]),
    ],
)
def test_the_most_specific_level_wins(study, count, key, values):
    (found,) = study.load(**at_levels(count, key, values)).instances.values()
    (layer,) = found.layers
    usual = 64 if key == "scale" else DEFAULTS[key]
    assert layer.settings[3][key] == [usual, *values][count]
    # Another index of the layer sees all levels but the last.
    assert layer.settings[4][key] == [usual, *values][min(count, len(LEVELS) - 1)]


def test_loss_crisis_is_merged_key_by_key_through_all_levels(study):
    crisis = [{"hits": 1, "bins": 1}, {"bins": 2}, {"factor": 3}, {"minimum": 4}, {"factor": 5}]
    (found,) = study.load(**at_levels(5, "loss_crisis", crisis)).instances.values()
    assert found.layers[0].settings[3]["loss_crisis"] == {
        "hits": 1, "bins": 2, "factor": 5, "minimum": 4,
    }  # fmt: skip


def test_series_have_their_own_settings_and_graphs(study):
    config = {
        "graphs": str(study.graphs),
        "results": str(study.results),
        "series": {"shapes": {"scale": 32, "instances": ["epoch2"]}, "other": None},
    }
    plan = load(config, SOURCE)
    found = {
        key: (instance.layers[0].depth, instance.layers[0].settings[0]["scale"])
        for key, instance in plan.instances.items()
    }
    assert found == {("shapes", "epoch2"): (6, 32), ("other", "b"): (4, 64)}


def test_the_input_of_a_series_reaches_its_catalogues_even_late(study):
    assert study.catalogue("epoch2").picture.high == 1.0
    study.load(instances=["epoch2"], input={"range": [0, 255]})
    assert study.catalogue("epoch2").picture.as_dict() == {
        "name": "picture",
        "height": None,
        "width": None,
        "channels": 3,
        "low": 0.0,
        "high": 255.0,
        "order": "rgb",
        "known": {"name": "read", "shape": "read", "range": "config", "order": "assumed"},
    }


def test_tensorflow_is_not_imported_where_the_workflow_starts(study):
    config = {
        "graphs": str(study.graphs),
        "results": str(study.results),
        "series": {"shapes": None},
    }
    program = (
        "import json, sys\n"
        "from lucid_sprites.planning.load import load\n"
        "print(len(load(json.loads(sys.argv[1]), 'study.yaml').instances))\n"
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, json.dumps(config)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split("\n")[:2] == ["2", "[]"]


def test_an_unknown_instance_is_refused_with_the_choices(study):
    folder = study.graphs / "shapes"
    assert study.message(instances=["epoch2", "epoch3"]) == (
        f"{SOURCE}: series shapes: no model {folder / 'epoch3'} (.pb, .pbtxt, .keras, .h5, "
        ".hdf5, .onnx or a SavedModel folder); there are epoch2, epoch10"
    )


def test_an_empty_list_of_instances_is_refused(study):
    assert study.message(instances=[]) == (
        f"{SOURCE}: series shapes: the list of instances is empty; leave it out for all: "
        "epoch2, epoch10"
    )


def test_a_series_without_graphs_is_refused_with_where_to_put_them(tmp_path):
    study = Study(tmp_path)
    assert study.message() == (
        f"{SOURCE}: series shapes: no model in {study.graphs / 'shapes'}{os.sep}; "
        "put models there as <instance> with .pb, .pbtxt, .keras, .h5, .hdf5, .onnx, "
        "or as a SavedModel folder"
    )


def test_messages_about_layers_name_series_and_instance(study):
    text = study.message(instances=["epoch10"], layers=["conv1/relu"])
    assert text.startswith(
        f"{SOURCE}: series shapes, instance epoch10: layer 'conv1/relu' is not a layer of the "
        "graph; nearest names: conv1/Relu, "
    )


def test_a_config_that_does_not_fit_is_refused_first(tmp_path):
    # The graphs folder is missing too.
    assert Study(tmp_path).message(scale=3).startswith(f"{SOURCE}: series.shapes.scale: 3 is less")


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_results_folder_that_is_a_file_is_refused(study, below):
    file = study.graphs.parent / "file"
    file.write_text("")
    study.results = file / below
    assert study.message() == (
        f"results folder {study.results}: cannot be written; choose another `results`"
    )


def test_a_graph_that_cannot_be_described_is_refused_as_it_is(study):
    study.graph("epoch3").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert study.message() == (
        f"{study.graph('epoch3')}: not a frozen graph but an HDF5 file (Keras weights or model?); "
        "export a frozen TensorFlow graph"
    )
    assert not study.catalogue_file("epoch3").exists()


def test_a_crash_of_the_description_names_the_graph(study, monkeypatch):
    # As if the kernel had killed it for want of memory: not a word on standard error.
    killed = study.graphs / "killed"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(killed))
    study.catalogue_file("epoch2").unlink()
    assert "epoch2" in study.message()


def test_a_dangling_link_is_refused(study):
    study.graph("epoch3").symlink_to("nowhere")
    assert str(study.graph("epoch3")) in study.message()


def test_files_whose_names_are_no_instance_names_are_refused_or_left_out(study):
    # macOS leaves `._a.pb` beside `a.pb`; no rule of the workflow matches the others.
    names = ["._epoch2", "epoch 3", "epoch(4)"]
    for name in names:
        shutil.copy(study.graph("epoch2"), study.graph(name))
    try:
        plan = study.load()
    except UserError as error:
        assert any(name in str(error) for name in names)
    else:
        assert list(plan.instances) == [("shapes", "epoch2"), ("shapes", "epoch10")]


TRAINING = {"topology": "small", "save": [1]}


def order(plan):
    return [instance for _, instance in plan.options]


def test_a_graph_beside_a_training_comes_before_its_states(study):
    study.graph("epoch2").rename(study.graph("published"))
    plan = study.load(training=TRAINING, input={"range": [0, 255]})
    assert order(plan) == ["epoch10", "published", "epoch_0", "epoch_1"]
    published, before = (plan.options["shapes", name] for name in ("published", "epoch_0"))
    assert published.job["input"] == {"range": [0, 255]}
    assert before.job["input"] == {"name": "input", "range": [-1, 1]}
    assert (published.source.is_made, before.source.is_made) == (False, True)


def test_the_graphs_beside_a_training_can_be_chosen(study):
    chosen = [{"instance": "net", "keras_application": "MobileNet", "weights": "none"}, "epoch2"]
    assert order(study.load(training=TRAINING, instances=chosen)) == [
        "net", "epoch2", "epoch_0", "epoch_1"
    ]  # fmt: skip
    assert order(study.load(training=TRAINING, instances=[])) == ["epoch_0", "epoch_1"]


def test_a_training_needs_no_graph_beside_it(study):
    shutil.rmtree(study.graphs)
    assert order(study.load(training=TRAINING)) == ["epoch_0", "epoch_1"]


@pytest.mark.parametrize("name", ["epoch_1", "epoch_0001", "epoch_7"])
def test_a_graph_that_is_called_like_a_state_of_the_training_is_refused(study, name):
    shutil.copy(study.graph("epoch2"), study.graph(name))
    message = study.message(training=TRAINING)
    assert f"study.yaml: series shapes: instance {name} is called like a state" in message


def test_models_that_jobs_make_are_told_from_those_that_are_there(study):
    made = re.compile(f"results/({study.load(training=TRAINING).made_series})/([^/]+)/model.pb")
    assert made.fullmatch("results/shapes/epoch_1/model.pb")
    assert not made.fullmatch("results/shapes/epoch2/model.pb")
    nothing = re.compile(f"results/({study.load().made_series})/([^/]+)/model.pb")
    assert not nothing.fullmatch("results/shapes/epoch2/model.pb")
