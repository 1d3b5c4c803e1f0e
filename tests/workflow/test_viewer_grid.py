"""The sprites of a layer in the viewer: pixels, order, filters, comparison, figure."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from viewer_page import control, expect_indexes, shown_indexes


def test_cells_show_the_pixels_of_their_sprites(browser, series_page, rendered):
    page = browser.open(series_page, "zoom=1&instance=young&threshold=8", color_scheme="light")
    expect(page.locator(".cell")).to_have_count(6)
    page.wait_for_timeout(300)
    for cell in page.locator(".cell").all():
        index = cell.get_attribute("data-index")
        picture = Image.open(io.BytesIO(cell.locator(".sprite").screenshot())).convert("RGB")
        sprite = Image.open(rendered.sprite(f"l_2_i_{index}_t_8_s_16")).convert("RGB")
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(sprite))


def test_zoom_is_crisp(browser, series_page, rendered):
    page = browser.open(series_page, "zoom=3&instance=young&threshold=8")
    picture = page.locator(".sprite").first
    expect(picture).to_have_css("width", "48px")
    page.wait_for_timeout(300)
    large = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB"))
    small = np.asarray(Image.open(rendered.sprite("l_2_i_0_t_8_s_16")).convert("RGB"))
    np.testing.assert_array_equal(large, small.repeat(3, 0).repeat(3, 1))


def test_sorted_and_filtered_by_loss(browser, series_page, rendered):
    page = browser.open(series_page, "instance=young&threshold=8&sort=loss")
    losses = {record["index"]: record["loss"] for record in rendered.cells("l_2_t_8")}
    by_loss = sorted(losses, key=lambda index: -losses[index])
    expect(page.locator(".cell")).to_have_count(6)
    expect_indexes(page, by_loss)
    control(page, "sort").select_option("-loss")
    expect(page.locator(".cell").first).to_have_attribute("data-index", str(by_loss[-1]))
    limit = losses[by_loss[2]]
    control(page, "low").fill(str(limit))
    control(page, "low").press("Enter")
    expect(page.locator(".cell")).to_have_count(3)
    expect_indexes(page, by_loss[2::-1])
    control(page, "status").select_option("failed")
    expect(page.locator("#count")).to_have_text("0 of 6 units")
    expect(page.locator(".cell")).to_have_count(0)


def test_compared_side_by_side_and_sorted_by_change(browser, series_page, rendered):
    page = browser.open(series_page, "instance=young&threshold=8")
    control(page, "compare").select_option("side")
    expect(page.locator("h1")).to_contain_text("compared with old")
    expect(page.locator(".cell").first.locator(".sprite")).to_have_count(2)
    control(page, "sort").select_option("change")
    one, two = (
        {cell["index"]: cell["loss"] for cell in rendered.cells("l_2_t_8", f"tiny/{instance}")}
        for instance in ("young", "old")
    )
    wanted = sorted(one, key=lambda index: (-abs(two[index] - one[index]), index))
    expect(page.locator(".cell").first).to_have_attribute("data-index", str(wanted[0]))
    expect_indexes(page, wanted)
    change = abs(two[wanted[1]] - one[wanted[1]])
    control(page, "least").fill(str(change))
    control(page, "least").press("Enter")
    expect(page.locator(".cell")).to_have_count(2)
    expect_indexes(page, wanted[:2])


def test_change_of_picture_is_the_mean_difference(browser, series_page, rendered):
    page = browser.open(
        series_page, "instance=young&threshold=8&compare=side&threshold2=4&sort=picture"
    )
    page.wait_for_selector(".cell")

    def pixels(index, threshold):
        path = rendered.sprite(f"l_2_i_{index}_t_{threshold}_s_16")
        return np.asarray(Image.open(path).convert("RGB"), float) / 255

    difference = {index: np.abs(pixels(index, 8) - pixels(index, 4)).mean() for index in range(6)}
    expect_indexes(page, sorted(difference, key=lambda index: -difference[index]))
    for cell in page.locator(".cell").all():
        index, value = cell.locator(".caption").inner_text().split()
        assert float(value) == pytest.approx(difference[int(index)], rel=1e-3)


def test_blinking_shows_one_at_a_time(browser, series_page):
    page = browser.open(series_page, "compare=blink&threshold2=4", reduced_motion="reduce")
    cell = page.locator(".cell").first
    expect(cell.locator(".second")).to_be_hidden()
    page.keyboard.press("b")
    expect(cell.locator(".second")).to_be_visible()
    expect(cell.locator(".sprite:not(.second)")).to_be_hidden()
    moving = browser.open(series_page, "compare=blink&threshold2=4")
    expect(moving.locator(".flipped")).to_have_count(1)
    expect(moving.locator(".flipped")).to_have_count(0)


def test_figure_of_the_selection(browser, series_page, rendered):
    page = browser.open(series_page, "instance=young&threshold=8&sort=loss")
    expect(page.locator(".cell")).to_have_count(6)
    order = shown_indexes(page)
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
