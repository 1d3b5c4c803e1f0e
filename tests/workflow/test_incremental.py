"""What runs again after a change, by counting jobs and optimized sprites.

The project has 2 instances x (6 + 5) channels x 2 thresholds.
"""

import os
import shutil
import signal
import time

import pandas as pd
import pytest

import tiny_graphs
from lucid_sprites.recipe.settings import ENGINE_VARIANT
from lucid_sprites.sprites import png
from workflow_project import ROOT


def layer(project, number, **settings):
    """Change the settings of one of the config's layers."""
    config = project.config()
    config["series"]["tiny"]["layers"][number].update(settings)
    project.configure(config)


def test_nothing_changed(project):
    assert project.render() == ({}, 0)


def test_another_number_of_cores(project):
    assert "Nothing to be done" in project.run("--jobs", "1").text


def test_deleted_sprite_comes_back_as_it_was(project):
    sprite = project.sprite("l_2_i_3_t_8_s_16")
    before = sprite.read_bytes()
    sprite.unlink()
    assert project.render() == ({"render_sprite": 1, "losses": 1, "spritesheet": 1}, 0)
    assert sprite.read_bytes() == before


def test_deleted_files_that_only_pages_and_people_read_come_back(project):
    gone = [
        *project.results("tiny/old/viewer/*"),
        *project.results("tiny/young/spritemaps/l_2_t_8.json"),
        *project.results("tiny/manifest.json"),
    ]
    before = {path: path.read_bytes() for path in gone}
    for path in gone:
        path.unlink()
    jobs, optimized = project.render()
    assert (jobs, optimized) == ({"spritesheet": 1}, 0)
    assert {path: path.read_bytes() for path in gone} == before


def test_replaced_graph_rebuilds_its_instance_only(project):
    before = project.sprites()
    tiny_graphs.save(tiny_graphs.small(seed=7), project.folder / "graphs/tiny/old.pb")
    jobs, optimized = project.render()
    assert jobs == {"optimize": 2, "render_sprite": 22, "losses": 1, "spritesheet": 4}
    assert optimized == 11
    changed = {path for path, content in project.sprites().items() if content != before[path]}
    assert changed == {path for path in before if "/old/" in path}


@pytest.mark.stress
def test_an_engine_with_other_arithmetic_renders_everything_anew(project, tmp_path):
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    shutil.copy(ROOT / "Snakefile", tmp_path)
    settings = tmp_path / "workflow/lucid_sprites/recipe/settings.py"
    newer = settings.read_text().replace(f'"{ENGINE_VARIANT}"', '"batched-newer"')
    settings.write_text(newer)
    run = project.run("--jobs", "2", "--snakefile", str(tmp_path / "Snakefile"))
    assert run.code == 0, run.text
    assert run.jobs == {"optimize": 4, "render_sprite": 44, "losses": 2, "spritesheet": 8}
    assert project.optimized() == 22
    for path in project.results("tiny/*/sprites/*.png"):
        assert png.record(path)["variant"] == "batched-newer"


def test_settings_of_one_layer(project):
    layer(project, 1, learning_rate=0.1)
    jobs, optimized = project.render()
    assert jobs == {"optimize": 2, "render_sprite": 20, "losses": 2, "spritesheet": 4}
    assert optimized == 10


def test_settings_of_one_index(project):
    before = project.sprites()
    layer(project, 0, index={"2": {"seed": 5}})
    config = project.config()
    config["series"]["tiny"]["instances"] = ["young"]
    project.configure(config)
    jobs, optimized = project.render()
    assert optimized == 1
    assert jobs["optimize"] == 1
    after = project.sprites()
    changed = [path for path in before if after[path] != before[path]]
    assert [path.rsplit("/", 1)[1] for path in changed] == [
        "l_2_i_2_t_4_s_16.png",
        "l_2_i_2_t_8_s_16.png",
    ]


def test_index_removed_and_added(project):
    everything = project.sprites()
    layer(project, 1, indexes=[0, 1, 2, 4])
    jobs, optimized = project.render()
    assert optimized == 0
    assert jobs["spritesheet"] == 4
    layer(project, 1, indexes=[0, 1, 2, 3, 4])
    jobs, optimized = project.render()
    assert optimized == 0  # the store still has it
    assert jobs["spritesheet"] == 4
    assert project.sprites() == everything


def test_new_index_optimizes_that_one(project):
    layer(project, 0, indexes=[0, 1])
    fresh = project.copy(project.folder.with_name("fresh"))
    for result in fresh.results("**/*.*"):
        result.unlink()
    fresh.render()
    layer(fresh, 0, indexes=[0, 1, 5])
    assert fresh.render()[1] == 2  # one in each instance


def test_threshold_added_costs_the_additional_steps_only(project):
    before = project.sprites()
    layer(project, 0, thresholds=[4, 8, 24])
    jobs, optimized = project.render()
    assert optimized == 12
    assert jobs == {"optimize": 2, "render_sprite": 36, "losses": 2, "spritesheet": 6}
    resumed = project.sprites()
    assert {path: resumed[path] for path in before} == before
    # The very pictures of an uninterrupted run.
    straight = project.copy(project.folder.with_name("straight"))
    for result in straight.results("**/*.*"):
        result.unlink()
    straight.render()
    assert straight.sprites() == resumed


def test_graph_added(project):
    tiny_graphs.save(tiny_graphs.small(seed=3), project.folder / "graphs/tiny/oldest.pb")
    jobs, optimized = project.render()
    assert jobs == {"optimize": 2, "render_sprite": 22, "losses": 1, "spritesheet": 4}
    assert optimized == 11


@pytest.mark.stress
def test_killed_job_keeps_what_was_finished(project):
    tiny_graphs.save(tiny_graphs.small(depth=32), project.folder / "graphs/tiny/young.pb")
    config = project.config()
    config["series"]["tiny"] = {
        "instances": ["young"],
        "layers": [{"layer": "conv1/Relu", "thresholds": [4, 200], "batch_size": 8}],
    }
    project.configure(config)
    undisturbed = project.copy(project.folder.with_name("undisturbed"))
    process = project.start("--jobs", "1")
    deadline = time.monotonic() + 120
    while project_log_lines(project) < 9:  # the first of four batches, and one of the second
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = project.optimized()
    assert 9 <= finished < 32
    assert project.run("--unlock").code == 0
    assert 32 - finished <= project.render()[1] <= 33 - finished  # one may be logged, not kept
    undisturbed.render()
    assert project.sprites() == undisturbed.sprites()


def project_log_lines(project):
    return sum(log.read_text().count(" attempt ") for log in project.results("*/*/logs/*.log"))


@pytest.mark.stress
def test_failing_job_keeps_what_was_finished(project):
    # A file where the store's folder should be.
    layer(project, 0, seed=11)
    store = project.folder / "results/tiny/old/store"
    hidden = store.with_name("hidden")
    store.rename(hidden)
    store.write_text("in the way")
    failed = project.run("--jobs", "2")
    assert failed.code != 0
    assert "store" in failed.text and "Traceback" not in failed.text
    assert project.optimized() >= 6  # the young instance went on
    store.unlink()
    hidden.rename(store)
    jobs, optimized = project.render()
    assert jobs["optimize"] == 1
    assert optimized == 6


def test_losses_are_readable_and_stable(project):
    path = project.folder / "results/tiny/young/losses.csv"
    before = path.read_bytes()
    log = pd.read_csv(path)
    assert list(log.columns[:10]) == [
        "batch_id", "timestamp", "scale", "adam", "transforms", "layer", "index", "threshold",
        "loss", "status",
    ]  # fmt: skip
    assert len(log) == 22
    assert set(log["status"]) == {"ok"}
    path.unlink()
    project.render()
    assert path.read_bytes() == before
