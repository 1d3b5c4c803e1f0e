"""Ways through the pages of a rendered project: lists, sliders, addresses, the search."""

import pytest
from playwright.sync_api import expect

from viewer_page import address, control, search


def test_start_page_lists_all_and_leads_to_a_layer(browser, start_page):
    page = browser.open(start_page)
    expect(page.locator(".card h2")).to_have_text("tiny")
    expect(page.locator("summary")).to_contain_text(["old", "young"])
    page.get_by_role("link", name="conv2/Relu", exact=True).first.click()
    expect(page.locator(".cell")).to_have_count(5)
    state = address(page)
    assert (state["series"], state["layer"], state["view"]) == ("tiny", "conv2/Relu", "grid")


def test_page_of_a_series_begins_with_its_sprites(browser, series_page, rendered):
    page = browser.open(series_page)
    expect(page.locator(".cell")).to_have_count(6)
    labels = [cell.get_attribute("aria-label") for cell in page.locator(".cell").all()]
    for label, record in zip(labels, rendered.cells("l_2_t_8"), strict=True):
        assert label.startswith(f"unit {record['index']}, {record['status'].replace('_', ' ')}")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("instance", "old", "tiny / old / conv1/Relu / 8 steps"),
        ("layer", "conv2/Relu", "tiny / young / conv2/Relu / 8 steps"),
        ("threshold", "4", "tiny / young / conv1/Relu / 4 steps"),
    ],
)
def test_lists_and_sliders_choose_the_same(browser, series_page, name, value, text):
    page = browser.open(series_page)
    control(page, name).select_option(value)
    expect(page.locator("h1")).to_have_text(text)
    assert address(page)[name] == value
    slider = page.locator(f'[data-slider="{name}"]')
    before = slider.input_value()
    slider.fill("0" if before == "1" else "1")
    expect(control(page, name)).not_to_have_value(value)
    slider.fill(before)
    expect(control(page, name)).to_have_value(value)
    expect(page.locator("h1")).to_have_text(text)


@pytest.mark.parametrize(
    "state",
    [
        "view=grid&series=tiny&instance=old&layer=conv2/Relu&threshold=4&zoom=6",
        "view=grid&series=tiny&instance=old&layer=conv1/Relu&threshold=8&status=ok&sort=loss",
        "view=unit&series=tiny&instance=young&layer=conv1/Relu&threshold=4&index=3",
        "view=grid&series=tiny&instance=old&layer=conv1/Relu&threshold=8&compare=side"
        "&series2=tiny&instance2=young&layer2=conv1/Relu&threshold2=4&sort=change",
    ],
)
def test_an_address_brings_back_its_state(browser, start_page, state):
    page = browser.open(start_page, state)
    expect(page.locator("h1")).to_be_visible()
    heading = page.locator("h1").text_content()
    wanted = dict(part.split("=") for part in state.split("&"))
    for name, value in wanted.items():
        field = control(page, name)
        if field.count():
            expect(field).to_have_value(value)
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("h1")).to_have_text(heading)


def test_an_address_of_what_is_gone_leads_to_what_is_there(browser, start_page):
    page = browser.open(start_page, "series=tiny&instance=none&layer=gone&threshold=5")
    expect(page.locator("h1")).to_have_text("tiny / young / conv1/Relu / 4 steps")
    expect(page.locator(".cell")).to_have_count(6)


def test_back_returns_from_a_unit(browser, series_page):
    page = browser.open(series_page, "sort=loss")
    page.locator('.cell[data-index="2"]').click()
    expect(page.locator("h1")).to_have_text("conv1/Relu · unit 2")
    page.go_back()
    expect(page.locator(".cell")).to_have_count(6)
    expect(control(page, "sort")).to_have_value("loss")


def test_search_by_layer_and_index(browser, series_page):
    page = browser.open(series_page)
    search(page, "conv2")
    expect(page.locator("h1")).to_contain_text("conv2/Relu")
    search(page, "3")
    expect(page.locator("h1")).to_have_text("conv2/Relu · unit 3")
    search(page, "v1 5")
    expect(page.locator("h1")).to_have_text("conv1/Relu · unit 5")
    search(page, "99")
    expect(page.locator("#message")).to_have_text("conv1/Relu has units 0 to 5")
    search(page, "nowhere")
    expect(page.locator("#message")).to_contain_text('No layer of tiny / young has "nowhere"')


def test_damaged_data_are_named(browser, project):
    (project.folder / "results/tiny/young/viewer/l_2.js").unlink()
    page = browser.open(project.folder / "results/tiny/index.html")
    expect(page.locator("#message")).to_contain_text("young/viewer/l_2.js is missing or damaged")
    assert browser.trouble.pop(0).startswith("failed: ")
    assert "ERR_FILE_NOT_FOUND" in browser.trouble.pop(0)
