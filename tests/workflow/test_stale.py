"""Nothing stale is taken for new, whatever times and records say.

The project is that of `test_incremental`. Every change is made so that no time tells of it.
"""

import os
import shutil

import pytest
from PIL import Image

import tiny_graphs

ALL_OF_ONE = {"optimize": 2, "render_sprite": 22, "losses": 1, "spritesheet": 4}


def set_aside(path, time_of=None):
    """Give a file the times of another, or of long ago."""
    if time_of is None:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    else:
        shutil.copystat(time_of, path)


def as_fresh(project):
    """Sprites and sheets of a run that begins with nothing."""
    fresh = project.copy(project.folder.with_name("fresh"))
    shutil.rmtree(fresh.folder / "results")
    shutil.rmtree(fresh.folder / ".snakemake")
    done = fresh.run("--jobs", "2")
    assert done.code == 0, done.text
    return pictures(fresh)


def pictures(project):
    sheets = project.results("*/*/spritemaps/*")
    return project.sprites() | {
        str(path.relative_to(project.folder)): path.read_bytes() for path in sheets
    }


def swapped_graphs(project):
    young, old = (project.folder / f"graphs/tiny/{name}.pb" for name in ("young", "old"))
    assert young.stat().st_size == old.stat().st_size
    for path in (young, old):
        set_aside(path)
    assert project.run("--jobs", "2").code == 0
    assert "Nothing to be done" in project.run("--jobs", "2").text
    contents = young.read_bytes(), old.read_bytes()
    old.write_bytes(contents[0])
    young.write_bytes(contents[1])
    for path in (young, old):
        set_aside(path)


@pytest.mark.stress
def test_two_models_of_equal_size_and_time_are_swapped(project):
    swapped_graphs(project)
    before = project.sprites()
    jobs, _ = project.render()
    assert jobs["optimize"] == 4
    after = project.sprites()
    assert all(after[path] == before[path.replace("young", "old")] for path in after
               if "young" in path)  # fmt: skip


def test_file_points_to_another_model_of_equal_size_and_time(project):
    for seed, name in ((0, "a"), (7, "b")):
        path = tiny_graphs.save(tiny_graphs.small(seed=seed), project.folder / f"{name}.pb")
        set_aside(path)
    config = project.config()
    config["series"]["tiny"]["instances"] = [{"instance": "young", "file": "a.pb"}]
    project.configure(config)
    project.render()
    before = project.sprites()
    config["series"]["tiny"]["instances"] = [{"instance": "young", "file": "b.pb"}]
    project.configure(config)
    assert project.render()[0] == ALL_OF_ONE
    assert all(project.sprites()[path] != before[path] for path in before if "young" in path)


@pytest.mark.stress
def test_an_older_model_is_put_in_the_place_of_a_newer_one(project):
    path = project.folder / "graphs/tiny/old.pb"
    tiny_graphs.save(tiny_graphs.small(seed=7), path)
    set_aside(path)
    assert project.render()[0] == ALL_OF_ONE
    assert pictures(project) == as_fresh(project)


def test_a_touched_model_means_nothing(project):
    for moment in (None, (4_000_000_000, 4_000_000_000)):
        os.utime(project.folder / "graphs/tiny/old.pb", moment)
        assert project.render() == ({}, 0)


def forget(project):
    """Lose what Snakemake has written down."""
    shutil.rmtree(project.folder / ".snakemake")


def edit(project, **settings):
    """Other settings for both layers, one of which loses a sprite."""
    config = project.config()
    config["series"]["tiny"]["layers"] = [
        {"layer": "conv1/Relu", "indexes": [0, 1, 2, 4, 5], "columns": 3},
        {"layer": "conv2/Relu", **settings},
    ]
    project.configure(config)


@pytest.mark.stress
def test_settings_are_edited_where_records_are_missing(project):
    forget(project)
    assert "Nothing to be done" in project.run("--jobs", "2").text
    config, before = project.config(), dict(project.modified())
    edit(project, learning_rate=0.1)
    assert project.run("--dry-run").jobs["optimize"] == 4
    assert dict(project.modified()) == before
    project.configure(config)
    assert "Nothing to be done" in project.run("--jobs", "2").text
    edit(project, learning_rate=0.1)
    jobs, optimized = project.render()
    assert (jobs["optimize"], jobs["spritesheet"], optimized) == (4, 8, 10)
    assert pictures(project) == {**as_fresh(project), **removed(project)}
    forget(project)
    assert "Nothing to be done" in project.run("--jobs", "2").text


def removed(project):
    """What the config no longer asks for stays."""
    return {path: content for path, content in project.sprites().items() if "l_2_i_3_" in path}


@pytest.mark.stress
def test_old_pictures_were_touched_after_an_edit(project):
    before = project.sprites()
    edit(project, learning_rate=0.1)
    assert project.run("--touch", "--jobs", "2").code == 0
    assert project.sprites() == before
    jobs, optimized = project.render()
    assert (jobs["optimize"], optimized) == (4, 10)
    assert "Nothing to be done" in project.run("--jobs", "2").text


def test_single_outputs_are_restored_from_before_an_edit(project):
    """Each has a newer time than what it is made of."""
    kept = project.copy(project.folder.with_name("kept"))
    config = project.config()
    config["series"]["tiny"]["layers"][1].update(learning_rate=0.1)
    config["series"]["tiny"]["instances"] = ["young"]
    project.configure(config)
    project.render()
    after = pictures(project)
    own = "results/tiny/young"
    restored = [f"{own}/sprites/l_5_i_0_t_4_s_16.png", f"{own}/spritemaps/l_5_t_8.json",
                f"{own}/viewer/l_5.js", f"{own}/losses.csv"]  # fmt: skip
    for path in restored:
        shutil.copyfile(kept.folder / path, project.folder / path)
    run = project.run("--jobs", "2")
    assert run.code == 0, run.text
    assert run.jobs == {"render_sprite": 1, "losses": 1, "spritesheet": 2}
    assert run.pages["viewer_layer"] == 1
    assert pictures(project) == after
    assert all((project.folder / path).read_bytes() != (kept.folder / path).read_bytes()
               for path in restored)  # fmt: skip


@pytest.mark.stress
def test_older_files_are_put_in_the_place_of_tables_and_pictures(project):
    table, picture = project.folder / "notes.csv", project.folder / "cat.png"

    def replace(note, colour):
        table.write_text(f"layer,index,note\nconv1/Relu,0,{note}\n")
        Image.new("RGB", (16, 16), colour).save(picture)
        for path in (table, picture):
            set_aside(path)

    config = project.config()
    config["series"]["tiny"].update(tables={"notes": "notes.csv"}, instances=["young"])
    config["images"] = [{"pictures": "cat.png", "layers": "conv1/Relu", "methods": "activations"}]
    project.configure(config)
    replace(1, "red")
    project.render()
    view = project.folder / "results/tiny/young/images/cat/activations/l_2.png"
    before = view.read_bytes()
    replace(2, "tan")
    foreseen = project.run("--dry-run")
    assert foreseen.jobs == {"show_picture": 1, "picture_view": 1}
    assert foreseen.pages["viewer_table"] == 2
    project.render()
    assert view.read_bytes() != before
    assert "2" in (project.folder / "results/tiny/viewer/notes.js").read_text().split("rows")[1]
    assert "Nothing to be done" in project.run("--jobs", "2").text
