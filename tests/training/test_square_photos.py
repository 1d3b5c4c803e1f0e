"""Photos of every odd kind are read upright and in colour, or skipped with a reason."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lucid_sprites
from lucid_sprites.errors import UserError
from lucid_sprites.photos import UnreadablePhotoError
from lucid_sprites.training.attributes import read_attributes
from lucid_sprites.training.dataset import open_dataset
from lucid_sprites.training.prepare_dataset import prepare_classes, split
from lucid_sprites.training.square_photos import read_square
from training.specs import training_spec


def read(path, edge=32):
    return read_square(Path(path), edge)


def test_the_largest_square_in_the_middle(tmp_path):
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = (200, 100, 50)
    Image.fromarray(picture).save(tmp_path / "wide.png")
    values, converted = read(tmp_path / "wide.png", 10)
    np.testing.assert_array_equal(values, np.full((10, 10, 3), (200, 100, 50)))
    assert converted == []


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("1", 1, (255, 255, 255)),
    ],
)
def test_modes_become_rgb(tmp_path, mode, colour, expected):
    Image.new(mode, (8, 8), colour).save(tmp_path / "odd.png")
    values, converted = read(tmp_path / "odd.png", 8)
    np.testing.assert_array_equal(values, np.full((8, 8, 3), expected))
    assert converted == [f"mode {mode}"]


def test_real_odd_photos(shared_data):
    folder = shared_data / "photos"
    plain, _ = read(folder / "african_elephants.jpg")
    cmyk, notes = read(folder / "african_elephants_cmyk.jpg")
    assert notes == ["mode CMYK"]
    assert np.abs(plain.astype(float) - cmyk).mean() < 12
    rotated, notes = read(folder / "african_elephants_with_exif_orientation.jpg")
    assert notes == ["rotated by EXIF"]
    assert np.abs(plain.astype(float) - rotated).mean() < 12
    assert read(folder / "grass.png")[1] == ["mode L"]
    assert read(folder / "palette_color.png")[1] == ["mode P"]
    for name in ("truncated.jpg", "african_elephants_truncated_file.jpg"):
        with pytest.raises(UnreadablePhotoError, match="damaged"):
            read(folder / name)
    with pytest.raises(UnreadablePhotoError, match="not a picture"):
        read(folder / "SOURCE.md")


def test_real_classes_are_counted_and_reported(shared_data, tmp_path):
    program = [sys.executable, "-m", "lucid_sprites.training.prepare_dataset"]
    spec = {"folder": str(shared_data / "ds01_cat_dog"), "edge": 24, "seed": 0}
    out, report = tmp_path / "out.npz", tmp_path / "out.json"
    subprocess.run(
        [*program, "--spec", json.dumps(spec), "--out", out, "--report", report],
        check=True,
        capture_output=True,
        env={"PYTHONPATH": str(Path(lucid_sprites.__file__).parents[1])},
    )
    described = json.loads(report.read_text())
    assert described["classes"] == {"cat": 100, "dog": 100}
    assert (described["training"], described["validation"]) == (160, 40)
    assert described["converted_files"]["cat/23.jpg"] == ["named .jpg but BMP"]
    assert described["converted_files"]["dog/50.jpg"] == ["named .jpg but BMP"]
    assert described["converted"] == len(described["converted_files"]) == 5
    assert described["skipped_files"] == {"test_unlabelled": "named like a test set, not a class"}
    dataset = open_dataset(training_spec(augmentation={}), str(out))
    pictures, labels = dataset.validation()
    assert pictures.shape == (40, 24, 24, 3)
    assert -1 <= pictures.min() < -0.9
    assert 0.9 < pictures.max() <= 1
    assert np.bincount(labels).tolist() == [20, 20]


def class_folders(folder, **counts):
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (9, 9), (number, 0, 0)).save(folder / name / f"{number}.png")
    return folder


def test_what_is_no_picture_is_skipped_and_named(tmp_path):
    folder = class_folders(tmp_path / "data", a=2, b=2, test=1, **{".hidden": 1})
    (folder / "a" / "Thumbs.db").write_bytes(b"\0" * 50)
    (folder / "a" / "empty.jpg").write_bytes(b"")
    (folder / "b" / ".DS_Store").write_bytes(b"x")
    prepared = prepare_classes(folder, 8, None)
    assert prepared.classes == ["a", "b"]
    assert prepared.targets == [0, 0, 1, 1]
    assert set(prepared.skipped) == {"a/Thumbs.db", "a/empty.jpg", "test"}
    chosen = prepare_classes(folder, 8, ["test", "b"])
    assert chosen.classes == ["test", "b"]


@pytest.mark.parametrize(
    ("counts", "classes", "message"),
    [
        ({"a": 2}, None, r"two classes with pictures or more are needed.*\['a'\]"),
        ({"a": 2, "b": 0}, None, r"none in \['b'\]"),
        ({"a": 2, "b": 2}, ["a", "c"], r"no folder 'c'; there are \['a', 'b'\]"),
    ],
)
def test_too_few_classes(tmp_path, counts, classes, message):
    with pytest.raises(UserError, match=message):
        prepare_classes(class_folders(tmp_path / "data", **counts), 8, classes)


def test_the_split_is_by_class_and_by_seed():
    targets = np.repeat([0, 1], [50, 10])
    kept = split(targets, 3)
    assert (kept[:50].sum(), kept[50:].sum()) == (10, 2)
    assert np.array_equal(kept, split(targets, 3))
    assert not np.array_equal(kept, split(targets, 4))


CELEBA = """3
5_o_Clock_Shadow Smiling
1.jpg  1 -1
2.jpg -1 -1
3.jpg -1  1
"""
CSV = "image_id, 5_o_Clock_Shadow, Smiling\n1.jpg,1,0\n2.jpg,0,0\n3.jpg,0,1\n"


@pytest.mark.parametrize("text", [CELEBA, CSV])
def test_attributes_of_celeba_and_of_csv(tmp_path, text):
    (tmp_path / "list.txt").write_text(text)
    names, rows = read_attributes(tmp_path / "list.txt")
    assert names == ["5_o_Clock_Shadow", "Smiling"]
    assert rows == {"1.jpg": [1, 0], "2.jpg": [0, 0], "3.jpg": [0, 1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b c\n1.jpg 1\n", r"line '1.jpg 1': a file name and 3 values"),
        ("a b\n1.jpg 1 yes\n", r"line '1.jpg 1 yes'"),
        ("5\n", "holds no pictures"),
    ],
)
def test_bad_tables(tmp_path, text, message):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(UserError, match=message):
        read_attributes(tmp_path / "list.txt")
