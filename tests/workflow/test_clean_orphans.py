"""What the config no longer asks for: listed, then removed, and nothing else."""

import os
import re
import shutil

import pytest

import tiny_graphs
from lucid_sprites.planning import orphans
from workflow_project import Project

CONFIG = {
    "defaults": {"thresholds": [2, 4], "scale": 16, "transforms": "none", "indexes": "0-1"},
    "series": {"tiny": {"layers": [{"layer": "conv1/Relu"}, {"layer": "conv2/Relu"}]}},
    "studies": {"mixes": {"objectives": ['channel("conv2/Relu", 1)'], "instances": ["a"]}},
    "images": [{"pictures": "photos/p.png", "methods": "activations", "instances": "a"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> Project:
    """Two instances with all that can be made of them; the other one is gone from the config."""
    project = Project(tmp_path_factory.mktemp("everything") / "project")
    for seed, name in enumerate("ab"):
        tiny_graphs.save(tiny_graphs.small(seed=seed), project.folder / f"graphs/tiny/{name}.pb")
    (project.folder / "photos").mkdir()
    shutil.copy(_picture(), project.folder / "photos/p.png")
    project.configure(CONFIG)
    done = project.run("--jobs", "2", "all", "compare", "bundle", "tensorboard")
    assert done.code == 0, done.text
    assert "no longer asked for" not in done.text
    return project


def _picture():
    return os.path.join(os.path.dirname(__file__), "../../docs/images/study_strip.jpg")


@pytest.fixture
def project(everything, tmp_path) -> Project:
    return everything.copy(tmp_path / "project")


def clean(project, *how) -> str:
    done = project.run("--jobs", "1", "clean_orphans", *(["--config", *how] if how else []))
    assert done.code == 0, done.text
    return done.text


def files(project) -> set[str]:
    """All results, but logs of pages and the mark of the owner."""
    return {str(path.relative_to(project.folder)) for path in project.results("**/*")}


def test_nothing_is_an_orphan_after_a_run_of_everything(project):
    assert "0 files" in clean(project)


@pytest.mark.stress
def test_what_an_edit_leaves_behind_is_listed_removed_and_nothing_else(project, tmp_path):
    config = project.config()
    config["defaults"].update(thresholds=[2], indexes="0")
    config["series"]["tiny"].update(layers=["conv2/Relu"], instances=["a"])
    del config["studies"], config["images"]
    project.configure(config)
    done = project.run("--jobs", "2", "all", "compare", "bundle", "tensorboard")
    assert "no longer asked for: `snakemake -j 1 clean_orphans`" in done.text
    kept = {
        "results/tiny/notes.txt": "of the user",
        "results/tiny/b/sprites/favourite.png": "of the user",
        "results/tiny/a/sprites/l_2_i_0_t_2_s_16 (copy).png": "of the user",
        "results/other/manifest.json": "{}",
        "results/other/x/sprites/l_2_i_5_t_8_s_16.png": "of another config",
    }
    for name, content in kept.items():
        (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / name).write_text(content)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "l_2_i_7_t_2_s_16.png").write_text("behind a link")
    link = project.folder / "results/tiny/a/sprites/l_2_i_8_t_2_s_16.png"
    link.symlink_to(outside / "l_2_i_7_t_2_s_16.png")
    (project.folder / "results/tiny/c").mkdir()
    (project.folder / "results/tiny/c/sprites").symlink_to(outside)
    before = files(project)
    listed = clean(project)
    assert before <= files(project)
    assert files(project) - before <= {
        "results/.fingerprints.json",
        "results/logs/clean_orphans.log",
    }
    assert "results/tiny/b/sprites" in listed and "nothing was removed" in listed
    assert "results/other: not in this config, stays" in listed
    clean(project, "orphans=remove")
    after = files(project)
    assert kept.keys() <= after and link.is_symlink()
    assert (outside / "l_2_i_7_t_2_s_16.png").exists()
    assert not (project.folder / "results/tiny/b/blocks").exists()
    assert list((project.folder / "results/tiny/b/store").rglob("*.zip"))
    fresh = project.copy(tmp_path / "fresh")
    for folder in ("results", ".snakemake"):
        shutil.rmtree(fresh.folder / folder)
    assert fresh.run("--jobs", "2", "all", "compare", "bundle", "tensorboard").code == 0
    # Nothing but the store of the other instance is more than a fresh run makes.
    more = {
        path
        for path in after - files(fresh) - kept.keys()
        if not re.search(r"/store|^results/logs|/events[^/]*$|/\.fingerprints", path)
    }
    assert {path for path in more if (project.folder / path).is_file()} <= {
        str(link.relative_to(project.folder))
    }
    assert project.run("--jobs", "1").jobs == {}
    clean(project, "orphans=remove_all")
    assert not (project.folder / "results/tiny/b/store").exists()
    assert kept.keys() <= files(project)


def test_an_unknown_way_is_refused_with_the_choices(project):
    done = project.run("--jobs", "1", "clean_orphans", "--config", "orphans=all")
    assert done.code == 1
    assert orphans.REMOVE_ALL in done.text and "Traceback" not in done.text


def test_empty_folders_of_the_workflow_are_removed_and_those_of_people_stay(project):
    """What was in them was deleted by hand, or a killed program never wrote it."""
    results = project.folder / "results/tiny"
    own = [results / name for name in ("b/store/0f", "b/studies/old/blocks", "comparison_logs")]
    kept = [results / name for name in ("mine", "a/mine", "a/store/0f")]
    shutil.rmtree(results / "comparison_logs")
    for folder in (*own, *kept):
        folder.mkdir(parents=True)
    project.configure(
        {**CONFIG, "series": {"tiny": {**CONFIG["series"]["tiny"], "instances": ["a"]}}}
    )
    clean(project, "orphans=remove_all")
    assert [folder.exists() for folder in (*own, *kept)] == [False] * 3 + [True] * 3
