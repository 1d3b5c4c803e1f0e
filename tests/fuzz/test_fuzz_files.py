"""Whatever stands in a file: what was written there, or a message; and nothing beside its place."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st
from mutations import altered, damaged
from shares import fuzz

import tiny_graphs
from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe.size import Size
from lucid_sprites.sprites import attempts_log, extract, losses, png, sheet
from lucid_sprites.sprites.store import Entry, Store, _entry, _members, _seal

NAME = "ab" * 32
RECORD = {"status": "ok", "loss": 0.5, "recipe": {"seed": 0, "attempt": 0}, "index": 0}
PICTURE = png.encode(np.linspace(0, 1, 16 * 16 * 3).reshape(16, 16, 3), RECORD)
MEMBER = layout.member(0, 4, "0123456789abcdef")
STORED = [c.name for c in attempts_log.COLUMNS if isinstance(c, attempts_log.Stored)]
ROW = dict.fromkeys(STORED, 1) | {"curve": {"4": 0.5}}
ROW |= dict.fromkeys(["status", "transforms", "layer_name", "parametrization", "variant"], "none")


def zipped(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = comment
    return buffer.getvalue()


BLOCK = zipped({MEMBER: PICTURE, layout.ATTEMPTS: json.dumps([ROW, ROW]).encode()})
ENTRY = Entry("ok", 4, 0.5, {4: PICTURE}, {4: 0.5}, {4: 0.5}, {4: 1}, {4: 1},
              np.zeros((3, 2, 2), np.float32), 4, {"bins": [1], "hits": 0})  # fmt: skip
GRAPH = tiny_graphs.small(depth=3, second=2).SerializeToString()


@fuzz(content=damaged(BLOCK))
def test_a_sprite_comes_out_of_its_block_as_it_was_or_not_at_all(tmp_path, content):
    block, out, log = (tmp_path / name for name in ("block.zip", "sprite.png", "sprite.log"))
    block.write_bytes(content)
    out.unlink(missing_ok=True)
    try:
        extract.main(str(block), MEMBER, str(out), str(log))
    except SystemExit as end:
        assert str(end).startswith(f"error: {block}: ")
        assert not out.exists() and not block.exists()
    else:
        assert out.read_bytes() == PICTURE
    assert {path.name for path in tmp_path.iterdir()} <= {"block.zip", "sprite.png", "sprite.log"}


@fuzz(name=st.sampled_from(["../outside", "/tmp/outside", "a/../../outside", MEMBER + "/.."]))
def test_nothing_in_a_block_gets_out_of_its_place(tmp_path, name):
    block, out = tmp_path / "in/block.zip", tmp_path / "in/sprite.png"
    block.parent.mkdir(exist_ok=True)
    block.write_bytes(zipped({name: b"escaped", MEMBER: PICTURE}))
    extract.main(str(block), MEMBER, str(out), str(tmp_path / "log"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["block.zip", "in", "sprite.png"]


@fuzz(content=damaged(BLOCK))
def test_the_log_of_a_block_is_read_or_refused(tmp_path, content):
    block = tmp_path / "block.zip"
    block.write_bytes(content)
    try:
        table = losses.table([str(block)])
    except UserError as error:
        assert str(error).startswith(f"{block}: ")
        assert not block.exists()
    else:
        assert len(table) == 2


@fuzz(rows=altered([ROW, ROW]))
def test_rows_of_another_make_are_read_or_refused(tmp_path, rows):
    block = tmp_path / "block.zip"
    block.write_bytes(zipped({layout.ATTEMPTS: json.dumps(rows).encode()}))
    try:
        losses.table([str(block)]).to_csv()
    except UserError as error:
        assert str(error).startswith(f"{block}: ")


@fuzz(content=damaged(zipped(_members(ENTRY), _seal(NAME, _members(ENTRY)))))
def test_an_entry_of_the_store_is_what_was_kept_or_none(tmp_path, content):
    path = tmp_path / "ab" / f"{NAME}.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    found = Store(tmp_path).get(NAME)
    if found is not None:
        assert _members(found) == _members(ENTRY)
    assert list(tmp_path.rglob("*.*")) == [path]


@fuzz(record=altered(json.loads(_members(ENTRY)["record.json"])))
def test_an_entry_that_was_changed_is_none(tmp_path, record):
    members = _members(ENTRY) | {"record.json": json.dumps(record).encode()}
    path = tmp_path / "ab" / f"{NAME}.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zipped(members, _seal(NAME, _members(ENTRY))))
    found = Store(tmp_path).get(NAME)
    assert found is None or _members(found) == _members(_entry(members)) == _members(ENTRY)


@fuzz(content=damaged(PICTURE))
def test_a_sprite_is_put_on_its_sheet_or_refused(tmp_path, content):
    path = tmp_path / "0.png"
    path.write_bytes(content)
    try:
        image, cells = sheet.compose({0: str(path)}, 1, 1, Size(16, 16))
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
        assert not path.exists()
    else:
        assert image.size == (16, 16)
        assert len(cells) == 1


@fuzz(record=altered(RECORD).map(json.dumps).map(json.loads))
def test_a_record_of_another_make_is_read_or_refused(tmp_path, record):
    path = tmp_path / "0.png"
    path.write_bytes(png.encode(np.zeros((16, 16, 3)), record))
    try:
        sheet.compose({0: str(path)}, 1, 1, Size(16, 16))
    except UserError as error:
        assert str(error).startswith(f"{path}: ")


@fuzz(content=damaged(GRAPH) | damaged(PICTURE) | damaged(BLOCK) | st.binary(max_size=300))
def test_a_graph_file_is_read_or_refused(tmp_path, content):
    path = tmp_path / "graph.pb"
    path.write_bytes(content)
    try:
        assert frozen_graph.read(path).node
    except UserError as error:
        assert str(error).startswith(f"{path}: ")


def test_the_inputs_above_are_whole_before_they_are_damaged(tmp_path):
    """Otherwise everything above would be refused, and nothing tested."""
    path = tmp_path / "file"
    path.write_bytes(BLOCK)
    assert len(losses.table([str(path)])) == 2
    path.write_bytes(PICTURE)
    assert sheet.compose({0: str(path)}, 1, 1, Size(16, 16))[1][0]["status"] == "ok"
    path.write_bytes(GRAPH)
    assert frozen_graph.read(path).node
    store = Store(tmp_path)
    store.put(NAME, ENTRY)
    assert _members(store.get(NAME)) == _members(ENTRY)
    with pytest.raises(UserError):
        frozen_graph.read(tmp_path)
