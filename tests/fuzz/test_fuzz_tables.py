"""Tables from outside: the labels of a dataset's photos, and what the viewer shows of units."""

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st
from mutations import SCALARS, damaged
from PIL import Image
from shares import fuzz

from lucid_sprites.errors import UserError
from lucid_sprites.training.attributes import read_attributes
from lucid_sprites.training.prepare_dataset import prepare_attributes
from lucid_sprites.viewer import script, table

LIST = b"2\nSmiling Young\n1.jpg  1 -1\n2.jpg -1  1\n"
CSV = b"image,Smiling,Young\n1.jpg,1,0\n2.jpg,0,1\n"
UNITS = b"instance,layer,index,score,picture\nold,conv1/Relu,3,0.5,a.png\n,2,,nan,\n"
_CELLS = SCALARS.map(str) | st.sampled_from(
    [
        '"',
        '"a,b"',
        "1",
        "-1",
        "0",
        "1.jpg",
        "../1.jpg",
        "/",
        "a" * 300,
        "1e999",
        "layer",
        "\r",
        "\0",
    ]
)
_ROWS = st.lists(st.lists(_CELLS, max_size=4).map(",".join), max_size=5).map("\n".join)
_TEXTS = _ROWS.map(lambda text: text.encode(errors="surrogatepass"))


def row_of(*names: str) -> st.SearchStrategy[bytes]:
    """A right header, and rows of anything."""
    return _TEXTS.map(lambda rows: ",".join(names).encode() + b"\n" + rows)


@fuzz(share=2, content=damaged(LIST) | damaged(CSV) | row_of("image", "a", "b"))
def test_a_list_of_attributes_is_read_or_refused(tmp_path, content):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    try:
        names, rows = read_attributes(path)
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert all(len(values) == len(names) for values in rows.values())
        assert all(set(values) <= {0, 1} for values in rows.values())


@fuzz(content=damaged(LIST) | damaged(CSV) | row_of("image", "a"))
def test_photos_with_attributes_come_from_their_folder(tmp_path, content):
    (tmp_path / "photos").mkdir(exist_ok=True)
    for name in ("photos/1.jpg", "1.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "list.txt").write_bytes(content)
    try:
        prepared = prepare_attributes(tmp_path / "photos", 4, tmp_path / "list.txt")
    except UserError as error:
        assert str(tmp_path) in str(error)
    else:
        assert set(prepared.files) == {"1.jpg"}


@fuzz(share=2, content=damaged(UNITS) | row_of("layer", "index", "score"))
def test_a_table_about_units_is_shown_or_refused(tmp_path, content):
    path = tmp_path / "units.csv"
    path.write_bytes(content)
    try:
        found = table.read(str(path))
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
        return
    for rows in found["rows"].values():
        assert all(len(row) == 2 + len(found["columns"]) for row in rows)
    shown = json.loads(script.to_json(found))
    assert shown["columns"] == found["columns"]


@pytest.mark.parametrize("name", ["../1.jpg", "{}/1.jpg", "a" * 300])
def test_a_picture_beside_the_folder_is_skipped(tmp_path, name):
    folder = tmp_path / "photos"
    folder.mkdir()
    for place in (folder, tmp_path):
        Image.new("RGB", (8, 8)).save(place / "1.jpg")
    name = name.format(tmp_path)
    (tmp_path / "list.csv").write_text(f"image,a\n1.jpg,1\n{name},0\n")
    prepared = prepare_attributes(folder, 4, tmp_path / "list.csv")
    assert prepared.files == ["1.jpg"]
    assert list(prepared.skipped) == [name]


def test_the_tables_are_whole_before_they_are_damaged(tmp_path):
    path = Path(tmp_path / "table")
    for content in (LIST, CSV):
        path.write_bytes(content)
        assert read_attributes(path) == (
            ["Smiling", "Young"], {"1.jpg": [1, 0], "2.jpg": [0, 1]}
        )  # fmt: skip
    path.write_bytes(UNITS)
    assert table.read(str(path))["rows"]["conv1/Relu"] == [["old", 3, 0.5, "a.png"]]
