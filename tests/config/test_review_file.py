"""The review file: what it may hold, and what it does to the plan."""

import pytest
import yaml

from lucid_sprites.config import review
from lucid_sprites.errors import UserError


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "review.yaml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return str(path)

    return write


ENTRY = {"instance": "old", "layer": "conv/Relu", "index": 7, "reason": "grey", "seed": 1}


def test_no_file_is_no_review(tmp_path):
    assert review.read(str(tmp_path / "none.yaml"), "tiny") == []


def test_entries_as_they_stand(write):
    assert review.read(write({"series": "tiny", "redo": [ENTRY]}), "tiny") == [ENTRY]


def test_entries_become_settings_of_single_indexes():
    entries = [ENTRY, {"layer": 2, "index": "3-5", "transforms": "none"}]
    assert review.as_layers(entries, "old") == [
        {"layer": "conv/Relu", "index": {"7": {"seed": 1}}},
        {"layer": 2, "index": {"3-5": {"transforms": "none"}}},
    ]
    assert review.as_layers(entries, "young") == [
        {"layer": 2, "index": {"3-5": {"transforms": "none"}}}
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1", "not YAML"),
        ("", "must hold `series` and `redo`"),
        ({"series": "tiny"}, "'redo' is a required property"),
        ({"series": "other", "redo": []}, "a review of series 'other', not of 'tiny'"),
        ({"series": "tiny", "redo": [{"index": 1}]}, "'layer' is a required property"),
        ({"series": "tiny", "redo": [{**ENTRY, "sed": 1}]}, "did you mean seed"),
        ({"series": "tiny", "redo": [{**ENTRY, "index": "x"}]}, "'x' is not an index, a range"),
        ({"series": "tiny", "redo": [{"layer": 1, "index": 2}]}, "redo.0: says nothing that would"),
    ],
)
def test_what_is_wrong_is_said(write, content, message):
    with pytest.raises(UserError, match=message) as caught:
        review.read(write(content), "tiny")
    assert "review.yaml" in str(caught.value)


def test_an_unknown_instance_is_named():
    with pytest.raises(UserError, match=r"redo\.0: no instance 'old'; there are a, b"):
        review.check_instances([ENTRY], ["a", "b"], "review.yaml")
