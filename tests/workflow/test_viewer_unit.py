"""What the viewer says of a unit: states, losses, tables, changes."""

import re

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from viewer_page import control, expect_indexes


def test_unit_page_tells_all(browser, series_page, rendered):
    page = browser.open(
        series_page, "view=unit&instance=young&layer=conv1/Relu&threshold=8&index=3"
    )
    expect(page.locator(".states .sprite")).to_have_count(4)
    expect(page.locator(".states th")).to_have_text(["4 steps", "8 steps", "old", "young"])
    record = next(cell for cell in rendered.cells("l_2_t_8") if cell["index"] == 3)
    loss = float(re.search(r"loss ([\d.e+-]+)", page.locator(".unit-head").inner_text())[1])
    assert loss == pytest.approx(record["loss"], rel=1e-3)
    expect(page.locator(".chart polyline")).to_have_count(1)
    expect(page.locator(".chart .mark")).to_have_count(2)
    text = page.locator("main").inner_text()
    assert "results/tiny/young/sprites/l_2_i_3_t_8_s_16.png" in text
    assert '[{"jitter":2}]' in text
    page.get_by_role("link", name="next").click()
    expect(page.locator("h1")).to_have_text("conv1/Relu · unit 4")


def test_a_table_is_a_section_and_a_sort_key(browser, project):
    picture = project.folder / "results/tiny/pairs/3.png"
    picture.parent.mkdir()
    Image.new("RGB", (8, 8), "red").save(picture)
    (project.folder / "curves.csv").write_text(
        "instance,layer,index,curvature,picture\n"
        "young,conv1/Relu,3,0.25,pairs/3.png\n"
        "young,2,5,0.75,\n"
        "old,conv1/Relu,0,9,\n"
    )
    config = project.config()
    config["series"]["tiny"]["tables"] = {"curves": "curves.csv"}
    project.configure(config)
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert done.jobs == {}
    assert done.pages["viewer_table"] == 1
    page = browser.open(project.folder / "results/tiny/index.html", "instance=young")
    control(page, "sort").select_option("curves/curvature")
    expect(page.locator(".cell").first.locator(".caption")).to_have_text("5 0.75")
    expect_indexes(page, [5, 3, 0, 1, 2, 4])
    control(page, "sort").select_option("-curves/curvature")
    expect(page.locator(".cell").first.locator(".caption")).to_have_text("3 0.25")
    expect_indexes(page, [3, 5, 0, 1, 2, 4])
    assert control(page, "sort").locator('[value*="picture"]').count() == 0
    expect(page).to_have_url(re.compile("view=grid"))
    page.goto(page.url.replace("view=grid", "view=unit") + "&index=3")
    section = page.locator("section", has_text="Curves")
    expect(section.locator("tr", has_text="curvature").locator("td")).to_have_text(["0.25"])
    expect(section.locator("img")).to_have_js_property("naturalWidth", 8)


def test_change_since_the_first_instance(browser, series_page, rendered):
    """Of graphs that were given, without any `compare`."""
    changes = pd.read_csv(rendered.folder / "results/tiny/changes.csv")
    layer_changes = changes[changes["name"] == "conv1/Relu"].set_index("index")
    assert layer_changes["instance"].unique().tolist() == ["young"]
    page = browser.open(series_page, "instance=young&layer=conv1/Relu")
    for sort, measure, rising in (
        ("-changes/kernel correlation", "kernel_correlation", True),
        ("changes/image distance", "image_distance", False),
    ):
        control(page, "sort").select_option(sort)
        wanted = layer_changes[measure].sort_values(ascending=rising)
        text = re.compile(rf"^{wanted.index[0]} ")
        expect(page.locator(".cell").first.locator(".caption")).to_have_text(text)
        expect_indexes(page, wanted.index.tolist())
        values = [float(c.inner_text().split()[1]) for c in page.locator(".caption").all()]
        assert values == pytest.approx(wanted.tolist(), rel=1e-3)
    # Seen from the first instance, too, whose own page has nothing to compare.
    page = browser.open(series_page, "view=unit&instance=old&layer=conv1/Relu&index=4")
    section = page.locator("section", has_text="Changes")
    expect(section.locator("thead th")).to_have_text(["young"])
    since, correlation, *_ = section.locator("tbody td").all_inner_texts()
    assert since == "old"
    assert float(correlation) == pytest.approx(layer_changes.loc[4, "kernel_correlation"], rel=1e-3)
