"""Spritesheets, looked at pixel by pixel."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import CONSTANT, NOT_FINITE, OK
from lucid_sprites.sprites import png, sheet

RECIPE = {"seed": 5, "attempt": 1}


def record(status=OK, loss=1.5):
    return {"status": status, "loss": loss, "recipe": RECIPE}


def picture(index, edge, channels=3):
    """A sprite whose pixels tell its index and where they are."""
    y, x = np.mgrid[:edge, :edge] / edge
    levels = [np.full((edge, edge), (index + 1) / 16), x, y][:channels]
    return np.stack(levels, axis=-1)


def sprite(folder, index, edge, status=OK, channels=3, loss=1.5):
    path = folder / f"{index}.png"
    if status == OK:
        path.write_bytes(png.encode(picture(index, edge, channels), record(status, loss)))
    else:
        path.write_bytes(png.empty(Size(edge, edge), record(status, loss)))
    return str(path)


def levels(index, edge, channels=3):
    """The RGBA bytes of a sprite as it must be on a sheet."""
    rgb = (picture(index, edge, channels) * 255).astype(np.uint8)
    opaque = np.full((edge, edge, 1), 255, np.uint8)
    return np.concatenate([np.broadcast_to(rgb, (edge, edge, 3)), opaque], axis=-1)


def test_a_depth_that_columns_do_not_divide_keeps_its_last_row(tmp_path):
    sprites = {index: sprite(tmp_path, index, 8) for index in range(7)}
    image, cells = sheet.compose(sprites, depth=7, columns=3, cell=Size(8, 8))
    assert (image.size, image.mode) == ((24, 24), "RGBA")
    pixels = np.asarray(image)
    for index in range(7):
        x, y = index % 3 * 8, index // 3 * 8
        np.testing.assert_array_equal(pixels[y : y + 8, x : x + 8], levels(index, 8))
        assert (cells[index]["index"], cells[index]["x"], cells[index]["y"]) == (index, x, y)
    # The two cells that are left over in the last row.
    assert not pixels[16:, 8:].any()


@pytest.mark.parametrize(
    ("depth", "columns", "size"),
    [(1, 1, (8, 8)), (6, 3, (24, 16)), (7, 6, (48, 16)), (12, 6, (48, 16)), (13, 6, (48, 24))],
)
def test_the_sheet_has_room_for_the_whole_depth(tmp_path, depth, columns, size):
    last = depth - 1
    image, cells = sheet.compose({last: sprite(tmp_path, last, 8)}, depth, columns, Size(8, 8))
    assert image.size == size
    assert (cells[0]["x"], cells[0]["y"]) == (last % columns * 8, last // columns * 8)


def test_missing_sprites_leave_their_cells_transparent(tmp_path):
    image, cells = sheet.compose({2: sprite(tmp_path, 2, 8)}, depth=4, columns=2, cell=Size(8, 8))
    pixels = np.asarray(image).copy()
    np.testing.assert_array_equal(pixels[8:, :8], levels(2, 8))
    pixels[8:, :8] = 0
    assert not pixels.any()
    assert [cell["index"] for cell in cells] == [2]


@pytest.mark.parametrize(("edge", "cell", "margin"), [(8, 16, 4), (8, 13, 2), (15, 16, 0)])
def test_smaller_sprites_stand_in_the_middle(tmp_path, edge, cell, margin):
    sprites = {0: sprite(tmp_path, 0, cell), 3: sprite(tmp_path, 3, edge)}
    image, cells = sheet.compose(sprites, depth=4, columns=2, cell=Size(cell, cell))
    own = np.asarray(image)[cell:, cell:].copy()
    end = margin + edge
    np.testing.assert_array_equal(own[margin:end, margin:end], levels(3, edge))
    own[margin:end, margin:end] = 0
    assert not own.any()
    # The JSON gives the cell, not the sprite.
    assert (cells[1]["x"], cells[1]["y"]) == (cell, cell)


def test_failed_sprites_leave_their_cells_transparent_and_are_listed(tmp_path):
    sprites = {
        0: sprite(tmp_path, 0, 8),
        1: sprite(tmp_path, 1, 8, CONSTANT, loss=0.0),
        2: sprite(tmp_path, 2, 8),
    }
    image, cells = sheet.compose(sprites, depth=3, columns=3, cell=Size(8, 8))
    pixels = np.asarray(image)
    assert not pixels[:, 8:16].any()
    np.testing.assert_array_equal(pixels[:, :8], levels(0, 8))
    np.testing.assert_array_equal(pixels[:, 16:], levels(2, 8))
    assert cells[1] == {
        "index": 1,
        "x": 8,
        "y": 0,
        "loss": 0.0,
        "status": CONSTANT,
        "seed": 5,
        "attempt": 1,
        "sprite": "1.png",
    }


def test_a_failed_sprite_is_transparent_whatever_its_file_shows(tmp_path):
    path = tmp_path / "0.png"
    path.write_bytes(png.encode(picture(0, 8), record(NOT_FINITE)))
    image, _ = sheet.compose({0: str(path)}, depth=1, columns=1, cell=Size(8, 8))
    assert not np.asarray(image).any()


def test_grey_sprites_become_equal_colours(tmp_path):
    path = sprite(tmp_path, 9, 8, channels=1)
    image, _ = sheet.compose({0: path}, depth=1, columns=1, cell=Size(8, 8))
    np.testing.assert_array_equal(np.asarray(image), levels(9, 8, channels=1))


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_torn_sprite_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "0.png"
    whole = png.encode(picture(0, 8), record())
    path.write_bytes(whole[:-40] if content is None else content)
    with pytest.raises(UserError) as caught:
        sheet.compose({0: str(path)}, depth=1, columns=1, cell=Size(8, 8))
    assert str(caught.value).startswith(f"{path}: not a whole sprite (")
    assert str(caught.value).endswith("); it was deleted, run again")
    assert not path.exists()


def test_a_picture_without_a_record_is_no_sprite(tmp_path):
    path = tmp_path / "0.png"
    Image.new("RGB", (8, 8)).save(path)
    with pytest.raises(UserError, match="not a whole sprite"):
        sheet.compose({0: str(path)}, depth=1, columns=1, cell=Size(8, 8))


def test_a_missing_sprite_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"gone\.png: cannot be read: No such file"):
        sheet.compose({0: str(tmp_path / "gone.png")}, depth=1, columns=1, cell=Size(8, 8))


SPEC = {
    "series": "shapes",
    "instance": "a",
    "number": 4,
    "layer": "conv1/Relu",
    "depth": 5,
    "columns": 3,
    "threshold": 64,
}
GROUPS = [{"indexes": "0-1,4", "scale": 8}, {"indexes": "3", "scale": 16}]


def run_program(monkeypatch, results, out):
    spec = json.dumps({**SPEC, "results": str(results), "sprites": GROUPS})
    monkeypatch.setattr(sys, "argv", ["sheet", "--spec", spec, "--made", "abc", "--out", str(out)])
    sheet.main()


def results_folder(tmp_path):
    results = tmp_path / "results"
    for index, edge in ((0, 8), (1, 8), (4, 8), (3, 16)):
        path = results / layout.SPRITE.format(
            series="shapes", instance="a", layer=4, index=index, threshold=64, scale=edge
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png.encode(picture(index, edge), record(loss=index)))
    return results


def test_the_program_writes_the_sheet_and_what_is_on_it(tmp_path, monkeypatch):
    out = tmp_path / "sheets" / "l_4_t_64.png"
    run_program(monkeypatch, results_folder(tmp_path), out)
    with Image.open(out) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (48, 32))
        pixels = np.asarray(image)
    # The largest scale of the threshold is the cell.
    np.testing.assert_array_equal(pixels[16:, :16], levels(3, 16))
    np.testing.assert_array_equal(pixels[20:28, 20:28], levels(4, 8))
    described = json.loads(out.with_suffix(".json").read_text())
    cells = described.pop("cells")
    assert described.items() >= {**SPEC, "cell": 16}.items()
    assert [(cell["index"], cell["x"], cell["y"], cell["loss"]) for cell in cells] == [
        (0, 0, 0, 0), (1, 16, 0, 1), (3, 0, 16, 3), (4, 16, 16, 4),
    ]  # fmt: skip
    assert cells[2]["sprite"] == "l_4_i_3_t_64_s_16.png"


def test_equal_sprites_give_equal_files(tmp_path, monkeypatch):
    results = results_folder(tmp_path)
    for name in ("one.png", "two.png"):
        run_program(monkeypatch, results, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_the_program_ends_with_a_message_and_no_half_sheet(tmp_path, monkeypatch):
    results = results_folder(tmp_path)
    torn = next(results.rglob("l_4_i_3_*.png"))
    torn.write_bytes(torn.read_bytes()[:50])
    out = tmp_path / "sheets" / "l_4_t_64.png"
    with pytest.raises(SystemExit) as caught:
        run_program(monkeypatch, results, out)
    assert str(caught.value).startswith(f"error: {torn}: not a whole sprite")
    assert not out.parent.exists()


def test_a_sheet_is_the_same_wherever_the_results_lie(tmp_path, monkeypatch):
    results = results_folder(tmp_path)
    run_program(monkeypatch, results, tmp_path / "one.png")
    moved = results.rename(tmp_path / "moved")
    run_program(monkeypatch, moved, tmp_path / "two.png")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_loss_that_is_no_number_leaves_the_json_readable(tmp_path, monkeypatch):
    results = results_folder(tmp_path)
    failed = next(results.rglob("l_4_i_3_*.png"))
    failed.write_bytes(png.empty(Size(16, 16), record(NOT_FINITE, None)))
    out = tmp_path / "l_4_t_64.png"
    run_program(monkeypatch, results, out)
    json.loads(out.with_suffix(".json").read_text(), parse_constant=pytest.fail)
