"""Pages and the scripts that they load, as text."""

import json
import re
from pathlib import Path

import pytest

from lucid_sprites import layout
from lucid_sprites.viewer import html, manifest
from lucid_sprites.viewer.script import script, to_json

MANIFEST = {"series": "a", "instances": [{"name": "x", "layers": [{"number": 1, "loss": [1]}]}]}


def test_the_page_is_whole_and_asks_for_nothing_else():
    page = html.build({"": MANIFEST}, "a")
    assert "<title>a</title>" in page
    assert not re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="(?!data:)', page)
    assert "https:" not in page
    assert page.count("<script>") == page.count("</script>") > 10


def test_every_script_is_in_the_page():
    folder = Path(layout.__file__).parent / "viewer" / "page"
    named = re.findall(r'<script src="(\S+)">', (folder / "index.html").read_text())
    assert sorted(named) == sorted(file.name for file in folder.glob("*.js"))


def test_manifests_are_inside_without_the_curves():
    page = html.build({"a/": MANIFEST}, "a")
    (text,) = re.findall(r"const MANIFESTS = (.*);</script>", page)
    assert json.loads(text) == [
        {"series": "a", "folder": "a/", "instances": [{"name": "x", "layers": [{"number": 1}]}]}
    ]


def test_a_name_cannot_end_the_script():
    page = html.build({"": {**MANIFEST, "results": "</script><b>"}}, "a<b>")
    assert "</script><b>" not in page
    assert "<title>a&lt;b&gt;</title>" in page


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know_are_null(number):
    assert to_json({1: [number, 2.5]}) == '{"1":[null,2.5]}'


def test_script_hands_over_its_key_and_value():
    assert script("a/b", [1, "<"]) == 'receiveData("a/b",[1,"\\u003c"]);\n'


def test_program_finds_the_folders_of_series(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        spec = {
            "series": name,
            "results": "results",
            "review": "none",
            "instances": [],
            "tables": [],
            "training": None,
        }
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest.build(spec)))
    manifests = [str(tmp_path / name / "manifest.json") for name in ("one", "two")]
    out = tmp_path / "index.html"
    monkeypatch.setattr("sys.argv", ["html", "--manifests", *manifests, "--out", str(out)])
    html.main()
    assert re.findall(r'"folder":"([^"]*)"', out.read_text()) == ["one/", "two/"]


def test_program_names_a_missing_manifest(tmp_path, monkeypatch):
    missing = str(tmp_path / "manifest.json")
    monkeypatch.setattr("sys.argv", ["html", "--manifests", missing, "--out", f"{tmp_path}/x"])
    with pytest.raises(SystemExit, match=r"manifest\.json"):
        html.main()
