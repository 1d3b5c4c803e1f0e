"""What README.md and docs/ refer to: files, headings, keys of the config, targets."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TOP = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
PAGES = [*TOP, *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text()
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
FIGURES = [path for path in sorted((ROOT / "docs/images").iterdir()) if path.is_file()]


def prose(page):
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page):
    """The headings of a page as GitHub addresses them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@cache
def links(page):
    """Files of this repository, each with the heading or nothing, that a page links to."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    parts = [each.partition("#") for each in targets if not each.startswith("http")]
    return [((page.parent / path if path else page).resolve(), part) for path, _, part in parts]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_exist(page):
    for target, heading in links(page):
        assert target.exists(), target
        assert not heading or heading in anchors(target), (target.name, heading)


def test_the_readme_leads_to_every_page():
    assert set(PAGES[1:]) <= {target for target, _ in links(PAGES[0])}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_every_figure_is_shown(figure):
    assert figure in {target for page in PAGES for target, _ in links(page)}


def keys(since, until):
    """The first column of the table between two passages of the README."""
    table = README[README.index(since) : README.index(until)]
    return set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", table, re.MULTILINE))))


def test_every_key_of_a_series_is_explained():
    top, parts = SCHEMA["properties"], SCHEMA["$defs"]
    series = top["series"]["additionalProperties"]["properties"]
    instance, layer = (
        next(each["properties"] for each in items["items"]["anyOf"] if "properties" in each)
        for items in (series["instances"], parts["layers"])
    )
    known = {*top, *series, *instance, *layer}
    assert keys("## Every key", "Each entry of `images`") == known - {"instance", "layer"}


def test_every_key_of_pictures_and_trainings_is_explained():
    pictures = set(SCHEMA["properties"]["images"]["items"]["properties"])
    assert keys("Each entry of `images`", "Keys of `training`") == pictures
    training = README[README.index("Keys of `training`") :]
    explained = set(re.findall(r"`(\w+)`", training[: training.index("Transforms spelled")]))
    assert set(SCHEMA["$defs"]["training"]["properties"]) <= explained


def test_every_key_of_a_study_is_explained():
    explained = set(re.findall(r"\w+", (ROOT / "docs/studies.md").read_text()))
    settings = SCHEMA["$defs"]["layer_settings"]
    for key, form in SCHEMA["$defs"]["study"]["properties"].items():
        if key not in settings:
            assert {key, *form.get("properties", {})} <= explained, key


def test_every_target_in_the_text_exists():
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    rules = re.findall(r"^rule (\w+):", "".join(file.read_text() for file in files), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        text = page.read_text()
        asked = re.findall(r"\bsnakemake(?: -(?:j|-jobs) ?(?:\d+|N))? ([a-z]\w*)\b", text)
        assert set(asked) <= set(rules), page.name
        for target in re.findall(r"`make (\w+)", text) + re.findall(
            r"^make (\w+)", text, re.MULTILINE
        ):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (page.name, target)
