"""Names of classes in real runs: where they are shown, and what an edited file makes anew."""

import csv
import json
import shutil

import pytest
from PIL import Image
from playwright.sync_api import expect

import tiny_graphs
from viewer_page import control, expect_indexes, search
from workflow_project import Project

NAMES = ["tabby", "crane", "Siamese cat", "crane", "tiger cat"]
LOGITS = "l_3_t_4"
STUDY = "tiny/young/studies/liked"
CONFIG = {
    "defaults": {"scale": 16, "transforms": "none", "thresholds": [4]},
    "series": {
        "tiny": {
            "layers": [{"layer": "conv1/Relu", "indexes": "0-1"}, {"layer": "logits"}],
        }
    },
    "studies": {"liked": {"objectives": ['class_logit("logits", 2)']}},
}


def run(project):
    done = project.run("--jobs", "2", "all", "studies")
    assert done.code == 0, done.text
    optimized = project.optimized()
    for log in project.results(f"{STUDY}/logs/b_*.log"):
        optimized += log.read_text().count(" attempt ")
        log.unlink()
    jobs = {rule: count for rule, count in done.jobs.items() if rule != "studies"}
    return jobs, done.pages, optimized


def label_with(project, names=NAMES, **objectives):
    """Name the classes of the series."""
    (project.folder / "labels.txt").write_text("\n".join(names) + "\n")
    config = project.config()
    config["series"]["tiny"]["labels"] = "labels.txt"
    config["studies"]["liked"].update(objectives)
    project.configure(config)


def pictures(project):
    """Every PNG of layers and studies, by its path."""
    found = [*project.results("*/*/*/*.png"), *project.results("*/*/studies/*/sprites/*.png")]
    assert len(found) == 7 + 2 + 1, "sprites and sheets of layers, the sprite of the study"
    return {str(path.relative_to(project.folder)): path.read_bytes() for path in found}


def kept(project):
    """What the store holds, by names that are hashes of all that decides a sprite."""
    return [path.name for path in project.results("tiny/young/store/**/*")]


def catalogue(project):
    (path,) = project.results("tiny/young/layers.json")
    return path.read_bytes()


def labels_of(project, sheet):
    return [cell.get("label") for cell in project.cells(sheet)]


def log(project, folder="tiny/young"):
    (path,) = project.results(f"{folder}/losses.csv")
    return list(csv.DictReader(path.open()))


@pytest.fixture(scope="module")
def unnamed(tmp_path_factory):
    """A rendered classifier whose classes have no names."""
    project = Project(tmp_path_factory.mktemp("unnamed") / "project")
    tiny_graphs.save(tiny_graphs.classifier(), project.folder / "graphs/tiny/young.pb")
    project.configure(CONFIG)
    jobs, _, optimized = run(project)
    assert (jobs["spritesheet"], jobs["losses"], optimized) == (2, 1, 8)
    return project


@pytest.fixture(scope="module")
def named(unnamed, tmp_path_factory):
    """The same with names, and a study that asks for one by its name."""
    project = unnamed.copy(tmp_path_factory.mktemp("named") / "project")
    before = pictures(project), kept(project), catalogue(project)
    label_with(project, objectives=['class_logit("Siamese cat")'])
    jobs, pages, optimized = run(project)
    assert optimized == 0
    # The sheet of logits and the log have names, the sheet of the study has another title.
    assert jobs == {"spritesheet": 1, "losses": 1, "study_spritesheet": 1}
    assert pages == {"viewer_layer": 1, "viewer_sheet": 1, "manifest": 1, "series_page": 1,
                     "start_page": 1, "plots": 1}  # fmt: skip
    assert (pictures(project), kept(project), catalogue(project)) == before
    return project


@pytest.fixture
def project(named, tmp_path):
    return named.copy(tmp_path / "project")


def test_without_names_there_are_none(unnamed):
    assert labels_of(unnamed, LOGITS) == [None] * 5
    assert {row["label"] for row in log(unnamed)} == {""}


def test_sheets_and_logs_say_the_names(named):
    assert labels_of(named, LOGITS) == NAMES
    assert labels_of(named, "l_1_t_4") == [None, None]
    rows = [row for row in log(named) if row["layer_name"] == "logits"]
    assert {int(row["index"]): row["label"] for row in rows} == dict(enumerate(NAMES))
    assert {row["label"] for row in log(named) if row["layer_name"] != "logits"} == {""}
    assert {row["label"] for row in log(named, STUDY)} == {""}


def test_a_class_is_asked_for_by_its_name(named):
    (sheet,) = named.results(f"{STUDY}/spritemaps/t_4.json")
    (cell,) = json.loads(sheet.read_text())["cells"]
    assert cell["title"] == 'class_logit("Siamese cat")'
    with Image.open(named.results(f"{STUDY}/sprites/*.png")[0]) as image:
        record = json.loads(image.text["lucid-sprites"])
    assert record["objective"] == {"objective": "class_logit", "layer": "logits", "label": 2}


def test_the_same_again_is_nothing(project):
    assert run(project) == ({}, {}, 0)
    (project.folder / "labels.txt").touch()
    assert run(project) == ({}, {}, 0)


def test_edited_names_change_what_shows_them_alone(project):
    before = pictures(project), kept(project), catalogue(project)
    label_with(project, ["tabby", "heron", *NAMES[2:]])
    jobs, _, optimized = run(project)
    assert (jobs, optimized) == ({"spritesheet": 1, "losses": 1}, 0)
    assert (pictures(project), kept(project), catalogue(project)) == before
    assert labels_of(project, LOGITS)[1] == "heron"
    assert "heron" in {row["label"] for row in log(project)}
    assert "heron" in project.results("tiny/young/viewer/l_3.js")[0].read_text()
    # Without Snakemake's records, the outputs themselves say that they have other names.
    label_with(project, ["tabby", "egret", *NAMES[2:]])
    shutil.rmtree(project.folder / ".snakemake")
    assert run(project)[2] == 0
    assert labels_of(project, LOGITS)[1] == "egret"
    assert pictures(project) == before[0]


def test_a_name_that_moves_takes_its_sprite_with_it(project):
    """The index decides: that of `tiger cat` is not there yet, that of `tabby` is."""
    label_with(project, ["Siamese cat", "crane", "tabby", "crane", "tiger cat"])
    jobs, _, optimized = run(project)
    assert optimized == 1
    assert jobs["optimize_study"] == 1
    assert "optimize" not in jobs


def test_names_that_fit_no_layer_are_refused_before_anything_runs(project):
    before = dict(project.modified())
    label_with(project, NAMES[:2])
    refused = project.run("--jobs", "2")
    assert refused.code != 0
    assert "labels.txt has 2 names, and no layer gives one value for each of 2" in refused.text
    assert "depths there are: 4 (means), 5 (shares)" in refused.text
    assert dict(project.modified()) == before


def test_the_page_finds_units_by_their_names(browser, named):
    page = browser.open(named.folder / "results/tiny/index.html", "layer=conv1/Relu")
    expect(page.locator(".cell")).to_have_count(2)
    assert not control(page, "named").count()
    search(page, "Tabby")
    expect(page.locator("h1")).to_have_text("logits · unit 0 · tabby")
    search(page, "crane")
    expect(page.locator("#count")).to_have_text("2 of 5 units")
    expect_indexes(page, [1, 3])
    assert page.locator(".cell").first.get_attribute("title").startswith("crane: ")
    assert page.locator(".cell .label").all_text_contents() == ["crane", "crane"]
    control(page, "named").fill("cat")
    control(page, "named").press("Enter")
    expect(page.locator("#count")).to_have_text("2 of 5 units")
    expect_indexes(page, [2, 4])
    # A layer's name comes before a part of a class's.
    search(page, "conv")
    expect(page.locator("h1")).to_contain_text("conv1/Relu")
    search(page, "siam")
    expect(page.locator("h1")).to_have_text("logits · unit 2 · Siamese cat")
    search(page, "nowhere")
    expect(page.locator("#message")).to_contain_text('No layer of tiny / young has "nowhere"')
