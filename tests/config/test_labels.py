"""Files of the names of classes: what they may hold, and what is refused with its place."""

import json
import re

import pytest

from lucid_sprites.config import labels
from lucid_sprites.errors import UserError


@pytest.fixture
def write(tmp_path):
    def write(content, name="labels.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("tench\ngoldfish\n", ("tench", "goldfish")),
        ("tench\r\ngoldfish", ("tench", "goldfish")),
        ("\ufefftench\n goldfish,  Carassius \n\n\n", ("tench", "goldfish, Carassius")),
        ("Möwe\n家猫\n👩\u200d🚒\ndon't\n", ("Möwe", "家猫", "👩\u200d🚒", "don't")),
        ("crane\ncrane\n", ("crane", "crane")),
        ("0\n1\n", ("0", "1")),
        ("a\u00a0b\n", ("a b",)),
    ],
)  # fmt: skip
def test_a_text_has_a_name_on_each_line(write, content, names):
    assert labels.read(write(content), "here") == names


@pytest.mark.parametrize(
    "said",
    [
        ["tench", "goldfish"],
        {"0": "tench", "1": "goldfish"},
        {"1": ["n01443537", "goldfish"], "0": ["n01440764", "tench"]},
    ],
)
def test_json_is_a_list_or_a_mapping_from_numbers(write, said):
    assert labels.read(write(json.dumps(said), "index.json"), "here") == ("tench", "goldfish")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "", "holds no names of classes; write one on each line"),
        ("a.txt", " \n\n", "holds no names of classes"),
        ("a.txt", "a\n\nb\n", "class 1 (line 2 of a text) has no name, but ''; write one"),
        ("a.txt", b"a\n\xff\xfe\n", "byte 2 is not UTF-8; save it as a text in UTF-8"),
        ("a.txt", "a\nb\x1b[31m\n", "class 1 (line 2 of a text): 'b\\x1b[31m' has the character "
                                    "'\\x1b', which has no shape"),
        ("a.txt", "0\ttench\n", "'0\\ttench' has the character '\\t'"),
        ("a.txt", "a\x00b", "has the character '\\x00'"),
        ("a.txt", "exe\u202egnp\n", "has the character '\\u202e'"),
        ("a.txt", "a\u2028b\n", "has the character '\\u2028'"),
        ("a.txt", "x" * 201, "and more has 201 characters; a name has at most 200"),
        ("a.json", "[1]", "class 0 (line 1 of a text) has no name, but '1'"),
        ("a.json", "[[]]", "class 0 (line 1 of a text) has no name, but '[]'"),
        ("a.json", "{}", "holds no names of classes"),
        ("a.json", '"tench"', "holds no names of classes"),
        ("a.json", '{"1": "a", "2": "b"}', "has 2 classes and none of number 0; number them from "
                                           "0 to 1"),
        ("a.json", "[" * 100_000, "is not JSON"),
        ("a.json", "tench\n", "is not JSON"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_place(write, name, content, message):
    path = write(content, name)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        labels.read(path, "config.yaml: labels")
    assert str(caught.value).startswith(f"config.yaml: labels: {path}: ")


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"here: .*none\.txt: cannot be read: No such file"):
        labels.read(str(tmp_path / "none.txt"), "here")
    with pytest.raises(UserError, match="is a folder; name an ordinary file that holds a text"):
        labels.read(str(tmp_path), "here")
