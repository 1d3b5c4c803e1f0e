"""Whatever a picture file holds: a picture, or a message; never a full memory."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import strategies as st
from mutations import damaged
from PIL import Image
from shares import fuzz

from lucid_sprites import photos
from lucid_sprites.engine import photo_inputs as objective_photos
from lucid_sprites.errors import UserError
from lucid_sprites.photos import UnreadablePhotoError
from lucid_sprites.training.square_photos import read_square

_LEVELS = np.arange(24 * 18 * 4, dtype=np.uint32).reshape(24, 18, 4).astype(np.uint8)
_COLOURS = Image.fromarray(_LEVELS[..., :3])


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


_EXIF = Image.Exif()
_EXIF[0x0112] = 6  # turned by a quarter
WHOLE = {
    "jpeg": saved(_COLOURS, "JPEG", exif=_EXIF),
    "progressive": saved(_COLOURS, "JPEG", progressive=True),
    "cmyk": saved(_COLOURS.convert("CMYK"), "JPEG"),
    "png": saved(_COLOURS, "PNG"),
    "opacity": saved(Image.fromarray(_LEVELS), "PNG"),
    "palette": saved(_COLOURS.convert("P"), "PNG", transparency=3),
    "deep": saved(Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20)), "PNG"),
    "float": saved(Image.fromarray(np.linspace(0, 9, 64, dtype=np.float32).reshape(8, 8)), "TIFF"),
    "animation": saved(_COLOURS, "GIF", save_all=True, append_images=[_COLOURS.rotate(90)]),
    "webp": saved(_COLOURS, "WEBP"),
    "bmp": saved(_COLOURS, "BMP"),
}


def declared(width: int, height: int) -> bytes:
    """A PNG that says it is of this size and holds next to nothing."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" * 64)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


FILES = st.sampled_from(sorted(WHOLE)).flatmap(lambda kind: damaged(WHOLE[kind]))


@fuzz(share=2, content=FILES)
def test_a_picture_is_read_or_refused(tmp_path, content):
    path = tmp_path / "picture"
    path.write_bytes(content)
    try:
        image = photos.read(path).on_white()
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert image.mode in ("L", "RGB")
        assert np.asarray(image).dtype == np.uint8


@fuzz(content=FILES, channels=st.sampled_from([1, 3, 4]))
def test_a_photo_of_an_objective_is_read_or_refused(tmp_path, content, channels):
    path = tmp_path / "photo"
    path.write_bytes(content)
    try:
        values = objective_photos.read({"file": str(path)}, 6, 5, channels)
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert values.shape == (6, 5, channels)
        assert values.min() >= 0 and values.max() <= 1


@fuzz(content=FILES)
def test_a_photo_of_a_dataset_is_read_or_skipped(tmp_path, content):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    try:
        picture, _ = read_square(path, 7)
    except UnreadablePhotoError as error:
        assert str(error)
    else:
        assert picture.shape == (7, 7, 3)
        assert picture.dtype == np.uint8


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (179_000_000, 1)])
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(declared(*size))
    for read in (photos.read, lambda path: objective_photos.read({"file": str(path)}, 6, 5, 3)):
        with pytest.raises(UserError, match=r"bomb.png: .*pixels") as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
    with pytest.raises(UnreadablePhotoError, match="too many pixels"):
        read_square(path, 7)


def test_the_pictures_are_whole_before_they_are_damaged(tmp_path):
    for kind, content in WHOLE.items():
        path = tmp_path / kind
        path.write_bytes(content)
        assert photos.read(path).on_white().mode == ("L" if kind in ("deep", "float") else "RGB")
        assert objective_photos.read({"file": str(path)}, 6, 5, 3).shape == (6, 5, 3)
        assert read_square(path, 7)[0].shape == (7, 7, 3)
    assert photos.read(tmp_path / "jpeg").image.size == (24, 18)
