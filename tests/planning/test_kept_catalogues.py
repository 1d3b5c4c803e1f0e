"""Catalogues that lie in the results: which are kept, and which are made again."""

import itertools
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from study_folder import SOURCE, Study

from lucid_sprites.files import sha256
from lucid_sprites.planning import catalogues
from lucid_sprites.planning.load import load
from tiny_graphs import save, small

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


def test_a_catalogue_that_is_a_list_is_made_again(study):
    study.catalogue_file("epoch2").write_text("[1]")
    study.load()
    assert study.catalogue("epoch2").layers
