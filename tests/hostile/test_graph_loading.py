"""Hostile graphs and SavedModels in this process: refused by name, or harmless."""

import re
import secrets
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import graph_files
import saved_models

from imported import describe
from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.load_model import load
from lucid_sprites.models.normal_form.normalize import normalize

HOSTILE = [*graph_files.HOSTILE, *saved_models.HOSTILE]


def outcome(path: Path) -> str:
    """The message of the refusal, or nothing."""
    try:
        describe(path, edges=(68,))
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_model_is_refused_or_harmless(hostile, tmp_path):
    folder, canary = tmp_path / "project", tmp_path / "canary"
    folder.mkdir()
    secret = secrets.token_hex(64).encode()
    canary.write_bytes(secret)
    path = hostile.write(folder, canary)
    said = outcome(path)
    assert hostile.harmless or said
    if said:
        assert said.startswith(str(path)) and re.search(hostile.says, said)
        assert said.isprintable() and len(said) < 3000
    assert canary.read_bytes() == secret
    assert {each.name for each in tmp_path.iterdir()} == {"project", "canary"}


@pytest.mark.parametrize("name", ["graph: constant from a file", "graph: reads a file"])
def test_no_file_gets_into_a_graph(name, tmp_path):
    hostile = next(hostile for hostile in HOSTILE if hostile.name == name)
    (tmp_path / "project").mkdir()
    (tmp_path / "canary").write_bytes(b"canaries sing loudly in the dark")
    path = hostile.write(tmp_path / "project", tmp_path / "canary")
    form = normalize(load({"file": str(path)}).graph, {}, str(path))
    assert b"canaries sing" not in form.graph.SerializeToString()
