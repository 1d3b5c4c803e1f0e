"""Sprites that are not square, from the config to every page and file that shows them."""

import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tiny_graphs
from lucid_sprites.sprites import png
from viewer_page import control, shown_indexes
from workflow_project import Project

HEIGHT, WIDTH = 48, 80
SHEET = "results/tiny/young/spritemaps/l_2_t_4.png"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Two instances, four units of a layer at 48 x 80 pixels, with all that is made of them."""
    project = Project(tmp_path_factory.mktemp("wide") / "project")
    for seed, instance in enumerate(("young", "old")):
        tiny_graphs.save(
            tiny_graphs.small(seed=seed), project.folder / f"graphs/tiny/{instance}.pb"
        )
    settings = {"thresholds": [4], "scale": [HEIGHT, WIDTH], "transforms": [{"jitter": 2}]}
    layers = [{"layer": "conv1/Relu", "indexes": "0-3", "columns": 3}]
    project.configure({"defaults": settings, "series": {"tiny": {"layers": layers}}})
    done = project.run("--jobs", "2", "all", "compare", "tensorboard", "bundle")
    assert done.code == 0, done.text
    return project


@pytest.fixture
def page_of(rendered, browser):
    return lambda state: browser.open(rendered.folder / "results/tiny/index.html", state)


def test_sprites_logs_and_sheets(rendered):
    sprites = [rendered.sprite(f"l_2_i_{index}_t_4_s_48x80") for index in range(4)]
    sheet = Image.open(rendered.folder / SHEET)
    assert sheet.size == (3 * WIDTH, 2 * HEIGHT)
    pixels = np.asarray(sheet)
    for index, path in enumerate(sprites):
        image, record = png.read(str(path))
        assert image.size == (WIDTH, HEIGHT)
        assert record["recipe"]["scale"] == [HEIGHT, WIDTH]
        x, y = index % 3 * WIDTH, index // 3 * HEIGHT
        shown = pixels[y : y + HEIGHT, x : x + WIDTH, :3]
        np.testing.assert_array_equal(shown, np.asarray(image.convert("RGB")))
    described = json.loads((rendered.folder / SHEET).with_suffix(".json").read_text())
    assert described["cell"] == [HEIGHT, WIDTH]
    log = pd.read_csv(rendered.folder / "results/tiny/young/losses.csv")
    assert set(log["scale"]) == {"48x80"}


def test_event_files(rendered):
    events = EventAccumulator(str(rendered.folder / "results/tiny/young/tensorboard"))
    events.Reload()
    (shown,) = events.Images("sprites l_2 conv1.Relu/i_3")
    assert (shown.height, shown.width) == (HEIGHT, WIDTH)


def test_figures_of_the_states(rendered):
    figure = Image.open(rendered.folder / "results/tiny/comparison/states_l_2.png")
    other = Image.open(rendered.folder / "results/tiny/comparison/layers_young.png")
    # One more row of cells, with its gap.
    assert figure.height - other.height == HEIGHT + 2
    first, _ = png.read(str(rendered.sprite("l_2_i_0_t_4_s_48x80", "tiny/old")))
    wanted = np.asarray(first.convert("RGB"))
    pixels = np.asarray(figure)
    corners = np.argwhere((pixels == wanted[0, 0]).all(-1))
    found = [pixels[y : y + HEIGHT, x : x + WIDTH] for y, x in corners]
    assert any(part.shape == wanted.shape and (part == wanted).all() for part in found)


def test_bundle(rendered):
    with zipfile.ZipFile(rendered.folder / "results/bundles/tiny.zip") as bundle:
        assert bundle.testzip() is None
        assert Image.open(bundle.open("young/spritemaps/l_2_t_4.png")).size == (240, 96)


def test_grid_and_unit_page(page_of, rendered):
    page = page_of("instance=young&layer=conv1/Relu&zoom=1")
    expect(page.locator(".cell")).to_have_count(4)
    box = page.locator('.cell[data-index="3"] .sprite').bounding_box()
    assert (box["width"], box["height"]) == (WIDTH, HEIGHT)
    shot = Image.open(_screenshot(page, page.locator('.cell[data-index="3"] .sprite'), rendered))
    sprite, _ = png.read(str(rendered.sprite("l_2_i_3_t_4_s_48x80")))
    np.testing.assert_allclose(
        np.asarray(shot.convert("RGB"), int), np.asarray(sprite.convert("RGB"), int), atol=2
    )
    page = page_of("view=unit&instance=young&layer=conv1/Relu&threshold=4&index=3")
    text = page.locator("main").inner_text()
    assert "results/tiny/young/sprites/l_2_i_3_t_4_s_48x80.png" in text
    assert re.search(r"scale\s+48x80", text)
    box = page.locator(".unit > .sprite").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(WIDTH / HEIGHT)


def _screenshot(page, element, project):
    path = project.folder / "shot.png"
    element.screenshot(path=path)
    return path


def test_comparison_side_by_side_and_figure(page_of, rendered):
    page = page_of("instance=young&layer=conv1/Relu&zoom=1&compare=side&against=old")
    expect(page.locator(".cell").first.locator(".sprite")).to_have_count(2)
    control(page, "sort").select_option("picture")
    expect(page.locator(".cell").first.locator(".caption")).to_have_text(re.compile(r"\d 0\.\d+"))
    expect(page.locator(".cell")).to_have_count(4)
    assert sorted(shown_indexes(page)) == [0, 1, 2, 3]
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.locator('[data-export="figure"]').click()
    figure = Image.open(download.value.path())
    columns = 3
    assert figure.width == 6 + columns * (2 * WIDTH + 2 + 6)
    assert figure.height == 34 + 6 + 2 * (HEIGHT + 18 + 6)


def test_mark_and_redo(page_of, rendered, tmp_path):
    project = rendered.copy(tmp_path / "project")
    page = page_of("view=unit&instance=young&layer=conv1/Relu&threshold=4&index=2")
    page.keyboard.press("m")
    page.keyboard.press("r")
    expect(page.locator("dialog .sprite")).to_have_count(1)
    with page.expect_download() as listed:
        page.locator('[data-export="files"]').click()
    path = "results/tiny/young/sprites/l_2_i_2_t_4_s_48x80.png"
    assert listed.value.path().read_text() == f"{path}\n"
    with page.expect_download() as download:
        page.locator('[data-export="yaml"]').click()
    review = project.folder / "graphs/tiny/review.yaml"
    review.write_bytes(download.value.path().read_bytes())
    before = project.sprites()
    project.optimized()
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert project.optimized() == 1
    after = project.sprites()
    assert [name for name in after if after[name] != before[name]] == [path]
