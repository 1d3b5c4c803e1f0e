"""The way of a new user through the series that comes with the workflow, with fewer steps."""

import io
import shutil

import numpy as np
import pytest
import yaml
from PIL import Image
from playwright.sync_api import expect

from workflow_project import ROOT, Project


@pytest.fixture
def shapes(tmp_path):
    """The built-in network with the config that comes with it, cut down to six neurons."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    shapes = config["series"]["shapes"]
    project = Project(tmp_path / "shapes")
    project.configure(
        {
            "defaults": {**config["defaults"], "thresholds": [4, 12]},
            "series": {"shapes": {**shapes, "layers": ["conv3/Relu"], "indexes": "0-5"}},
        }
    )
    folder = project.folder / "graphs/shapes"
    folder.mkdir(parents=True)
    for instance in shapes["instances"]:
        shutil.copy(ROOT / f"graphs/shapes/{instance}.pb", folder)
    return project


def seen(page, index):
    """Pixels of a sprite on the page."""
    sprite = page.locator(f'.cell[data-index="{index}"] .sprite')
    expect(sprite).to_be_visible()
    page.wait_for_timeout(300)
    return np.asarray(Image.open(io.BytesIO(sprite.screenshot())).convert("RGB"), int)


def test_from_the_first_run_to_a_marked_sprite_redone(browser, shapes):
    assert shapes.render()[1] == 12
    assert shapes.render() == ({}, 0)
    old = shapes.sprites()
    (sheet, _) = shapes.results("shapes/step_3000/spritemaps/*.png")
    layer = sheet.name.split("_")[1]
    page = browser.open(shapes.folder / "results/index.html", color_scheme="light")
    page.get_by_role("link", name="shapes", exact=True).click()
    expect(page.locator("h1")).to_have_text("shapes / step_3000 / conv3/Relu / 12 steps")
    before = {index: seen(page, index) for index in range(6)}
    page.locator('.cell[data-index="4"]').focus()
    page.keyboard.press("m")
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.locator('[data-export="yaml"]').click()
    place = page.locator("dialog code").first.inner_text()
    assert place == "graphs/shapes/review.yaml"
    download.value.save_as(shapes.folder / place)
    page.keyboard.press("Escape")

    jobs, optimized = shapes.render()
    assert optimized == 1
    # The others of its block are taken out of it again, as they were.
    assert jobs == {"optimize": 1, "render_sprite": 12, "losses": 1, "spritesheet": 2}
    new = {path.rsplit("/", 1)[1] for path, data in shapes.sprites().items() if data != old[path]}
    assert new == {f"l_{layer}_i_4_t_{threshold}_s_64.png" for threshold in (4, 12)}
    page.reload()
    expect(page.locator("#mark-count")).to_have_text("0")
    after = {index: seen(page, index) for index in range(6)}
    difference = {index: np.abs(after[index] - before[index]).mean() for index in range(6)}
    assert difference.pop(4) > 10  # of 255 levels
    assert set(difference.values()) == {0}
    assert shapes.render() == ({}, 0)
