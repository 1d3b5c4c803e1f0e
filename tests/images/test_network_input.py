"""Pictures as people have them."""

import io

import numpy as np
import pytest
from PIL import Image

from input_specs import input_spec
from lucid_sprites import photos
from lucid_sprites.errors import UserError
from lucid_sprites.images import network_input

COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [200, 100, 50]]], np.uint8)


def read(path):
    return photos.read(path).on_white()


def network(height=None, width=None, **own):
    return input_spec(height=height, width=width, **own)


def saved(path, image, **options):
    image.save(path, **options)
    return path


def pixels(image):
    return np.asarray(image.convert("RGB"))


def large():
    """Four quarters, so that JPEG's blocks keep their colours."""
    return Image.fromarray(COLOURS.repeat(32, axis=0).repeat(32, axis=1))


def quarters(image):
    return pixels(image)[16::32, 16::32][:2, :2].astype(int)


def test_the_name_does_not_matter(tmp_path):
    path = tmp_path / "really_a_bmp.jpg"
    saved(path, Image.fromarray(COLOURS), format="BMP")
    np.testing.assert_array_equal(pixels(read(path)), COLOURS)


def test_cmyk_and_palette_and_grey(tmp_path):
    cmyk = read(saved(tmp_path / "a.jpg", large().convert("CMYK"), quality=95))
    assert np.abs(quarters(cmyk) - COLOURS).max() < 20
    palette = read(saved(tmp_path / "b.png", large().convert("P")))
    assert np.abs(quarters(palette) - COLOURS).max() < 60
    grey = read(saved(tmp_path / "c.png", large().convert("L")))
    assert grey.mode == "L"
    assert network_input.fit(grey, network(), 512).shape == (64, 64, 3)
    assert network_input.fit(large(), network(channels=1), 512).shape == (64, 64, 1)


def test_a_camera_held_sideways(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    upright = read(saved(tmp_path / "a.png", Image.fromarray(COLOURS), exif=exif))
    np.testing.assert_array_equal(pixels(upright), np.rot90(COLOURS, -1))


def test_transparency_becomes_white(tmp_path):
    see_through = Image.fromarray(np.dstack([COLOURS, [[255, 0], [255, 0]]]).astype(np.uint8))
    shown = pixels(read(saved(tmp_path / "a.png", see_through)))
    np.testing.assert_array_equal(shown[:, 0], COLOURS[:, 0])
    np.testing.assert_array_equal(shown[:, 1], np.full((2, 3), 255))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits(tmp_path, suffix):
    deep = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    shown = np.asarray(read(saved(tmp_path / f"a.{suffix}", Image.fromarray(deep))))
    np.testing.assert_array_equal(shown, [[0, 100], [200, 255]])


def test_sizes():
    wide = Image.new("RGB", (300, 100))
    assert network_input.fit(wide, network(), limit=150).shape == (50, 150, 3)
    assert network_input.fit(wide, network(), limit=512).shape == (100, 300, 3)
    assert network_input.fit(wide, network(64, 32), limit=16).shape == (64, 32, 3)


def test_a_picture_is_cut_to_the_networks_proportions_or_stretched():
    sides = Image.fromarray(np.repeat([[[0], [100], [100], [0]]], 60, 0).repeat(40, 1).repeat(3, 2)
                            .astype(np.uint8))  # fmt: skip
    cut = network_input.fit(sides, network(30, 30), 512)
    np.testing.assert_array_equal(cut[5:-5, 5:-5], 100)
    stretched = network_input.fit(sides, network(30, 30), 512, stretch=True)
    assert stretched[:, 0].max() == 0 and stretched[:, -1].max() == 0


def test_the_range_of_the_network():
    levels = np.array([0, 127.5, 255], np.float32).reshape(1, 3, 1)
    found = network_input.in_range(levels, network(low=-1, high=3))
    np.testing.assert_allclose(found.ravel(), [-1, 1, 3])


def _truncated():
    buffer = io.BytesIO()
    large().save(buffer, "JPEG")
    return buffer.getvalue()[:500]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_truncated(), "cannot be read: .*[Tt]runcated"),
        (b"", "not a picture"),
        (b"<html>", "not a picture"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, content, message):
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=rf"bad\.jpg: .*{message}"):
        read(path)


def test_other_numbers_of_channels_are_refused():
    with pytest.raises(UserError, match="5 channels"):
        network_input.fit(Image.new("RGB", (4, 4)), network(channels=5), 16)


def test_real_photos(shared_data):
    folder = shared_data / "photos"
    plain = pixels(read(folder / "african_elephants.jpg").resize((64, 48))).astype(int)
    cmyk = pixels(read(folder / "african_elephants_cmyk.jpg").resize((64, 48)))
    turned = pixels(read(folder / "african_elephants_with_exif_orientation.jpg").resize((64, 48)))
    assert np.abs(plain - cmyk).mean() < 12
    assert np.abs(plain - turned).mean() < 12
    for name in ("truncated.jpg", "african_elephants_truncated_file.jpg"):
        with pytest.raises(UserError, match=name):
            read(folder / name)
