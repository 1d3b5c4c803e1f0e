"""One picture from a file, whatever its kind, for pictures, objectives and datasets alike."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from input_specs import input_spec
from lucid_sprites import photos
from lucid_sprites.engine import photo_inputs as objective_photos
from lucid_sprites.errors import UserError
from lucid_sprites.images import network_input
from lucid_sprites.training.square_photos import read_square

EDGE = 16
RED, GREEN, BLUE, BROWN = (255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 100, 50)
WHITE = (255, 255, 255)


def quarters(*colours):
    """Four squares of one colour each, uint8 or of what is given."""
    four = np.array(colours)
    return four.reshape(2, 2, *four.shape[1:]).repeat(EDGE // 2, 0).repeat(EDGE // 2, 1)


def image(*colours, mode=None):
    return Image.fromarray(quarters(*colours).astype(np.uint8), mode)


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def grey(*levels):
    return [(level,) * 3 for level in levels]


def deep(*values, kind="PNG", dtype=np.uint16):
    return saved(Image.fromarray(quarters(*values).astype(dtype)), kind)


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6  # seen upright after a quarter turn clockwise
    return saved(image(GREEN, BROWN, RED, BLUE), "PNG", exif=exif)


def animation(kind):
    first, second = image(*COLOURS), image(BLUE, BLUE, BLUE, BLUE)
    return saved(first, kind, save_all=True, append_images=[second], **LOSSLESS.get(kind, {}))


def without_adobe(jpeg):
    """The same without the marker by which its inks are known to be inverted, and so not so."""
    start = jpeg.index(b"\xff\xee")
    length = int.from_bytes(jpeg[start + 2 : start + 4], "big")
    return jpeg[:start] + jpeg[start + 2 + length :]


def inks(inverted):
    """A JPEG in CMYK."""
    cmyk = image(*COLOURS).convert("CMYK")
    if inverted:
        return saved(cmyk, "JPEG", quality=100, subsampling=0)
    return without_adobe(saved(Image.eval(cmyk, lambda v: 255 - v), "JPEG", quality=100))


def palette(transparent=None):
    mapped = image(*COLOURS).quantize(4)
    index = mapped.getpixel((EDGE - 1, 0))
    options = {} if transparent is None else {"transparency": index}
    return saved(mapped, "PNG", **options)


def lab():
    from PIL import ImageCms

    screen, wanted = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    plain = image(*COLOURS)
    return saved(ImageCms.profileToProfile(plain, screen, wanted, outputMode="LAB"), "TIFF")


def with_profile():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    return saved(image(*COLOURS), "PNG", icc_profile=profile)


COLOURS = (RED, GREEN, BLUE, BROWN)
LOSSLESS = {"WEBP": {"lossless": True}}
HALF = tuple(255 - (255 - np.array(BROWN)) // 2)
FILES = {
    "RGB": (saved(image(*COLOURS), "PNG"), COLOURS),
    "RGB, BMP": (saved(image(*COLOURS), "BMP"), COLOURS),
    "RGB with a profile": (with_profile(), COLOURS),
    "RGB with a transparent colour": (
        saved(image(*COLOURS), "PNG", transparency=GREEN),
        (RED, WHITE, BLUE, BROWN),
    ),
    "RGBA": (
        saved(image((*RED, 255), (*GREEN, 0), (*BLUE, 255), (*BROWN, 128)), "PNG"),
        (RED, WHITE, BLUE, HALF),
    ),
    "grey": (saved(image(0, 90, 200, 255), "PNG"), grey(0, 90, 200, 255)),
    "grey with opacity": (
        saved(image((0, 255), (90, 255), (200, 0), (9, 0), mode="LA"), "PNG"),
        grey(0, 90, 255, 255),
    ),
    "black and white": (
        saved(image(0, 255, 255, 0).convert("1"), "PNG"),
        grey(0, 255, 255, 0),
    ),
    "palette": (palette(), COLOURS),
    "palette with a transparent entry": (palette(transparent=1), (RED, WHITE, BLUE, BROWN)),
    "CMYK": (saved(image(*COLOURS).convert("CMYK"), "TIFF"), COLOURS),
    "CMYK of Adobe": (inks(inverted=True), COLOURS),
    "CMYK as it is": (inks(inverted=False), COLOURS),
    "YCbCr": (saved(image(*COLOURS).convert("YCbCr"), "TIFF"), COLOURS),
    "Lab": (lab(), COLOURS),
    "16 bits": (deep(0, 257 * 90, 257 * 200, 65535), grey(0, 90, 200, 255)),
    "16 bits, dark": (deep(0, 257, 514, 2570), grey(0, 1, 2, 10)),
    "16 bits, TIFF": (deep(0, 257 * 90, 2570, 0, kind="TIFF"), grey(0, 90, 10, 0)),
    "16 bits, PGM, dark": (deep(0, 257, 514, 2570, kind="PPM"), grey(0, 1, 2, 10)),
    "16 bits, JPEG 2000": (
        deep(0, 257 * 90, 257 * 200, 65535, kind="JPEG2000"),
        grey(0, 90, 200, 255),
    ),
    "32 bits of 8": (deep(0, 9, 90, 200, kind="TIFF", dtype=np.int32), grey(0, 9, 90, 200)),
    "32 bits of 16": (
        deep(0, 257, 25700, 51400, kind="TIFF", dtype=np.int32),
        grey(0, 1, 100, 200),
    ),
    "32 bits": (
        deep(0, -5, 2**30, 2**31 - 1, kind="TIFF", dtype=np.int32),
        grey(0, 0, 128, 255),
    ),
    "floats to 1": (deep(0, 0.2, -1, 0.6, kind="TIFF", dtype=np.float32), grey(0, 51, 0, 153)),
    "floats to 255": (
        deep(0, np.nan, 90, 200, kind="TIFF", dtype=np.float32),
        grey(0, 0, 90, 200),
    ),
    "turned": (turned(), (RED, GREEN, BLUE, BROWN)),
    "animation": (animation("GIF"), COLOURS),
    "animation, PNG": (animation("PNG"), COLOURS),
    "animation, WebP": (animation("WEBP"), COLOURS),
    "several pages": (animation("TIFF"), COLOURS),
}
ROUGH = {"CMYK of Adobe": 3, "CMYK as it is": 3, "YCbCr": 3, "Lab": 24, "palette": 1, "RGBA": 1}


def as_picture(path):
    network = input_spec(height=EDGE, width=EDGE)
    return network_input.fit(photos.read(path).on_white(), network, 512)


def as_objective(path):
    return 255 * objective_photos.read({"file": str(path)}, EDGE, EDGE, 3)


def as_dataset(path):
    return read_square(path, EDGE)[0].astype(np.float32)


USES = {"picture": as_picture, "objective": as_objective, "dataset": as_dataset}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_is_one_picture_for_every_use(tmp_path, kind, use):
    content, colours = FILES[kind]
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    found = USES[use](path)
    assert found.shape == (EDGE, EDGE, 3)
    inside = found[3::8, 3::8].reshape(4, 3)
    np.testing.assert_allclose(inside, colours, atol=ROUGH.get(kind, 0.01))


def noisy():
    return Image.fromarray(np.random.RandomState(0).randint(0, 256, (40, 56, 3)).astype(np.uint8))


@pytest.mark.parametrize(
    ("kind", "hashes"),
    [
        ("PNG", ("8b25f362077eb744", "6b6b37cfcccd2696", "78605f8d206095db")),
        ("JPEG", ("f66f8c2253032c78", "2ec7f405fa00f1e6", "8a384836a689076d")),
    ],
)
def test_ordinary_files_are_the_bytes_that_they_always_were(tmp_path, kind, hashes):
    path = tmp_path / f"photo.{kind.lower()}"
    path.write_bytes(saved(noisy(), kind))
    found = [hashlib.sha256(use(path).tobytes()).hexdigest()[:16] for use in USES.values()]
    assert tuple(found) == hashes


def test_opacity_is_kept_where_it_is_asked_for(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(FILES["RGBA"][0])
    found = objective_photos.read({"file": str(path)}, EDGE, EDGE, 4)
    np.testing.assert_allclose(found[3::8, 3::8, 3].ravel(), [1, 0, 1, 128 / 255], atol=1e-6)


WHOLE = saved(noisy(), "JPEG")
BROKEN = {
    "truncated": (WHOLE[: len(WHOLE) // 2], "damaged"),
    "empty": (b"", "not a picture"),
    "text": (b"<html>", "not a picture"),
    "one pixel": (saved(Image.new("RGB", (1, 1)), "PNG"), "1 x 1 pixels are too small"),
    "missing": (None, "cannot be read: No such file"),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_picture_is_refused_by_name(tmp_path, kind, use):
    content, message = BROKEN[kind]
    path = tmp_path / "photo.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=rf"^{path}: {message}"):
        USES[use](path)
