"""The page of all sprites without a picture."""

import json

from PIL import Image
from playwright.sync_api import expect

from lucid_sprites import layout
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import NO_GRADIENT, NOT_FINITE, OK, SILENT
from lucid_sprites.viewer import html, layer_data, manifest
from lucid_sprites.viewer.script import script
from viewer_layers import SPEC, cell, sheet
from viewer_page import address, control

FAILING = {
    8: [OK, NO_GRADIENT, OK, *[NO_GRADIENT] * 45],
    16: [OK, NO_GRADIENT, NOT_FINITE, *[OK] * 45],
}
FINE = {8: [OK, OK], 16: [OK, OK]}


def write_layer(results, number, name, statuses):
    wildcards = {"series": "a", "instance": "one", "layer": number}

    def path(template, **fields):
        file = results / template.format(**wildcards, **fields)
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    sheets = []
    for threshold, column in statuses.items():
        sheets.append(
            sheet(threshold, *(cell(index, status=status) for index, status in enumerate(column)))
        )
        Image.new("RGB", (256, 128)).save(path(layout.SHEET, threshold=threshold))
    sizes = dict.fromkeys(range(48), Size(64, 64))
    cells = script(f"a/one/{number}", layer_data.cells(sheets, sizes))
    path(layout.PAGE_CELLS).write_text(cells)
    summary = layer_data.summary({**SPEC, "number": number, "name": name}, sheets, [])
    path(layout.PAGE_SUMMARY).write_text(json.dumps(summary))


def write_page(results, **layers):
    """The page of a series with these layers."""
    for number, (name, statuses) in enumerate(layers.items()):
        write_layer(results, number, name, statuses)
    numbers = f"0-{len(layers) - 1}"
    told = manifest.build({"series": "a", "results": str(results), "review": "none", "tables": [],
                           "training": None, "instances": [["one", numbers]]})  # fmt: skip
    page = results / "a/index.html"
    page.write_text(html.build({"": told}, "a"))
    return page


def test_failures_are_listed_by_layer_and_status_and_lead_to_units(browser, tmp_path):
    page = browser.open(write_page(tmp_path, fine=FINE, bad=FAILING))
    page.locator("#open-failures").click()
    expect(page.locator("main p")).to_have_text("48 of 100 sprites did not come out.")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    texts = [" ".join(row.inner_text().split()) for row in rows.all()]
    assert texts[0] == "one bad no gradient 8, 16 1"
    assert texts[1] == "one bad not finite 16 2"
    assert texts[2].startswith("one bad no gradient 8 3 4 5 ")
    assert texts[2].endswith("42 and 5 more")
    control(page, "status").select_option(NOT_FINITE)
    expect(rows).to_have_count(1)
    assert address(page)["view"] == "failures"
    link = rows.first.locator("a").last.get_attribute("href")
    assert {"view=unit", "layer=bad", "threshold=16", "index=2"} <= {*link[1:].split("&")}


def test_a_series_without_failures_says_so(browser, tmp_path):
    page = browser.open(write_page(tmp_path, fine=FINE), "view=failures")
    expect(page.locator("main p")).to_have_text("0 of 4 sprites did not come out.")
    expect(page.locator("table")).to_have_count(0)


def test_a_silent_unit_shows_its_picture_faintly(browser, tmp_path):
    """In the grid, beside one that came out and one that has nothing to show."""
    cells = {8: [OK, SILENT, NO_GRADIENT]}
    page = browser.open(write_page(tmp_path, mixed=cells), "view=grid&layer=mixed&threshold=8")
    expect(page.locator("[role=gridcell]")).to_have_count(3)
    shown = {}
    for status in (OK, SILENT, "no gradient"):
        sprite = page.locator(f'[role=gridcell][aria-label*=", {status}, "] .sprite')
        shown[status] = sprite.evaluate(
            "it => [it.style.backgroundImage != '', getComputedStyle(it).outlineStyle]"
        )
    assert shown == {
        OK: [True, "none"], SILENT: [True, "dashed"], "no gradient": [False, "none"]
    }  # fmt: skip
    page.locator("#open-failures").click()
    expect(page.locator("main p")).to_have_text("2 of 3 sprites did not come out.")
