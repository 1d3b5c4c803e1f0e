"""From a mark in the browser to the sprite that is rendered anew."""

import pytest
import yaml
from playwright.sync_api import expect


def mark_and_save(browser, project, name, *keys):
    """Press keys on a unit of conv1 of `young`, and put the exported review where it belongs."""
    page = browser.open(project.folder / "results/tiny/index.html", "instance=young&zoom=4")
    page.locator(f'.cell[data-index="{name}"]').focus()
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator("#mark-count")).to_have_text("1")
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.locator('[data-export="yaml"]').click()
    assert download.value.suggested_filename == "review.yaml"
    download.value.save_as(project.folder / "graphs/tiny/review.yaml")
    return page


def test_a_marked_sprite_is_redone_with_another_seed(browser, project):
    before = project.sprites()
    page = mark_and_save(browser, project, 2, "3")
    text = (project.folder / "graphs/tiny/review.yaml").read_text()
    assert "graphs/tiny/review.yaml" in text
    assert yaml.safe_load(text) == {
        "series": "tiny",
        "redo": [
            {"instance": "young", "layer": "conv1/Relu", "index": 2, "reason": "noisy", "seed": 1}
        ],
    }
    jobs, optimized = project.render()
    assert optimized == 1
    assert jobs["optimize"] == 1
    after = project.sprites()
    changed = {path.rsplit("/", 1)[1] for path in before if after[path] != before[path]}
    assert changed == {"l_2_i_2_t_4_s_16.png", "l_2_i_2_t_8_s_16.png"}
    assert project.render() == ({}, 0)

    # The mark has been dealt with, the picture is that of the new seed, and a second mark keeps it.
    page.reload()
    expect(page.locator("#mark-count")).to_have_text("0")
    expect(page.locator('.cell[data-index="2"]')).to_be_visible()
    page.locator('.cell[data-index="2"]').press("Enter")
    expect(page.locator(".unit-head")).to_contain_text("seed 1")
    page.keyboard.press("Escape")
    page.locator('.cell[data-index="4"]').press("m")
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.locator('[data-export="yaml"]').click()
    both = yaml.safe_load(download.value.path().read_text())["redo"]
    assert [(entry["index"], entry["seed"]) for entry in both] == [(2, 1), (4, 1)]


def test_a_mark_may_list_settings(browser, project):
    page = browser.open(
        project.folder / "results/tiny/index.html", "view=unit&instance=young&index=1"
    )
    form = page.locator("form.mark")
    form.locator('[name="reason"]').fill('too "flat": pale')
    form.locator('[name="seed"]').fill("")
    form.locator('[name="learning_rate"]').fill("0.2")
    form.locator('[name="parametrization"]').select_option("pixel")
    form.locator("button.primary").click()
    expect(page.locator("#mark-count")).to_have_text("1")
    page.wait_for_timeout(2000)  # browsers write what they keep with a delay
    page.reload()
    expect(page.locator("#mark-count")).to_have_text("1")
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.locator('[data-export="yaml"]').click()
    review = project.folder / "graphs/tiny/review.yaml"
    download.value.save_as(review)
    (entry,) = yaml.safe_load(review.read_text())["redo"]
    assert entry["reason"] == 'too "flat": pale'
    assert (entry["learning_rate"], entry["parametrization"]) == (0.2, "pixel")
    assert "seed" not in entry
    assert project.render()[1] == 1


def test_marks_as_a_list_of_files(browser, project):
    page = browser.open(project.folder / "results/tiny/index.html", "instance=old&layer=conv2/Relu")
    page.locator('.cell[data-index="4"]').press("1")
    page.keyboard.press("r")
    with page.expect_download() as download:
        page.locator('[data-export="files"]').click()
    paths = download.value.path().read_text().split()
    assert paths == [f"results/tiny/old/sprites/l_5_i_4_t_{t}_s_16.png" for t in (4, 8)]
    assert all((project.folder / path).exists() for path in paths)


def test_a_mark_is_taken_away(browser, project):
    page = browser.open(project.folder / "results/tiny/index.html", "instance=old")
    cell = page.locator('.cell[data-index="0"]')
    for count in ("1", "0", "1"):
        cell.press("m")
        expect(page.locator("#mark-count")).to_have_text(count)
    page.locator('[data-name="marked"]').check()
    expect(page.locator(".cell")).to_have_count(1)
    # The start page, at another place of the same results, knows the mark too.
    page.wait_for_timeout(2000)
    other = page.context.new_page()
    other.goto((project.folder / "results/index.html").as_uri())
    expect(other.locator("#mark-count")).to_have_text("1")
    page.keyboard.press("r")
    page.get_by_role("button", name="Take the mark of unit 0 away").click()
    expect(page.locator("#mark-count")).to_have_text("0")


def review(project, **entry):
    content = {"series": "tiny", "redo": [{"layer": "conv1/Relu", "index": 0, "seed": 1, **entry}]}
    (project.folder / "graphs/tiny/review.yaml").write_text(yaml.safe_dump(content))
    return project.run("--dry-run")


def test_unknown_entries_are_named_before_anything_runs(project):
    for entry, message in (
        ({"instance": "older"}, "redo.0: no instance 'older'; there are old, young"),
        ({"layer": "conv9/Relu"}, "layer 'conv9/Relu' is not a layer of the graph; nearest names"),
        (
            {"index": 6},
            "layer conv1/Relu, index 6: index 6 is beyond its depth; choose from 0 to 5",
        ),
        ({"transforms": "wilder"}, "wilder"),
        ({"sed": 3}, "did you mean seed"),
    ):
        run = review(project, **entry)
        assert run.code != 0
        assert message in " ".join(run.text.split()), run.text
        assert "review.yaml" in run.text
        assert "Traceback" not in run.text


def test_a_review_without_an_instance_holds_for_all(project):
    review(project)
    assert project.render()[1] == 2


@pytest.mark.stress
def test_without_its_review_a_sprite_is_as_before(project):
    before = project.sprites()
    review(project)
    project.render()
    assert project.sprites() != before
    (project.folder / "graphs/tiny/review.yaml").unlink()
    assert project.render()[1] == 0  # from the store
    assert project.sprites() == before
