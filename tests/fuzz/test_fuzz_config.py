"""Whatever stands in config.yaml: a plan inside the results folder, or a message."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import strategies as st
from mutations import VALUES, altered, damaged
from shares import fuzz

import tiny_graphs
from lucid_sprites.config import review, yaml_file
from lucid_sprites.errors import UserError
from lucid_sprites.planning import catalogues
from lucid_sprites.planning.load import load
from lucid_sprites.recipe import index_ranges, transform_lists
from lucid_sprites.recipe.settings import DEFAULTS

INPUT = {"name": "picture", "range": [-1, 1]}
VALID = {
    "defaults": {**DEFAULTS, "thresholds": [4, 8], "scale": 16, "transforms": [{"jitter": 2}]},
    "series": {
        "tiny": {
            "input": INPUT,
            "instances": ["one", {"instance": "one", "scale": 24}],
            "layers": [
                2,
                "conv1/*",
                {
                    "layer": "conv2/Relu",
                    "indexes": "0-2, 4",
                    "max_index": 3,
                    "index": {"1": {"seed": 3}, "2-3": {"thresholds": [6], "scale": 8}},
                    "fallbacks": [{"learning_rate": 0.1, "transforms": "none"}],
                },
            ],
        }
    },
}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A folder with a graph that has its catalogue."""
    folder = tmp_path_factory.mktemp("study")
    tiny_graphs.save(tiny_graphs.small(), folder / "graphs/tiny/one.pb")
    here = os.getcwd()
    os.chdir(folder)
    load({"series": {"tiny": {"input": INPUT}}}, "config.yaml")
    described = catalogues.read("results/tiny/one/layers.json")
    with pytest.MonkeyPatch.context() as patch:
        # TensorFlow takes seconds to read a model; other settings would have it read anew.
        patch.setattr(catalogues, "_import", lambda jobs: _stamp(jobs, described))
        yield folder
    os.chdir(here)


def _stamp(jobs, described):
    for job in jobs:
        catalogues.write(job["catalogue"], replace(described, stamp=job["stamp"]))


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@fuzz(config=altered(VALID))
def test_a_config_gives_a_plan_or_a_message(study, config):
    before = files(study)
    if isinstance(config, dict):
        config = {**config, "graphs": "graphs", "results": "results"}
    try:
        plan = load(config, "config.yaml")
    except UserError as error:
        assert str(error)
        assert files(study) == before
        return
    for path in [*plan.all_sprites(), *plan.all_sheets(), *plan.all_losses()]:
        assert os.path.normpath(path) == path
        assert path.startswith("results/tiny/one/")
    for instance in plan.instances.values():
        for layer in instance.layers:
            assert 0 < len(layer.settings) <= layer.depth
            json.dumps([group.settings for group in layer.groups], allow_nan=False)


_YAML = damaged(yaml.safe_dump(VALID).encode()) | st.lists(
    st.sampled_from(["a: ", "&a ", "*a", "[", "]", "{", "}", "- ", ", ", "\n", "  ", "<<: ", "? ",
                     "!!int ", "!!set ", "!!float ", "!x ", "'", "|\n", "2001-01-01", "0x", "1e9"]),
    max_size=20,
).map(lambda parts: "".join(parts).encode())  # fmt: skip


@fuzz(share=0.5, content=_YAML)
def test_a_config_file_is_read_or_refused(tmp_path, content):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    try:
        held = yaml_file.read(str(path))
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        # Not by its value: one that is not a number does not equal itself.
        assert repr(held) == repr(yaml.safe_load(path.read_text()))


REVIEW = {
    "series": "tiny",
    "redo": [
        {"instance": "one", "layer": "conv1/Relu", "index": 3, "reason": "grey", "seed": 1},
        {"layer": 2, "index": "3-5", "transforms": "none", "thresholds": [6]},
    ],
}


@fuzz(content=altered(REVIEW).map(yaml.dump).map(str.encode) | damaged(yaml.dump(REVIEW).encode()))
def test_a_review_is_part_of_the_plan_or_refused(study, content):
    path = study / "graphs/tiny/review.yaml"
    path.write_bytes(content)
    config = {"series": {"tiny": {"input": INPUT, "layers": [2, 5]}}}
    try:
        entries = review.read("graphs/tiny/review.yaml", "tiny")
        plan = load(config, "config.yaml")
    except UserError as error:
        assert str(error).startswith("graphs/tiny/review.yaml: ") or "review.yaml" in str(error)
        return
    finally:
        path.unlink()
    (instance,) = plan.instances.values()
    reviewed = review.as_layers(entries, "one")
    assert reviewed or all(len(layer.groups) == 1 for layer in instance.layers)
    json.dumps([list(layer.settings.values()) for layer in instance.layers], allow_nan=False)


_TRANSFORMS = st.sampled_from(["pad", "jitter", "scale", "rotate", "crop_or_pad", "homography"])


@fuzz(
    share=3,
    value=VALUES | st.lists(st.dictionaries(_TRANSFORMS, VALUES, max_size=2), max_size=4),
)
def test_transforms_are_canonical_or_refused(value):
    try:
        canonical = transform_lists.canonical(value, "here")
    except UserError as error:
        assert str(error).startswith("here")
        return
    assert transform_lists.canonical(canonical, "again") == canonical
    smallest, largest = transform_lists.edges(canonical, 64)
    assert smallest <= largest


_RANGES = st.from_regex(r"\A *[0-9]{1,8}( *- *[0-9]{1,8})? *\Z")


@fuzz(spec=st.lists(_RANGES, min_size=1, max_size=4).map(",".join))
def test_index_ranges_are_read_or_refused(spec):
    try:
        found = index_ranges.parse(spec)
    except UserError as error:
        assert "must rise" in str(error)
        return
    assert found == sorted(set(found))
    assert index_ranges.parse(index_ranges.shorten(found)) == found
