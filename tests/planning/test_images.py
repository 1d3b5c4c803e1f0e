"""What the config's `images` ask for."""

import json
from types import SimpleNamespace

import pytest

from lucid_sprites.config import schema
from lucid_sprites.errors import UserError
from lucid_sprites.planning import images
from lucid_sprites.recipe.layer_operations import KINDS
from plans import catalogue_of, layer_of, plan_of

LAYERS = [
    layer_of(n, name, op=op, kind=KINDS[op], depth=depth, content=name)
    for n, (name, op, depth) in enumerate(
        [("conv1/Conv2D", "Conv2D", 6), ("conv1/Relu", "Relu", 6), ("pool", "MaxPool", 6),
         ("conv2/Conv2D", "Conv2D", 9), ("conv2/Relu6", "Relu6", 9), ("joined", "ConcatV2", 15)]
    )
]  # fmt: skip


@pytest.fixture(autouse=True)
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["cat/1.jpg", "cat/2.BMP", "dog/1.jpg", "dog/1.png", "dog/notes.txt", "odd name.jpeg"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")


@pytest.fixture
def plan(tmp_path):
    instances = [("net", "10k"), ("net", "20k"), ("other", "1")]
    return plan_of(tmp_path / "results", catalogue_of(*LAYERS), instances)


def load(plan, *entries):
    config = schema.check({"series": {"net": {}}, "images": list(entries)}, "config.yaml")
    return images.load(config, "config.yaml", plan)


def views(planned, instance="10k", series="net"):
    wildcards = SimpleNamespace(series=series, instance=instance)
    return [view.partition("/images/")[2][:-4] for view in planned.instance_views(wildcards)]


def layers(plan, chosen):
    made = views(load(plan, {"pictures": "cat/1.jpg", "methods": "gradient", "layers": chosen}))
    return [int(view.rpartition("_")[2]) for view in made]


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [("r", [1, 4]), ("relu", [1, 4]), ("p", [2]), (["c", "pool"], [0, 2, 3]), ("*/Relu*", [1, 4]),
     (5, [5]), (["joined", "joined", 5], [5])],
)  # fmt: skip
def test_layers_by_kind_name_glob_and_number(plan, chosen, numbers):
    assert layers(plan, chosen) == numbers


def test_activations_in_several_operations_are_rectifiers_but_gates_are_not(tmp_path):
    facts = {"conv": ("Conv2D", "convolution"), "swish": ("Mul", "activation"),
             "gate": ("Sigmoid", "activation"), "sum": ("AddV2", "norm"),
             "prelu": ("AddV2", "activation")}  # fmt: skip
    network = [
        layer_of(n, name, op=op, kind=kind) for n, (name, (op, kind)) in enumerate(facts.items())
    ]
    plan = plan_of(tmp_path / "results", catalogue_of(*network), [("net", "10k")])
    made = views(load(plan, {"pictures": "cat/1.jpg", "methods": "activations"}))
    assert made == ["1/activations/l_1", "1/activations/l_4"]


def test_defaults(plan):
    made = views(load(plan, {"pictures": "cat/2.BMP"}))
    assert made == [f"2/{m}/l_{n}" for m in ("activations", "deconvolution") for n in (1, 4)]


def names(plan, *patterns):
    planned = load(plan, {"pictures": list(patterns), "methods": "activations", "layers": 1})
    found = [view.split("/")[0] for view in views(planned)]
    return {name: planned.picture(SimpleNamespace(image=name)) for name in found}


def test_folders_globs_and_names(plan):
    assert names(plan, "cat") == {"1": "cat/1.jpg", "2": "cat/2.BMP"}
    assert names(plan, "odd name.jpeg", "cat/1.jpg") == {
        "odd_name": "odd name.jpeg",
        "1": "cat/1.jpg",
    }
    assert names(plan, "*/1.jpg") == {"cat_1": "cat/1.jpg", "dog_1": "dog/1.jpg"}
    assert names(plan, "cat", "dog", "cat/1.jpg") == {
        "2": "cat/2.BMP",
        "cat_1": "cat/1.jpg",
        "dog_1.jpg": "dog/1.jpg",
        "dog_1.png": "dog/1.png",
    }


def test_series_and_instances(plan):
    entry = {"pictures": "cat/1.jpg", "layers": 1, "methods": "gradient"}
    planned = load(plan, {**entry, "series": "net", "instances": ["1*"]})
    assert views(planned) == ["1/gradient/l_1"]
    assert views(planned, "20k") == []
    assert views(planned, "1", "other") == []


def spec(planned, method, image="1"):
    wildcards = SimpleNamespace(series="net", instance="10k", image=image, method=method)
    return json.loads(planned.archive_spec(wildcards))


def test_jobs_know_only_the_settings_of_their_method(plan):
    entry = {"pictures": "cat/1.jpg", "layers": [1, 4], "methods": ["activations", "deepdream"]}
    before = load(plan, entry)
    after = load(plan, {**entry, "step": 2.0})
    assert spec(before, "activations") == spec(after, "activations")
    assert spec(before, "deepdream") != spec(after, "deepdream")
    assert spec(after, "deepdream")["groups"][0]["settings"]["step"] == 2
    assert spec(before, "activations")["picture"] == "cat/1.jpg"


def test_views_of_another_arithmetic_are_due_again(plan, monkeypatch):
    planned = load(plan, {"pictures": "cat/1.jpg", "layers": 1, "methods": "gradient"})
    before = spec(planned, "gradient")
    monkeypatch.setattr(images, "VIEWS_VARIANT", "views-newer")
    after = spec(planned, "gradient")
    assert {key for key in after if after[key] != before[key]} == {"variant"}
    assert images.view_identity(before, "l_1") != images.view_identity(after, "l_1")


def test_of_two_entries_for_a_layer_the_later_one_counts(plan):
    entry = {"pictures": "cat", "methods": "gradient"}
    planned = load(plan, {**entry, "layers": [1, 4]}, {**entry, "layers": 4, "maps": 2})
    groups = spec(planned, "gradient")["groups"]
    assert [([n["number"] for n in g["layers"]], g["settings"]["maps"]) for g in groups] == [
        ([1], "all"),
        ([4], 2),
    ]
    assert views(planned) == [f"{image}/gradient/l_{n}" for image in (1, 2) for n in (1, 4)]


def test_the_dreams_of_an_entry(plan):
    entry = {"pictures": "cat/1.jpg", "methods": "deepdream", "layers": 4, "channels": "2,5-6"}
    assert views(load(plan, entry)) == [f"1/deepdream/l_4_i_{n}" for n in (2, 5, 6)]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"pictures": "cat/9.jpg"}, ["cat/9.jpg", "no such picture"]),
        ({"pictures": "results"}, ["results", "no such"]),
        ({"series": "huge"}, ["entry 1", "huge", "net/10k"]),
        ({"instances": "30k"}, ["entry 1", "30k", "net/20k"]),
        ({"layers": "conv1/Rleu"}, ["entry 1", "'conv1/Rleu'", "conv1/Relu"]),
        ({"layers": 6}, ["layer number 6", "0 to 5"]),
        (
            {"methods": "deepdream", "channels": "3-9", "layers": 1},
            ["conv1/Relu", "channel 9", "0 to 5"],
        ),
        ({"methods": "deconv"}, ["'deconv'", "guided_backpropagation"]),
        ({"methods": []}, ["images.0.methods"]),
        ({"layer": "r"}, ["'layer'", "layers"]),
        ({"start": "nose"}, ["'nose'", "noise"]),
        ({"octave_scale": 1}, ["octave_scale"]),
    ],
)
def test_what_does_not_fit_is_said(plan, entry, words):
    with pytest.raises(UserError) as refused:
        load(plan, {"pictures": "cat/1.jpg", **entry})
    assert [word for word in words if word not in str(refused.value)] == [], refused.value
    assert str(refused.value).startswith("config.yaml")
