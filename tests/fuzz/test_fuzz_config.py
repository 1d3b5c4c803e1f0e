"""Whatever stands in config.yaml: a plan inside the results folder, or a message."""

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mutations import VALUES, altered, damaged

import tiny_graphs
from lucid_sprites.config import indexes, transforms
from lucid_sprites.config.load import check_yaml, load
from lucid_sprites.config.settings import DEFAULTS
from lucid_sprites.errors import UserError

VALID = {
    "defaults": {**DEFAULTS, "thresholds": [4, 8], "scale": 16, "transforms": [{"jitter": 2}]},
    "series": {
        "tiny": {
            "input": {"name": "picture", "range": [-1, 1]},
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
    yield folder
    os.chdir(here)


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@given(config=altered(VALID))
def test_a_config_gives_a_plan_or_a_message(study, config):
    before = files(study)
    if isinstance(config, dict):
        config = {**config, "graphs": "graphs", "results": "results"}
        for options in _series(config):
            options.pop("input", None)  # another input means another catalogue: see below
    try:
        plan = load(config, "config.yaml")
    except UserError as error:
        assert str(error)
        assert files(study) - before <= {study / "results/tiny/one/layers.json"}
        return
    for path in [*plan.all_sprites(), *plan.all_sheets(), *plan.all_losses()]:
        assert os.path.normpath(path) == path
        assert path.startswith("results/tiny/one/")
    for instance in plan.instances.values():
        for layer in instance.layers:
            assert 0 < len(layer.settings) <= layer.depth
            json.dumps(layer.groups, allow_nan=False)


def _series(config):
    series = config.get("series")
    return [options for options in series.values() if isinstance(options, dict)] \
        if isinstance(series, dict) else []  # fmt: skip


@given(content=damaged(yaml.safe_dump(VALID).encode()))
def test_a_config_file_is_read_or_refused(tmp_path, content):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    try:
        check_yaml(str(path))
    except UserError as error:
        assert str(error).startswith(str(path))
    else:
        yaml.safe_load(path.read_text())


@given(value=VALUES | st.lists(st.dictionaries(st.sampled_from(["pad", "jitter", "scale", "rotate",
       "crop_or_pad"]), VALUES, max_size=2), max_size=4))  # fmt: skip
def test_transforms_are_canonical_or_refused(value):
    try:
        canonical = transforms.canonical(value, "here")
    except UserError as error:
        assert str(error).startswith("here")
        return
    assert transforms.canonical(canonical, "again") == canonical
    smallest, largest = transforms.edges(canonical, 64)
    assert smallest <= largest


_RANGES = st.from_regex(r"\A *[0-9]{1,8}( *- *[0-9]{1,8})? *\Z")


@given(spec=st.lists(_RANGES, min_size=1, max_size=4).map(",".join))
def test_index_ranges_are_read_or_refused(spec):
    try:
        found = indexes.parse(spec)
    except UserError as error:
        assert "must rise" in str(error)
        return
    assert found == sorted(set(found))
    assert indexes.parse(indexes.shorten(found)) == found
