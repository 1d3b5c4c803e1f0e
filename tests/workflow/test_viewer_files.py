"""Which files the rules of the viewer make, when, and what is in them."""

import json
import re
import zipfile

import pandas as pd
from PIL import Image
from playwright.sync_api import expect

SMALL = {"manifest": 1, "series_page": 1, "start_page": 1, "plots": 1}


def run(project, *arguments):
    done = project.run("--jobs", "2", *arguments)
    assert done.code == 0, done.text
    return done


def test_a_changed_sprite_changes_the_pages_of_its_layer_only(project):
    project.sprite("l_2_i_3_t_8_s_16").unlink()
    changed = {"changes": 1, "viewer_table": 1}
    assert run(project).pages == {"viewer_layer": 1, "viewer_sheet": 1, **changed, **SMALL}
    assert run(project).pages == {}


def test_target_viewer_makes_pages_only(project):
    for page in project.results("**/index.html"):
        page.unlink()
    assert len(project.results("**/index.html")) == 0
    done = run(project, "viewer")
    assert (done.jobs, done.pages) == ({}, {"series_page": 1, "start_page": 1})


def test_a_review_is_in_the_manifest(project):
    review = project.folder / "graphs/tiny/review.yaml"
    review.write_text("series: tiny\nredo:\n- {layer: conv1/Relu, index: 0, seed: 1}\n")
    run(project)
    manifest = json.loads((project.folder / "results/tiny/manifest.json").read_text())
    assert manifest["review"] == {
        "file": "graphs/tiny/review.yaml",
        "redo": [{"layer": "conv1/Relu", "index": 0, "seed": 1}],
    }


def test_the_manifest_says_what_the_sheets_and_logs_say(rendered):
    folder = rendered.folder / "results/tiny"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [instance["name"] for instance in manifest["instances"]] == ["old", "young"]
    for instance in manifest["instances"]:
        losses = pd.read_csv(folder / manifest["paths"]["losses"].format(instance=instance["name"]))
        for layer in instance["layers"]:
            rows = losses[losses["layer"] == layer["number"]]
            for threshold in layer["thresholds"]:
                at = {"instance": instance["name"], "layer": layer["number"]}
                path = manifest["paths"]["records"].format(**at, threshold=threshold)
                cells = json.loads((folder / path).read_text())["cells"]
                counts = layer["status"][str(threshold)]
                assert sum(counts.values()) == len(cells) == layer["units"]
                fine = rows[(rows["threshold"] == threshold) & (rows["status"] == "ok")]
                assert counts.get("ok", 0) == len(fine)
                at_end = layer["loss"]["median"][layer["loss"]["step"].index(threshold)]
                assert abs(at_end - fine["loss"].median()) < 1e-9
            assert layer["seconds"] > 0


def test_a_bundle_works_wherever_it_is_unpacked(browser, project, tmp_path):
    assert run(project, "bundle").pages == {"bundle_series": 1}
    (path,) = project.results("bundles/*.zip")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "published")
    assert "young/losses.csv" in names
    assert not [name for name in names if re.search(r"sprites/|blocks/|store/|logs/", name)]
    (project.folder / "results").rename(tmp_path / "away")
    page = browser.open(
        tmp_path / "published/index.html", "instance=young&sort=picture&compare=side"
    )
    expect(page.locator(".cell")).to_have_count(6)
    page.locator(".cell").first.click()
    expect(page.locator(".chart polyline")).to_have_count(1)


def test_a_bundle_takes_pictures_from_anywhere(browser, project, tmp_path):
    for path, colour in (("notes/one.png", "red"), ("results/tiny/two.png", "blue")):
        (project.folder / path).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), colour).save(project.folder / path)
    table = project.folder / "notes/sketches.csv"
    table.write_text("layer,index,near,far\n2,0,two.png,../../notes/one.png\n")
    config = project.config()
    config["series"]["tiny"]["tables"] = {"sketches": "notes/sketches.csv"}
    project.configure(config)
    run(project, "bundle")
    (path,) = project.results("bundles/*.zip")
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if ".." in name]
        archive.extractall(tmp_path / "published")
    project.folder.rename(tmp_path / "away")
    page = browser.open(tmp_path / "published/index.html", "view=unit&layer=conv1/Relu&index=0")
    pictures = page.locator("section", has_text="Sketches").locator("img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        expect(picture).to_have_js_property("naturalWidth", 8)


def test_a_missing_picture_is_named_when_a_bundle_is_made(project):
    (project.folder / "sketches.csv").write_text("layer,picture\n2,gone.png\n")
    config = project.config()
    config["series"]["tiny"]["tables"] = {"sketches": "sketches.csv"}
    project.configure(config)
    done = project.run("--jobs", "2", "bundle")
    assert done.code != 0
    assert "sketches.csv: there is no picture results/tiny/gone.png" in done.text


def test_a_bundle_is_made_again_when_something_changes_and_is_the_same_otherwise(project):
    run(project, "bundle")
    (path,) = project.results("bundles/*.zip")
    before = path.read_bytes()
    assert run(project, "bundle").pages == {}
    path.unlink()
    run(project, "bundle")
    assert path.read_bytes() == before


def test_report_has_sheets_and_plots_with_captions(browser, rendered, tmp_path):
    file = tmp_path / "report.html"
    made = rendered.run("--report", str(file))
    assert made.code == 0, made.text
    page = browser.open(file)
    page.wait_for_timeout(1500)
    text = page.locator("body").inner_text()
    assert "Spritesheets" in text
    assert "Plots" in text
    results = page.evaluate("Object.values(results).map((one) => [one.name, one.caption])")
    names = sorted(name for name, _ in results)
    assert names.count("changes.png") == 1
    assert names.count("loss.svg") == names.count("status.svg") == names.count("time.svg") == 1
    assert sum(name.startswith("l_") for name in names) == 8
    assert all(caption.strip() for _, caption in results)
    # Of Snakemake's own page: it brings its style sheet's tool along, which says that it is one.
    browser.trouble = [text for text in browser.trouble if "cdn.tailwindcss.com" not in text]
