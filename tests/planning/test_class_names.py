"""Names of classes on layers of a catalogue, and in objectives that ask for them."""

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from study_folder import SOURCE

from lucid_sprites.errors import UserError
from lucid_sprites.planning import class_names
from lucid_sprites.planning.class_names import ClassNames, named_layers
from lucid_sprites.planning.load import load
from lucid_sprites.planning.marks import Marks
from lucid_sprites.planning.study_selection import study_plan
from lucid_sprites.recipe.settings import DEFAULTS
from plans import catalogue_of, layer_of, plan_of

FLAT = {"height": None, "width": None}
LAYERS = [
    layer_of(0, "conv", depth=4),
    layer_of(1, "pool", depth=8, height=1, width=1, op="Mean"),
    layer_of(2, "logits", depth=4, op="MatMul", **FLAT),
    layer_of(3, "shares", depth=4, op="Softmax", **FLAT),
]
CATALOGUE = catalogue_of(*LAYERS)
NAMES = ("tabby, tabby cat", "crane", "tench", "crane")


def classes(names=NAMES):
    return ClassNames(names, "labels.txt", f"content of {names}")


def named(names=NAMES, catalogue=CATALOGUE):
    return named_layers(classes(names), catalogue, "layers.json", "here")


def test_names_are_those_of_layers_without_positions():
    found = named()
    assert [layer.name for layer in found.layers] == ["logits", "shares"]
    assert found.names == dict(enumerate(NAMES))
    assert found.scores.name == "logits"
    assert found.data == {"file": "labels.txt", "content": f"content of {NAMES}", "first": 0,
                          "is_catalogue": False}  # fmt: skip


def test_a_layer_of_one_position_has_names_too():
    found = named(tuple("abcdefgh"))
    assert [layer.name for layer in found.layers] == ["pool"]


def test_one_unit_more_is_the_background():
    found = named(NAMES[:3])
    assert found.names == {0: "background", 1: "tabby, tabby cat", 2: "crane", 3: "tench"}
    assert found.data["first"] == 1


def test_as_many_units_as_names_come_before_one_more():
    more = layer_of(4, "others", depth=5, **FLAT)
    found = named(catalogue=catalogue_of(*LAYERS, more))
    assert {layer.depth for layer in found.layers} == {4}


def test_names_for_no_layer_are_refused_with_the_depths():
    with pytest.raises(UserError) as caught:
        named(("a", "b"))
    assert str(caught.value) == (
        "here: labels: labels.txt has 2 names, and no layer gives one value for each of 2 classes, "
        "or of 3 with the background first; depths there are: 8 (pool), 4 (shares)"
    )
    with pytest.raises(UserError, match="no layer gives one for a channel"):
        named(catalogue=catalogue_of(LAYERS[0]))


def test_without_labels_the_models_own_are_taken_if_they_fit():
    bringing = dataclasses.replace(CATALOGUE, labels=list(NAMES))
    found = named_layers(None, bringing, "layers.json", "here")
    assert found.names == dict(enumerate(NAMES))
    assert (found.data["file"], found.data["is_catalogue"]) == ("layers.json", True)
    assert named_layers(classes(("x",) * 4), bringing, "", "").names[0] == "x"
    assert named_layers(None, dataclasses.replace(CATALOGUE, labels=["a"]), "", "") is None
    assert named_layers(None, CATALOGUE, "layers.json", "here") is None


@pytest.mark.parametrize(
    ("line", "layer", "label"),
    [
        ('class_logit("tabby")', "logits", 0),
        ('class_logit("tabby, tabby cat")', "logits", 0),
        ("class_logit('tench')", "logits", 2),
        ('class_logit(label="tench")', "logits", 2),
        ('class_logit("shares", "tench")', "shares", 2),
        ('class_logit(3, "tabby cat")', "shares", 0),
        ("class_logit(3)", "logits", 3),
        ('class_logit("conv", 3)', "conv", 3),
    ],
)
def test_a_name_is_the_index_of_its_unit(line, layer, label):
    (settings,) = asking([line]).settings.values()
    assert settings["objective"] == {"objective": "class_logit", "layer": layer, "label": label}
    # By name or by number: the same in every way but the title.
    (by_number,) = asking([f'class_logit("{layer}", {label})']).settings.values()
    assert settings == by_number


def asking(lines, names=NAMES):
    return study_plan(
        0, "s", {"objectives": lines}, DEFAULTS, CATALOGUE, "here", "net",
        named(names) if names else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('class_logit("tabbi")', "no class 'tabbi' in labels.txt; nearest names: tabby, tabby cat"),
        ('class_logit("crane")', "2 classes of labels.txt are called 'crane'; choose one by its "
                                 "number: 1, 3"),
        ('class_logit("conv", "tench")', "the units of conv have no names; those of logits, shares "
                                         "have"),
        ('class_logit("input", "tench")', "the picture has no classes"),
        ("class_logit(4)", "channel 4 is beyond the depth of logits; choose from 0 to 3"),
        ('class_logit("")', "label is the number or the name of a class, not ''"),
        ('channel("logits", "tench")', "n_channel is the number of a channel, not 'tench'"),
    ],
)  # fmt: skip
def test_what_is_no_class_is_refused(line, message):
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        asking([line])
    assert str(caught.value).startswith("here")


@pytest.mark.parametrize("line", ['class_logit("tench")', 'class_logit("logits", "tench")'])
def test_without_names_none_can_be_asked_for(line):
    with pytest.raises(UserError, match="the classes of this network have no names; give `labels`"):
        asking([line], names=None)


def test_titles_say_what_was_asked_for():
    assert asking(['class_logit("tabby")', "-class_logit(3)"]).titles == [
        'class_logit("tabby")', "-class_logit(3)"
    ]  # fmt: skip


def plan(names):
    made = plan_of(Path("results"), CATALOGUE, [("net", "1k")])
    options = made.options["net", "1k"]
    made.options["net", "1k"] = dataclasses.replace(options, labels=names and classes(names))
    made.add("net", "1k", CATALOGUE)
    return made


def wildcards(layer):
    return SimpleNamespace(series="net", instance="1k", layer=layer, block="0", index="0",
                           threshold="64")  # fmt: skip


def test_names_are_no_part_of_blocks_sprites_and_sheets():
    shown = {}
    for names in (None, NAMES, ("a", *NAMES[1:])):
        made = plan(names)
        marks, place = Marks(made), wildcards("0")
        told = [made.block_spec(place), made.member(place), marks.block(place), marks.sheet(place)]
        shown[names] = told
    assert len({tuple(told) for told in shown.values()}) == 1


def test_names_are_a_part_of_what_shows_them():
    # The config renders activations: here that is the layer of logits, too.
    said = {}
    for names in (None, NAMES, ("a", *NAMES[1:])):
        marks = Marks(plan(names))
        said[names] = [marks.sheet_index(wildcards(number)) for number in "02"]
        said[names].append(marks.losses(wildcards("0")))
    unnamed, one, other = said.values()
    assert unnamed[0] == one[0] == other[0]
    assert len({unnamed[1], one[1], other[1]}) == len({unnamed[2], one[2], other[2]}) == 3
    assert unnamed[1] == Marks(plan(None)).sheet(wildcards("2"))


def test_jobs_read_the_names_that_the_plan_knows(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("\n".join(NAMES))
    found = named_layers(ClassNames.of_file(str(file), "here"), CATALOGUE, "", "here")
    assert class_names.read(found.data) == found.names
    file.write_text("\n".join(NAMES[:3]))
    found = named_layers(ClassNames.of_file(str(file), "here"), CATALOGUE, "", "here")
    assert class_names.read(found.data) == found.names


def test_the_most_specific_level_gives_the_labels(study, monkeypatch):
    """Of defaults, series and instance; nothing takes them away."""
    monkeypatch.chdir(study.graphs.parent)
    for number in range(3):
        Path(f"{number}.txt").write_text("a\n")
    config = {
        "graphs": str(study.graphs),
        "results": str(study.results),
        "defaults": {"labels": "0.txt"},
        "series": {
            "other": {},
            "shapes": {
                "labels": "1.txt",
                "instances": ["epoch2", {"instance": "epoch10", "labels": None}],
            },
        },
    }
    with pytest.raises(UserError, match=r"series other, instance b: labels: 0\.txt has 1 names"):
        load(config, SOURCE)
    config["defaults"] = {}
    with pytest.raises(UserError, match=r"instance epoch2: labels: 1\.txt has 1 names"):
        load(config, SOURCE)
    config["series"]["shapes"]["instances"][0] = {"instance": "epoch2", "labels": "2.txt"}
    with pytest.raises(UserError, match=r"instance epoch2: labels: 2\.txt has 1 names"):
        load(config, SOURCE)
    config["series"]["shapes"]["instances"].pop(0)
    options = load(config, SOURCE).options
    assert [each.labels for each in options.values()] == [None, None]
    config["series"]["other"]["labels"] = "../0.txt"
    with pytest.raises(UserError, match=r"labels: \.\./0\.txt leaves the project's folder"):
        load(config, SOURCE)
