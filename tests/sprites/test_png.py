"""Sprites as PNG files: levels, records and bytes."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from lucid_sprites.recipe.size import Size
from lucid_sprites.sprites import png

RECORD = {"layer": "conv1/Relu", "index": 3, "loss": 1 / 3, "recipe": {"transforms": [{"pad": 1}]}}


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def levels(content: bytes) -> np.ndarray:
    return np.array(opened(content))


def test_levels_are_truncated_and_clipped():
    # lucid saves np.uint8(255 * clipped): no rounding.
    values = [0.0, 0.0039, 0.004, 0.5, 0.999, 1.0, -0.3, 1.7]
    picture = np.float32(values).reshape(2, 4, 1)
    expected = [[0, 0, 1, 127], [254, 255, 0, 255]]
    assert levels(png.encode(picture, RECORD)).tolist() == expected


@pytest.mark.parametrize(
    ("channels", "alpha", "mode"),
    [(1, False, "L"), (3, False, "RGB"), (2, True, "LA"), (4, True, "RGBA")],
)
def test_rows_columns_and_channels_keep_their_places(channels, alpha, mode):
    picture = np.random.RandomState(0).rand(5, 7, channels).astype(np.float32)
    content = png.encode(picture, {"recipe": {"alpha": alpha}})
    assert opened(content).mode == mode
    assert opened(content).size == (7, 5)
    expected = (picture * 255).astype(np.uint8)
    np.testing.assert_array_equal(levels(content).reshape(5, 7, channels), expected)


def test_equal_pictures_and_records_are_equal_bytes():
    picture = np.random.RandomState(0).rand(8, 8, 3).astype(np.float32)
    content = png.encode(picture, RECORD)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.encode(picture.copy(), dict(reversed(RECORD.items()))) == content
    assert png.encode(1 - picture, RECORD) != content
    assert png.encode(picture, {**RECORD, "index": 4}) != content


@pytest.mark.parametrize("made", [lambda record: png.encode(np.ones((2, 2, 3)), record),
                                  lambda record: png.empty(Size(2, 2), record)])  # fmt: skip
def test_the_record_travels_with_the_picture(tmp_path, made):
    record = {**RECORD, "layer": "größe/Relu \u2603", "loss": 0.1 + 0.2}
    assert json.loads(opened(made(record)).text["lucid-sprites"]) == record
    (tmp_path / "sprite.png").write_bytes(made(record))
    assert png.read(str(tmp_path / "sprite.png"))[1] == record


def test_an_empty_sprite_is_transparent_everywhere():
    content = png.empty(Size(9, 9), RECORD)
    rgba = np.array(opened(content).convert("RGBA"))
    assert rgba.shape == (9, 9, 4)
    assert not rgba[..., 3].any()
    assert png.empty(Size(9, 9), RECORD) == content


@pytest.mark.parametrize("channels", [2, 4, 6])
def test_pictures_of_other_channels_show_the_first_three(channels):
    picture = np.random.RandomState(0).rand(4, 4, channels).astype(np.float32)
    found = levels(png.encode(picture, RECORD))
    expected = np.zeros((4, 4, 3), np.uint8)
    expected[..., : min(3, channels)] = (picture * 255).astype(np.uint8)[..., :3]
    np.testing.assert_array_equal(found, expected)


def test_channels_that_the_input_names_are_shown():
    picture = np.random.RandomState(0).rand(5, 7, 7).astype(np.float32)
    wanted = (picture * 255).astype(np.uint8)
    for shown in ([6, 0, 3], [5]):
        content = png.encode(picture, {**RECORD, "input": {"channels": 7, "shown": shown}})
        assert (levels(content).reshape(5, 7, -1) == wanted[..., shown]).all()
    told = {"input": {"shown": [6, 0, 3]}, "recipe": {"alpha": True}}
    clear = np.concatenate([picture, picture[..., :1] / 2], axis=-1)
    shown_levels = levels(png.encode(clear, told))
    assert (shown_levels[..., :3] == wanted[..., [6, 0, 3]]).all()
    assert (shown_levels[..., 3] == (clear[..., 7] * 255).astype(np.uint8)).all()


def test_a_failed_sprite_has_the_size_of_the_others():
    assert opened(png.empty(Size(5, 7), RECORD)).size == (7, 5)
