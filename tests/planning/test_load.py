"""From config files and real graph files to the plan, and the catalogues kept on the way."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256
from lucid_sprites.planning import catalogues
from lucid_sprites.planning.load import load
from lucid_sprites.recipe.settings import DEFAULTS
from tiny_graphs import save, small

SOURCE = "study.yaml"


class Study:
    """A folder with graphs and results."""

    def __init__(self, folder):
        self.graphs, self.results = folder / "graphs", folder / "results"

    def graph(self, instance):
        return self.graphs / "shapes" / f"{instance}.pb"

    def model(self, instance):
        return self.results / "shapes" / instance / "model.pb"

    def catalogue(self, instance):
        return catalogues.read(str(self.catalogue_file(instance)))

    def catalogue_file(self, instance):
        return self.results / "shapes" / instance / "layers.json"

    def load(self, defaults=None, **options):
        return load(
            {
                "graphs": str(self.graphs),
                "results": str(self.results),
                "defaults": defaults or {},
                "series": {"shapes": options},
            },
            SOURCE,
        )

    def message(self, **options):
        with pytest.raises(UserError) as caught:
            self.load(**options)
        return str(caught.value)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Catalogues are made once: starting TensorFlow takes seconds."""
    study = Study(tmp_path_factory.mktemp("described"))
    for instance in ("epoch2", "epoch10"):
        save(small(), study.graph(instance))
    save(small(depth=4), study.graphs / "other" / "b.pb")
    config = {"graphs": str(study.graphs), "results": str(study.results)}
    load({**config, "series": {"shapes": None, "other": None}}, SOURCE)
    return study


@pytest.fixture
def study(described, tmp_path):
    """A copy, for one test to change."""
    shutil.copytree(described.graphs.parent, tmp_path, dirs_exist_ok=True)
    return Study(tmp_path)


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
    assert layer.settings[3][key] == [DEFAULTS[key], *values][count]
    # Another index of the layer sees all levels but the last.
    assert layer.settings[4][key] == [DEFAULTS[key], *values][min(count, len(LEVELS) - 1)]


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
    assert study.catalogue("epoch2").picture.low == -1.0
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


DAMAGE = {"empty": "", "torn": '{"input": ', "without_stamp": "{}"}


@pytest.fixture(scope="module")
def changed(described, tmp_path_factory):
    """A study that was loaded again after all that can happen to graphs and catalogues."""
    study = Study(tmp_path_factory.mktemp("changed"))
    for instance in ("other_depth", "other_weights", *DAMAGE):
        for file in (Study.graph, Study.model, Study.catalogue_file):
            file(study, instance).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file(described, "epoch2"), file(study, instance))
    save(small(depth=4), study.graph("other_depth"))
    save(small(seed=1), study.graph("other_weights"))
    for instance, content in DAMAGE.items():
        study.catalogue_file(instance).write_text(content)
    study.plan = study.load()
    return study


@pytest.fixture
def one(tmp_path, monkeypatch) -> Callable[[dict], int]:
    """A project with the models a.pb, b.pb and the file code.py; loads it, and returns which try
    it was that its catalogue was made at."""
    tries = itertools.count(1)
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("ab"):
        save(small(seed=seed), tmp_path / f"{name}.pb")
    (tmp_path / "code.py").write_text("a = 1")
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))

    def load_one(**source) -> int:
        load({"series": {"tiny": {"instances": [{"instance": "one", **source}]}}}, SOURCE)
        written = tmp_path / "results/tiny/one/layers.json"
        number = next(tries)
        if written.stat().st_mtime_ns % 1_000_000_000:  # nobody has marked it yet
            os.utime(written, (number, number))
        return round(written.stat().st_mtime)

    return load_one


def test_the_content_of_files_decides_whether_a_catalogue_is_kept(one):
    def replace(path, content):
        Path(path).write_bytes(content)
        os.utime(path, (1, 1))

    assert one(file="a.pb", code="code.py") == 1
    os.utime("a.pb")
    assert one(file="a.pb", code="code.py") == 1
    replace("code.py", b"a = 2")
    assert one(file="a.pb", code="code.py") == 3
    assert one(file="b.pb", code="code.py") == 4
    before = Path("results/tiny/one/model.pb").read_bytes()
    replace("b.pb", Path("a.pb").read_bytes())
    assert one(file="b.pb", code="code.py") == 5
    assert Path("results/tiny/one/model.pb").read_bytes() != before
    Path("results/tiny/one/model.pb").write_bytes(before)  # restored from elsewhere
    assert one(file="b.pb", code="code.py") == 6
    assert Path("results/tiny/one/model.pb").read_bytes() != before


def test_weights_of_a_known_network_are_part_of_its_job(one, tmp_path):
    Path("w.h5").write_bytes(b"1")
    stamps = []
    for content in (b"1", b"2"):
        Path("w.h5").write_bytes(content)
        os.utime("w.h5", (1, 1))
        own = {"instance": "one", "keras_application": "VGG16", "weights": "w.h5"}
        plan = load({"series": {"tiny": {"instances": [own]}}}, SOURCE)
        stamps.append(plan.options["tiny", "one"].job["stamp"])
    assert stamps[0] != stamps[1]


def test_a_moved_project_keeps_its_catalogues(tmp_path, monkeypatch):
    stamps = []
    for folder in (tmp_path / "here", tmp_path / "there"):
        save(small(), folder / "a.pb")
        monkeypatch.chdir(folder)
        origin = {"file": str(folder / "a.pb")}
        stamps.append(catalogues.stamp(origin, {}, [64], ["a.pb"], SOURCE))
    assert stamps[0] == stamps[1]


def test_a_changed_graph_has_its_catalogue_made_again(changed):
    found = changed.plan.instances["shapes", "other_depth"]
    assert [layer.depth for layer in found.layers] == [4, 5]
    assert found.catalogue.sha256 == sha256(changed.model("other_depth"))
    assert changed.catalogue("other_depth") == found.catalogue


def test_other_weights_of_equal_size_are_noticed(described, changed):
    before, after = described.graph("epoch2"), changed.graph("other_weights")
    assert after.stat().st_size == before.stat().st_size
    before, after = described.model("epoch2"), changed.model("other_weights")
    assert changed.catalogue("other_weights").sha256 == sha256(after) != sha256(before)


@pytest.mark.parametrize("instance", DAMAGE)
def test_a_damaged_catalogue_is_made_again(described, changed, instance):
    found, whole = changed.catalogue(instance), described.catalogue("epoch2")
    assert found.stamp["origin"] == {"file": str(changed.graph(instance))}
    assert found == replace(whole, stamp=found.stamp)


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


def test_a_catalogue_that_is_a_list_is_made_again(study):
    study.catalogue_file("epoch2").write_text("[1]")
    study.load()
    assert study.catalogue("epoch2").layers


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
