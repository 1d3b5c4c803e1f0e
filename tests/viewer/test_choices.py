"""What pages offer and show: declared once in Python, handed over by the manifest."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from lucid_sprites import layout
from lucid_sprites.config import schema
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import STATUSES
from lucid_sprites.recipe.transform_lists import PRESETS
from lucid_sprites.sprites import attempts_log
from lucid_sprites.viewer import choices, html, layer_data, manifest
from lucid_sprites.viewer.script import script
from viewer_layers import SPEC, cell, row, sheet
from viewer_page import control, expect_indexes

PAGE = Path(layout.__file__).parent / "viewer" / "page"


def test_orders_keep_the_names_that_addresses_have():
    keys = [sort["key"] for sort in choices.choices()["sorts"]]
    assert keys == ["index", "loss", "-loss", "status", "change", "picture"]


def test_a_mark_can_change_what_the_schema_lets_it():
    redo = {field["name"]: field for field in choices.choices()["redo"]}
    settings = schema.definition("review")["properties"]["redo"]["items"]["properties"]
    assert redo["seed"]["high"] == settings["seed"]["maximum"]
    assert redo["parametrization"]["choices"] == settings["parametrization"]["enum"]
    assert redo["transforms"]["choices"] == list(PRESETS)


@pytest.mark.parametrize("word", [*STATUSES[1:], *PRESETS, "adam", "timestamp", "variant"])
def test_scripts_of_the_page_repeat_no_status_preset_or_column(word):
    if word in ("none", "strong", "standard", "wild", "shallow"):
        word = f'"{word}"'  # words of the language, too
    assert [file.name for file in PAGE.glob("*.js") if word in file.read_text()] == []


def test_a_new_column_of_the_log_reaches_manifest_and_details(monkeypatch):
    gain = attempts_log.Stored("sharpness_gain", (float,), lambda attempt: 0.25)
    monkeypatch.setattr(attempts_log, "LISTED", [*attempts_log.LISTED, gain])
    *_, column = choices.columns()["attempts"]
    assert (column["name"], column["title"]) == ("sharpness_gain", "Sharpness gain")
    groups = [{"indexes": "1", "settings": {"scale": 16}}]
    details = layer_data.details([{**row(1), "sharpness_gain": 0.25}], groups)
    assert details["units"][1]["attempts"][0]["sharpness_gain"] == 0.25


def test_quantities_of_a_training_are_those_of_its_log():
    loss, rate = choices.columns(["epoch", "step", "loss", "validation_loss", "rate"])["training"]
    assert [run["column"] for run in loss["runs"]] == ["loss", "validation_loss"]
    assert rate == {"quantity": "rate", "runs": [{"column": "rate", "title": "training"}]}


@pytest.fixture
def page_file(tmp_path) -> Path:
    """A page of a layer of 4 units whose manifest names choices and columns that are new."""
    wildcards = {"series": "a", "instance": "one", "layer": 3}

    def path(template: str) -> Path:
        file = tmp_path / template.format(**wildcards, threshold=8)
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    cells = [cell(0), cell(1, loss=0.5), cell(2, status="bored"), cell(3, loss=4)]
    spec = {**SPEC, "thresholds": [8]}
    shown = layer_data.cells([sheet(8, *cells)], dict.fromkeys(range(4), Size(64, 64)))
    shown["at"][8]["calm"] = [3, 1, 4, 2]
    path(layout.PAGE_CELLS).write_text(script("a/one/3", shown))
    groups = [{"indexes": "0-3", "settings": {"scale": 64}}]
    details = layer_data.details([row(index) for index in range(4)], groups)
    details["units"][0]["attempts"][0]["mood"] = "quite_good"
    path(layout.PAGE_DETAILS).write_text(script("a/one/3/details", details))
    path(layout.PAGE_SUMMARY).write_text(
        json.dumps(layer_data.summary(spec, [sheet(8, *cells)], []))
    )
    Image.fromarray(np.zeros((128, 256, 3), np.uint8)).save(path(layout.SHEET))
    told = manifest.build({"series": "a", "results": str(tmp_path), "review": "none", "tables": [],
                           "training": None, "instances": [["one", "3"]]})  # fmt: skip
    told["statuses"].append("bored")
    told["choices"]["zooms"] = [1, 5]
    told["choices"]["reasons"] = ["dull"]
    told["choices"]["sorts"].append(
        {
            "key": "calm",
            "title": "calm, high first",
            "by": "calm",
            "order": "high",
            "shown": "calm",
            "compared": False,
        }
    )
    told["columns"]["cells"].append({"name": "calm", "title": "Calm", "kind": "integer"})
    told["columns"]["attempts"].append({"name": "mood", "title": "Mood", "kind": "text"})
    page = tmp_path / "a/index.html"
    page.write_text(html.build({"": told}, "a"))
    return page


def test_pages_offer_what_the_manifest_says(browser, page_file):
    page = browser.open(page_file)
    expect(page.locator(".cell")).to_have_count(4)
    expect(control(page, "zoom")).to_have_value("1")  # the nearest to the usual 2
    zooms = control(page, "zoom").locator("option").all()
    assert [option.get_attribute("value") for option in zooms] == ["1", "5"]
    page.keyboard.press("+")
    expect(control(page, "zoom")).to_have_value("5")
    control(page, "status").select_option("bored")
    expect(page.locator(".cell")).to_have_count(1)
    control(page, "status").select_option("")
    control(page, "sort").select_option("calm")
    expect(page.locator(".caption").first).to_have_text("2 4")
    expect_indexes(page, [2, 0, 3, 1])
    page.keyboard.press("1")
    expect(page.locator("#message")).to_contain_text("marked: dull")


def test_unit_page_shows_the_columns_of_the_manifest(browser, page_file):
    page = browser.open(page_file, "view=unit&index=0")
    expect(page.locator(".unit-head")).to_contain_text("calm 3")
    expect(page.locator(".log th").last).to_have_text("Mood")
    expect(page.locator(".log td").last).to_have_text("quite good")


def test_what_is_not_for_a_view_has_no_button_there(browser, page_file):
    page = browser.open(page_file)
    expect(page.locator("#open-figure")).to_be_visible()
    page.locator("#home").click()
    expect(page.locator("h1")).to_have_text("Series")
    expect(page.locator("#open-figure")).to_be_hidden()
    expect(page.locator("#open-review")).to_be_visible()


def test_a_marked_unit_without_a_picture_says_so(browser, page_file):
    page = browser.open(page_file, "view=unit&index=2")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("m")
    page.keyboard.press("r")
    expect(page.locator("dialog .failed")).to_have_attribute("title", "bored")
