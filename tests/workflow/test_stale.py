"""Nothing stale is taken for new, whatever times and records say.

The project is that of `test_incremental`. Every change is made so that no time tells of it.
"""

import os
import shutil

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
