"""The viewer without a mouse, for screen readers, in light and dark, on a phone."""

import re

from playwright.sync_api import expect

from viewer_page import address, control

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_the_keyboard_alone(browser, series_page):
    page = browser.open(series_page, "zoom=6")
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
        before = address(page)[name]
        page.keyboard.press(key)
        changed = address(page)[name]
        assert changed != before
        page.keyboard.press(key[-1].swapcase() if len(key) > 1 else "Shift+L")
        assert address(page)[name] == before
    page.keyboard.press("-")
    assert address(page)["zoom"] == "4"
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


def test_everything_has_a_name_for_screen_readers(browser, series_page, start_page):
    for file, state in ((start_page, ""), (series_page, ""), (series_page, "view=unit&index=1")):
        page = browser.open(file, state)
        page.wait_for_selector("h1")
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, a, input, select, [role=gridcell]")]
                .filter((one) => !one.ariaLabel && !one.textContent.trim()
                    && !one.labels?.length && one.getAttribute("aria-label") == null)
                .map((one) => one.outerHTML)"""
        )
        assert nameless == []


def test_light_and_dark(browser, series_page):
    def brightness(page):
        page.wait_for_selector(".cell")
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", color)[:3]))

    page = browser.open(series_page, color_scheme="dark")
    assert brightness(page) < 150
    page.locator("#theme").click()
    assert brightness(page) > 600
    page.wait_for_timeout(500)  # browsers write what they keep with a delay
    page.reload()
    assert brightness(page) > 600
    assert brightness(browser.open(series_page, color_scheme="light")) > 600


def test_on_a_phone(browser, start_page):
    for state in ("", "series=tiny", "series=tiny&view=unit&index=1", "series=tiny&compare=side"):
        page = browser.open(start_page, state, **PHONE)
        page.wait_for_selector("h1")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["viewport"]["width"], state
    page = browser.open(start_page, **PHONE)
    expect(page.locator("h1")).to_have_text("Series")
    expect(page.locator("#open-controls")).to_be_hidden()  # there is nothing to control
    page = browser.open(start_page, "series=tiny&view=unit&index=1&instance=young", **PHONE)
    names = page.locator(".from-table tbody th")
    expect(names.first).to_be_visible()
    for name in names.all():  # in words, not letter below letter
        assert name.bounding_box()["height"] < 60, name.inner_text()
    page = browser.open(start_page, "series=tiny", **PHONE)
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
