"""What pictures excite, through the real Snakemake; read back, and seen by the real TensorBoard."""

import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tiny_graphs
from lucid_sprites.recipe.image_settings import VIEWS_VARIANT
from workflow_project import Project

CONFIG = {
    "defaults": {"thresholds": [2, 4], "scale": 16, "transforms": [{"jitter": 2}]},
    "series": {"tiny": {"layers": [{"layer": "conv2/Relu", "indexes": "0-1"}]}},
    "images": [
        {"pictures": ["photos"], "methods": ["activations", "deconvolution"], "layers": "r"},
        {
            "pictures": "photos/a cat.jpg",
            "methods": "deepdream",
            "layers": "conv2/Relu",
            "channels": [1, 3],
            "iterations": 2,
            "size": 48,
            "tile": 24,
        },
    ],
}


def picture(path, size=(40, 30), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = np.random.RandomState(seed).randint(0, 255, (*size[::-1], 3), np.uint8)
    Image.fromarray(levels).save(path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("shown") / "project")
    tiny_graphs.save(tiny_graphs.small(), project.folder / "graphs/tiny/young.pb")
    picture(project.folder / "photos/a cat.jpg")
    picture(project.folder / "photos/grey.png", seed=1)
    (project.folder / "photos/notes.txt").write_text("no picture")
    project.configure(CONFIG)
    done = project.run("--jobs", "2", "all", "tensorboard")
    assert done.code == 0, done.text
    assert done.jobs == {
        "optimize": 1, "render_sprite": 4, "losses": 1, "spritesheet": 2, "show_picture": 5,
        "picture_view": 10, "tensorboard_events": 1, "tensorboard": 1,
    }  # fmt: skip
    return project


@pytest.fixture
def project(shown, tmp_path):
    return shown.copy(tmp_path / "project")


VIEWS = [
    *(
        f"{image}/{method}/l_{layer}"
        for image in ("a_cat", "grey")
        for method in ("activations", "deconvolution")
        for layer in (2, 5)
    ),
    "a_cat/deepdream/l_5_i_1",
    "a_cat/deepdream/l_5_i_3",
]


def test_a_unit_shows_its_part_of_each_picture(browser, shown):
    page = browser.open(
        shown.folder / "results/tiny/index.html", "view=unit&layer=conv2/Relu&index=1"
    )
    section = page.locator("section", has_text="Pictures")
    expect(section.locator("tbody th")).to_have_text([
        "a_cat: strongest activation", "a_cat: activations", "a_cat: deconvolution",
        "a_cat: deepdream", "grey: strongest activation", "grey: activations",
        "grey: deconvolution",
    ])  # fmt: skip
    folder = shown.folder / "results/tiny/young/images"
    whole = Image.open(folder / "a_cat/activations/l_5.png")
    record = json.loads(whole.text["lucid-sprites"])
    assert record["variant"] == VIEWS_VARIANT
    peak = section.locator("tr", has_text="a_cat: strongest activation").locator("td")
    assert float(peak.inner_text()) == pytest.approx(record["peaks"][1], rel=1e-3)
    for name in ("a_cat/activations", "grey/deconvolution"):
        whole = Image.open(folder / f"{name}/l_5.png")
        height, width = record_of(whole)["cell"]
        left = width + record_of(whole)["padding"]  # the second cell of the first row
        part = np.asarray(whole.convert("RGB").crop((left, 0, left + width, height)))
        cut = section.locator("tr", has_text=name.replace("/", ": ")).locator(".part")
        cut.scroll_into_view_if_needed()
        expect(cut.locator("img")).to_have_js_property("complete", True)
        page.wait_for_timeout(200)
        seen = np.asarray(Image.open(io.BytesIO(cut.screenshot())).convert("RGB"))
        # In the middle of each enlarged pixel: the frame may begin between two of the screen's.
        zoom = 160 // max(height, width)
        middle = slice(zoom // 2, None, zoom)
        np.testing.assert_array_equal(seen[middle, middle], part)
    dream = section.locator("tr", has_text="deepdream").locator("img")
    expect(dream).to_have_js_property("naturalWidth", 48)
    assert dream.get_attribute("src").endswith("a_cat/deepdream/l_5_i_1.png")


def test_units_are_sorted_by_what_a_picture_excites(browser, shown):
    page = browser.open(
        shown.folder / "results/tiny/index.html",
        "layer=conv2/Relu&sort=pictures/grey: strongest activation",
    )
    with Image.open(shown.folder / "results/tiny/young/images/grey/activations/l_5.png") as whole:
        peaks = record_of(whole)["peaks"]
    wanted = sorted((0, 1), key=lambda index: -peaks[index])
    expect(page.locator(".cell")).to_have_count(2)
    cells = [int(cell.get_attribute("data-index")) for cell in page.locator(".cell").all()]
    assert cells == wanted


def record_of(image):
    return json.loads(image.text["lucid-sprites"])


def test_a_bundle_has_the_pictures_of_its_units(browser, project, tmp_path):
    done = project.run("--jobs", "2", "bundle")
    assert done.code == 0, done.text
    (path,) = project.results("bundles/*.zip")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "published")
    assert {f"young/images/{view}.png" for view in VIEWS} <= names
    (project.folder / "results").rename(tmp_path / "away")
    page = browser.open(tmp_path / "published/index.html", "view=unit&layer=conv2/Relu&index=1")
    pictures = page.locator("section", has_text="Pictures").locator("img")
    expect(pictures).to_have_count(5)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_one_picture_for_each_image_method_and_layer(shown):
    found = {
        str(path.relative_to(shown.folder / "results/tiny/young/images").with_suffix("")): path
        for path in shown.results("tiny/young/images/*/*/*.png")
    }
    assert sorted(found) == sorted(VIEWS)
    with Image.open(found["a_cat/deconvolution/l_2"]) as image:
        record = json.loads(image.text["lucid-sprites"])
        assert record["cell"] == [30, 40]
        assert image.size == (3 * 41 - 1, 2 * 31 - 1)
    assert record["layer"] == "conv1/Relu"
    assert record["cells"] == list(range(6))
    assert record["picture"] == "photos/a cat.jpg"
    with Image.open(found["a_cat/deepdream/l_5_i_3"]) as image:
        assert image.size == (48, 36)
        assert json.loads(image.text["lucid-sprites"])["channel"] == 3


def test_nothing_to_do_then_only_what_changed(project):
    assert project.run("--dry-run", "all", "tensorboard").jobs == {}
    picture(project.folder / "photos/grey.png", seed=2)
    assert project.run("--dry-run", "images").jobs == {"show_picture": 2, "picture_view": 4,
                                                       "images": 1}  # fmt: skip
    assert project.run("--jobs", "2").code == 0
    config = project.config()
    config["images"][1]["step"] = 3.0
    project.configure(config)
    changed = project.run("--jobs", "2", "images")
    assert changed.jobs == {"show_picture": 1, "picture_view": 2, "images": 1}
    (project.folder / "results/tiny/young/images/grey/activations/l_2.png").unlink()
    assert project.run("--jobs", "2").jobs == {"picture_view": 1}


def test_a_broken_picture_is_named_and_stops_no_other(project):
    whole = (project.folder / "photos/a cat.jpg").read_bytes()
    (project.folder / "photos/broken.jpg").write_bytes(whole[:700])
    picture(project.folder / "photos/later.png", seed=3)
    done = project.run("--jobs", "2")
    assert done.code != 0
    assert "photos/broken.jpg: damaged, cannot be read" in done.text
    assert "Traceback" not in done.text
    made = {path.parents[1].name for path in project.results("tiny/young/images/*/*/*.png")}
    assert made == {"a_cat", "grey", "later"}


def test_what_does_not_exist_is_refused_at_once(project):
    config = project.config()
    config["images"][0]["pictures"] = "photos/dog.png"
    project.configure(config)
    refused = project.run("--dry-run")
    assert refused.code != 0
    assert "config.yaml: images: photos/dog.png: no such picture" in refused.text
    assert "Traceback" not in refused.text


def events(project):
    folder = project.folder / "results/tiny/young/tensorboard"
    return EventAccumulator(str(folder), size_guidance={"images": 0}).Reload()


def test_event_files_hold_everything(shown):
    read = events(shown)
    layer = {2: "l_2 conv1.Relu", 5: "l_5 conv2.Relu"}
    views = {
        re.sub(r"l_(\d)(_(i_\d))?$", lambda m: layer[int(m[1])] + (f" {m[3]}" if m[3] else ""), v)
        for v in VIEWS
    }
    sprites = {f"sprites {layer[5]}/i_{index}" for index in (0, 1)}
    assert set(read.Tags()["images"]) == views | sprites
    for tag in sprites:
        assert [event.step for event in read.Images(tag)] == [2, 4]
    name = "results/tiny/young/sprites/l_5_i_1_t_4_s_16.png"
    with Image.open(shown.folder / name) as image:
        loss = json.loads(image.text["lucid-sprites"])["loss"]
    assert (
        read.Images(f"sprites {layer[5]}/i_1")[1].encoded_image_string
        == (shown.folder / name).read_bytes()
    )
    scalars = read.Scalars(f"loss {layer[5]}/i_1")
    assert [event.step for event in scalars] == [2, 4]
    assert scalars[1].value == pytest.approx(loss, rel=1e-5)


def test_the_real_tensorboard_shows_a_picture(shown):
    folder = shown.folder / "results/tiny/young/tensorboard"
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", "0",
         "--host", "127.0.0.1", "--load_fast", "false"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+/)", line):
                break
        else:
            pytest.fail("".join(lines))
        address = found[1]
        tag = quote("a_cat/deconvolution/l_2 conv1.Relu")
        listed = []
        for _ in range(60):
            url = f"{address}data/plugin/images/images?run=.&tag={tag}&sample=0"
            try:
                listed = json.load(urllib.request.urlopen(url, timeout=10))
            except urllib.error.HTTPError:  # it has not read the file yet
                listed = []
            if listed:
                break
            time.sleep(0.5)
        query = listed[0]["query"]
        shown_picture = urllib.request.urlopen(
            f"{address}data/plugin/images/individualImage?{query}", timeout=10
        ).read()
    finally:
        server.terminate()
        server.wait(timeout=30)
        server.stdout.close()
    view = shown.folder / "results/tiny/young/images/a_cat/deconvolution/l_2.png"
    assert shown_picture == view.read_bytes()
