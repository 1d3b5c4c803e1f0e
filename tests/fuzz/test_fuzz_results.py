"""JSON files that one stage writes and another reads: whole, or deleted with a message."""

import json

import pytest
from hypothesis import strategies as st
from mutations import altered, damaged
from shares import fuzz

import tiny_graphs
from imported import describe
from lucid_sprites.comparison.states import read_states
from lucid_sprites.errors import UserError
from lucid_sprites.models.preflight import report
from lucid_sprites.planning import catalogues
from lucid_sprites.planning.layers import select_layers
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.settings import DEFAULTS
from lucid_sprites.recipe.size import Size
from lucid_sprites.sprites import sheet_index
from lucid_sprites.sprites.summary import summarize
from lucid_sprites.viewer import bundle, html, layer_data, manifest

CELLS = [
    {"index": 0, "x": 0, "y": 0, "loss": -1.5, "status": "ok", "seed": 0, "attempt": 0,
     "sprite": "l_2_i_0_t_4_s_16.png"},
    {"index": 1, "x": 16, "y": 0, "loss": None, "status": "no_gradient", "seed": 1, "attempt": 1,
     "sprite": "l_2_i_1_t_4_s_16.png"},
]  # fmt: skip
SHEET = {"series": "tiny", "instance": "one", "number": 2, "layer": "conv1/Relu", "depth": 2,
         "columns": 2, "threshold": 4, "cell": 16, "cells": CELLS}  # fmt: skip
LAYER = {"number": 2, "name": "conv1/Relu", "op": "Relu", "depth": 2, "columns": 2,
         "thresholds": [4], "units": 2, "cell": {"4": 16}, "status": {"4": {"ok": 1}},
         "loss": {"step": [4], "low": [0.0], "median": [0.5], "high": [1.0]},
         "seconds": 0.5}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict:
    """A manifest, as the workflow makes it."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "tiny/one/viewer").mkdir(parents=True)
    (folder / "tiny/one/viewer/l_2.json").write_text(json.dumps(LAYER))
    spec = {"results": str(folder), "review": "none.yaml", "series": "tiny",
            "instances": [["one", "2"]], "tables": [], "training": None}  # fmt: skip
    return manifest.build(spec)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory) -> Catalogue:
    """A layer catalogue, as the workflow makes it."""
    path = tiny_graphs.save(tiny_graphs.small(), tmp_path_factory.mktemp("graph") / "one.pb")
    return Catalogue.parse(describe(str(path), {}) | {"sha256": "ab" * 32})


def written(data) -> bytes:
    return json.dumps(data).encode()


@fuzz(data=st.data())
def test_a_catalogue_is_what_was_written_or_refused(tmp_path, catalogue, data):
    path = tmp_path / "layers.json"
    catalogues.write(str(path), catalogue)
    content = path.read_bytes()
    kept = json.loads(content)
    torn = data.draw(st.just("damaged") | st.just("altered"))
    path.write_bytes(
        data.draw(damaged(content) if torn == "damaged" else altered(kept).map(written))
    )
    try:
        found = catalogues.read(str(path))
    except UserError as error:
        assert str(error).startswith(f"{path}: is damaged (")
        assert not path.exists()
    else:
        assert found == catalogue


@fuzz(content=damaged(written(SHEET)) | altered(SHEET).map(written))
def test_a_sheet_is_described_or_refused(tmp_path, content):
    path = tmp_path / "tiny/one/spritemaps/l_2_t_4.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    try:
        sheet = sheet_index.read(path)
    except UserError as error:
        assert str(error).startswith(f"{path}: is damaged (")
        assert not path.exists()
        path.write_bytes(content)
        assert f"  {path}: is damaged" in summarize([str(path.with_suffix(".png"))])
        return
    assert summarize([str(path.with_suffix(".png"))]).startswith(f"{len(sheet['cells'])} sprites")
    scales = dict.fromkeys((cell["index"] for cell in sheet["cells"]), Size(16, 16))
    assert set(layer_data.cells([sheet], scales)["index"]) == set(scales)
    if "study" not in sheet:
        for state in read_states([str(path)]).values():
            for layer in state.values():
                assert {s.path.parent for s in layer.sprites.values()} <= {
                    tmp_path / "tiny/one/sprites"
                }


@fuzz(data=st.data())
def test_a_manifest_is_shown_or_refused(tmp_path, whole, data):
    path = tmp_path / "manifest.json"
    content = data.draw(damaged(written(whole)) | altered(whole).map(written))
    path.write_bytes(content)
    try:
        found = manifest.read(path)
    except UserError as error:
        assert str(error).startswith(f"{path}: is damaged (")
        assert not path.exists()
        return
    assert not any(name.startswith("/") or ".." in name for name in bundle.files(found))
    assert found["series"] in html.build({"": found}, found["series"])


@fuzz(content=damaged(written(LAYER)) | altered(LAYER).map(written))
def test_a_layer_is_summed_up_or_refused(tmp_path, content):
    path = tmp_path / "tiny/one/viewer/l_2.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    spec = {"results": str(tmp_path), "review": "none.yaml", "series": "tiny",
            "instances": [["one", "2"]], "tables": [], "training": None}  # fmt: skip
    try:
        (instance,) = manifest.build(spec)["instances"]
    except UserError as error:
        assert str(error).startswith(f"{path}: is damaged (")
        assert not path.exists()
    else:
        (layer,) = instance["layers"]
        assert isinstance(layer["seconds"], int | float)


def test_the_files_are_whole_before_they_are_damaged(tmp_path, whole, catalogue):
    path = tmp_path / "made.json"
    path.write_bytes(written(SHEET))
    assert sheet_index.read(path) == SHEET
    path.write_bytes(written(whole))
    assert manifest.read(path) == json.loads(json.dumps(whole))
    catalogues.write(str(path), catalogue)
    assert catalogues.read(str(path)) == catalogue
    assert "conv1/Relu" in report("tiny", {"one": catalogue})
    assert select_layers(catalogue, DEFAULTS, [None], "here")[0].depth == 6
