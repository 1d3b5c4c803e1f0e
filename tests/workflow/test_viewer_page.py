"""The pages of a rendered project in a real browser, opened from disk."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def start(rendered):
    return rendered.folder / "results/index.html"


@pytest.fixture
def series(rendered):
    return rendered.folder / "results/tiny/index.html"


def at(page):
    """The state in the address."""
    page.wait_for_timeout(200)  # a changed state is written with a delay
    return dict(part.split("=", 1) for part in page.url.partition("#")[2].split("&") if part)


def shown(page):
    """Indexes of the cells, in order."""
    return [int(cell.get_attribute("data-index")) for cell in page.locator(".cell").all()]


def control(page, name):
    return page.locator(f'#controls [data-name="{name}"]')


def records(rendered, instance="old", layer=2, threshold=8):
    path = rendered.folder / f"results/tiny/{instance}/spritemaps/l_{layer}_t_{threshold}.json"
    return json.loads(path.read_text())["cells"]


def test_start_page_lists_all_and_leads_to_a_layer(browser, start):
    page = browser.open(start)
    expect(page.locator(".card h2")).to_have_text("tiny")
    expect(page.locator("summary")).to_contain_text(["old", "young"])
    page.get_by_role("link", name="conv2/Relu", exact=True).first.click()
    expect(page.locator(".cell")).to_have_count(5)
    state = at(page)
    assert (state["series"], state["layer"], state["view"]) == ("tiny", "conv2/Relu", "grid")


def test_page_of_a_series_begins_with_its_sprites(browser, series, rendered):
    page = browser.open(series)
    expect(page.locator(".cell")).to_have_count(6)
    labels = [cell.get_attribute("aria-label") for cell in page.locator(".cell").all()]
    for label, record in zip(labels, records(rendered, "young"), strict=True):
        assert label.startswith(f"unit {record['index']}, {record['status'].replace('_', ' ')}")


def test_cells_show_the_pixels_of_their_sprites(browser, series, rendered):
    page = browser.open(series, "zoom=1&instance=young&threshold=8", color_scheme="light")
    expect(page.locator(".cell")).to_have_count(6)
    page.wait_for_timeout(300)
    for cell in page.locator(".cell").all():
        index = cell.get_attribute("data-index")
        picture = Image.open(io.BytesIO(cell.locator(".sprite").screenshot())).convert("RGB")
        sprite = Image.open(rendered.sprite(f"l_2_i_{index}_t_8_s_16")).convert("RGB")
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(sprite))


def test_zoom_is_crisp(browser, series, rendered):
    page = browser.open(series, "zoom=3&instance=young&threshold=8")
    picture = page.locator(".sprite").first
    expect(picture).to_have_css("width", "48px")
    page.wait_for_timeout(300)
    large = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB"))
    small = np.asarray(Image.open(rendered.sprite("l_2_i_0_t_8_s_16")).convert("RGB"))
    np.testing.assert_array_equal(large, small.repeat(3, 0).repeat(3, 1))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("instance", "old", "tiny / old / conv1/Relu / 8 steps"),
        ("layer", "conv2/Relu", "tiny / young / conv2/Relu / 8 steps"),
        ("threshold", "4", "tiny / young / conv1/Relu / 4 steps"),
    ],
)
def test_lists_and_sliders_choose_the_same(browser, series, name, value, text):
    page = browser.open(series)
    control(page, name).select_option(value)
    expect(page.locator("h1")).to_have_text(text)
    assert at(page)[name] == value
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
def test_an_address_brings_back_its_state(browser, start, state):
    page = browser.open(start, state)
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


def test_an_address_of_what_is_gone_leads_to_what_is_there(browser, start):
    page = browser.open(start, "series=tiny&instance=none&layer=gone&threshold=5")
    expect(page.locator("h1")).to_have_text("tiny / young / conv1/Relu / 4 steps")
    expect(page.locator(".cell")).to_have_count(6)


def test_back_returns_from_a_unit(browser, series):
    page = browser.open(series, "sort=loss")
    page.locator('.cell[data-index="2"]').click()
    expect(page.locator("h1")).to_have_text("conv1/Relu · unit 2")
    page.go_back()
    expect(page.locator(".cell")).to_have_count(6)
    expect(control(page, "sort")).to_have_value("loss")


def test_sorted_and_filtered_by_loss(browser, series, rendered):
    page = browser.open(series, "instance=young&threshold=8&sort=loss")
    losses = {record["index"]: record["loss"] for record in records(rendered, "young")}
    by_loss = sorted(losses, key=lambda index: -losses[index])
    expect(page.locator(".cell")).to_have_count(6)
    assert shown(page) == by_loss
    control(page, "sort").select_option("-loss")
    expect(page.locator(".cell").first).to_have_attribute("data-index", str(by_loss[-1]))
    limit = losses[by_loss[2]]
    control(page, "low").fill(str(limit))
    control(page, "low").press("Enter")
    expect(page.locator(".cell")).to_have_count(3)
    assert shown(page) == by_loss[2::-1]
    control(page, "status").select_option("failed")
    expect(page.locator("#count")).to_have_text("0 of 6 units")
    expect(page.locator(".cell")).to_have_count(0)


def test_compared_side_by_side_and_sorted_by_change(browser, series, rendered):
    page = browser.open(series, "instance=young&threshold=8")
    control(page, "compare").select_option("side")
    expect(page.locator("h1")).to_contain_text("compared with old")
    expect(page.locator(".cell").first.locator(".sprite")).to_have_count(2)
    control(page, "sort").select_option("change")
    one, two = ({c["index"]: c["loss"] for c in records(rendered, i)} for i in ("young", "old"))
    wanted = sorted(one, key=lambda index: (-abs(two[index] - one[index]), index))
    expect(page.locator(".cell").first).to_have_attribute("data-index", str(wanted[0]))
    assert shown(page) == wanted
    change = abs(two[wanted[1]] - one[wanted[1]])
    control(page, "least").fill(str(change))
    control(page, "least").press("Enter")
    expect(page.locator(".cell")).to_have_count(2)
    assert shown(page) == wanted[:2]


def test_change_of_picture_is_the_mean_difference(browser, series, rendered):
    page = browser.open(series, "instance=young&threshold=8&compare=side&threshold2=4&sort=picture")
    page.wait_for_selector(".cell")

    def pixels(index, threshold):
        path = rendered.sprite(f"l_2_i_{index}_t_{threshold}_s_16")
        return np.asarray(Image.open(path).convert("RGB"), float) / 255

    difference = {index: np.abs(pixels(index, 8) - pixels(index, 4)).mean() for index in range(6)}
    assert shown(page) == sorted(difference, key=lambda index: -difference[index])
    for cell in page.locator(".cell").all():
        index, value = cell.locator(".caption").inner_text().split()
        assert float(value) == pytest.approx(difference[int(index)], rel=1e-3)


def test_blinking_shows_one_at_a_time(browser, series):
    page = browser.open(series, "compare=blink&threshold2=4", reduced_motion="reduce")
    cell = page.locator(".cell").first
    expect(cell.locator(".second")).to_be_hidden()
    page.keyboard.press("b")
    expect(cell.locator(".second")).to_be_visible()
    expect(cell.locator(".sprite:not(.second)")).to_be_hidden()
    moving = browser.open(series, "compare=blink&threshold2=4")
    expect(moving.locator(".flipped")).to_have_count(1)
    expect(moving.locator(".flipped")).to_have_count(0)


def test_unit_page_tells_all(browser, series, rendered):
    page = browser.open(series, "view=unit&instance=young&layer=conv1/Relu&threshold=8&index=3")
    expect(page.locator(".states .sprite")).to_have_count(4)
    expect(page.locator(".states th")).to_have_text(["4 steps", "8 steps", "old", "young"])
    record = next(cell for cell in records(rendered, "young") if cell["index"] == 3)
    loss = float(re.search(r"loss ([\d.e+-]+)", page.locator(".unit-head").inner_text())[1])
    assert loss == pytest.approx(record["loss"], rel=1e-3)
    expect(page.locator(".chart polyline")).to_have_count(1)
    expect(page.locator(".chart .mark")).to_have_count(2)
    text = page.locator("main").inner_text()
    assert "results/tiny/young/sprites/l_2_i_3_t_8_s_16.png" in text
    assert '[{"jitter":2}]' in text
    page.get_by_role("link", name="next").click()
    expect(page.locator("h1")).to_have_text("conv1/Relu · unit 4")


def test_search_by_layer_and_index(browser, series):
    page = browser.open(series)
    find = page.locator("#find")
    find.fill("conv2")
    find.press("Enter")
    expect(page.locator("h1")).to_contain_text("conv2/Relu")
    find.fill("3")
    find.press("Enter")
    expect(page.locator("h1")).to_have_text("conv2/Relu · unit 3")
    find.fill("v1 5")
    find.press("Enter")
    expect(page.locator("h1")).to_have_text("conv1/Relu · unit 5")
    find.fill("99")
    find.press("Enter")
    expect(page.locator("#message")).to_have_text("conv1/Relu has units 0 to 5")
    find.fill("nowhere")
    find.press("Enter")
    expect(page.locator("#message")).to_contain_text('No layer of tiny / young has "nowhere"')


def test_the_keyboard_alone(browser, series):
    page = browser.open(series, "zoom=6")
    expect(page.locator(".cell")).to_have_count(6)
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".cell").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    expect(page.locator('.cell[data-index="5"]')).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator('.cell[data-index="0"]')).to_be_focused()
    for key, name in (("Shift+I", "instance"), ("l", "layer"), ("Shift+T", "threshold")):
        before = at(page)[name]
        page.keyboard.press(key)
        changed = at(page)[name]
        assert changed != before
        page.keyboard.press(key[-1].swapcase() if len(key) > 1 else "Shift+L")
        assert at(page)[name] == before
    page.keyboard.press("-")
    assert at(page)["zoom"] == "4"
    page.keyboard.press("m")
    expect(page.locator(".cell.marked")).to_have_count(1)
    page.keyboard.press("c")
    expect(control(page, "compare")).to_have_value("side")
    page.keyboard.press("c")
    page.keyboard.press("c")
    expect(control(page, "compare")).to_have_value("")
    page.keyboard.press("Tab")
    page.locator('.cell[tabindex="0"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("unit 0")
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).to_contain_text("unit 1")
    page.keyboard.press("Escape")
    expect(page.locator(".cell")).to_have_count(6)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("conv2 4")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("conv2/Relu · unit 4")


def test_everything_has_a_name_for_screen_readers(browser, series, start):
    for file, state in ((start, ""), (series, ""), (series, "view=unit&index=1")):
        page = browser.open(file, state)
        page.wait_for_selector("h1")
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, a, input, select, [role=gridcell]")]
                .filter((one) => !one.ariaLabel && !one.textContent.trim()
                    && !one.labels?.length && one.getAttribute("aria-label") == null)
                .map((one) => one.outerHTML)"""
        )
        assert nameless == []


def test_light_and_dark(browser, series):
    def brightness(page):
        page.wait_for_selector(".cell")
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", color)[:3]))

    page = browser.open(series, color_scheme="dark")
    assert brightness(page) < 150
    page.locator("#theme").click()
    assert brightness(page) > 600
    page.wait_for_timeout(500)  # browsers write what they keep with a delay
    page.reload()
    assert brightness(page) > 600
    assert brightness(browser.open(series, color_scheme="light")) > 600


def test_on_a_phone(browser, start):
    for state in ("", "series=tiny", "series=tiny&view=unit&index=1", "series=tiny&compare=side"):
        page = browser.open(start, state, **PHONE)
        page.wait_for_selector("h1")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["viewport"]["width"], state
    page = browser.open(start, **PHONE)
    expect(page.locator("h1")).to_have_text("Series")
    expect(page.locator("#open-controls")).to_be_hidden()  # there is nothing to control
    page = browser.open(start, "series=tiny&view=unit&index=1&instance=young", **PHONE)
    names = page.locator(".from-table tbody th")
    expect(names.first).to_be_visible()
    for name in names.all():  # in words, not letter below letter
        assert name.bounding_box()["height"] < 60, name.inner_text()
    page = browser.open(start, "series=tiny", **PHONE)
    expect(page.locator("#controls")).to_be_hidden()
    page.locator("#open-controls").tap()
    for field in page.locator("#controls select").all():
        box = field.bounding_box()
        assert box["x"] + box["width"] <= PHONE["viewport"]["width"]
    control(page, "layer").select_option("conv2/Relu")
    expect(page.locator("h1")).to_contain_text("conv2/Relu")
    page.locator("#open-controls").tap()
    page.locator(".cell").first.tap()
    expect(page.locator("h1")).to_have_text("conv2/Relu · unit 0")


def test_figure_of_the_selection(browser, series, rendered):
    page = browser.open(series, "instance=young&threshold=8&sort=loss")
    expect(page.locator(".cell")).to_have_count(6)
    order = shown(page)
    page.locator("#open-figure").click()
    page.locator('input[name="columns"]').fill("3")
    with page.expect_download() as download:
        page.locator('[data-export="figure"]').click()
    assert download.value.suggested_filename == "tiny_young_conv1_Relu_8.png"
    figure = Image.open(download.value.path()).convert("RGB")
    # 3 columns and 2 rows of 16 pixels, gaps of 6, labels of 18, a title of 34.
    assert figure.size == (6 + 3 * 22, 34 + 6 + 2 * (16 + 18 + 6))
    pixels = np.asarray(figure)
    for number, index in enumerate(order):
        x, y = 6 + number % 3 * 22, 40 + number // 3 * 40
        sprite = np.asarray(Image.open(rendered.sprite(f"l_2_i_{index}_t_8_s_16")).convert("RGB"))
        np.testing.assert_array_equal(pixels[y : y + 16, x : x + 16], sprite)
        assert pixels[y + 16 : y + 34, x : x + 16].min() < 200  # a label


def test_damaged_data_are_named(browser, project):
    (project.folder / "results/tiny/young/viewer/l_2.js").unlink()
    page = browser.open(project.folder / "results/tiny/index.html")
    expect(page.locator("#message")).to_contain_text("young/viewer/l_2.js is missing or damaged")
    assert browser.trouble.pop(0).startswith("failed: ")
    assert "ERR_FILE_NOT_FOUND" in browser.trouble.pop(0)


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
    assert shown(page) == [5, 3, 0, 1, 2, 4]
    control(page, "sort").select_option("-curves/curvature")
    expect(page.locator(".cell").first.locator(".caption")).to_have_text("3 0.25")
    assert shown(page) == [3, 5, 0, 1, 2, 4]
    assert control(page, "sort").locator('[value*="picture"]').count() == 0
    expect(page).to_have_url(re.compile("view=grid"))
    page.goto(page.url.replace("view=grid", "view=unit") + "&index=3")
    section = page.locator("section", has_text="Curves")
    expect(section.locator("tr", has_text="curvature").locator("td")).to_have_text(["0.25"])
    expect(section.locator("img")).to_have_js_property("naturalWidth", 8)


def test_change_since_the_first_instance(browser, series, rendered):
    """Of graphs that were given, without any `compare`."""
    changes = pd.read_csv(rendered.folder / "results/tiny/changes.csv")
    own = changes[changes["name"] == "conv1/Relu"].set_index("index")
    assert own["instance"].unique().tolist() == ["young"]
    page = browser.open(series, "instance=young&layer=conv1/Relu")
    for sort, measure, rising in (
        ("-changes/kernel correlation", "kernel_correlation", True),
        ("changes/image distance", "image_distance", False),
    ):
        control(page, "sort").select_option(sort)
        wanted = own[measure].sort_values(ascending=rising)
        text = re.compile(rf"^{wanted.index[0]} ")
        expect(page.locator(".cell").first.locator(".caption")).to_have_text(text)
        assert shown(page) == wanted.index.tolist()
        values = [float(c.inner_text().split()[1]) for c in page.locator(".caption").all()]
        assert values == pytest.approx(wanted.tolist(), rel=1e-3)
    # Seen from the first instance, too, whose own page has nothing to compare.
    page = browser.open(series, "view=unit&instance=old&layer=conv1/Relu&index=4")
    section = page.locator("section", has_text="Changes")
    expect(section.locator("thead th")).to_have_text(["young"])
    since, correlation, *_ = section.locator("tbody td").all_inner_texts()
    assert since == "old"
    assert float(correlation) == pytest.approx(own.loc[4, "kernel_correlation"], rel=1e-3)
