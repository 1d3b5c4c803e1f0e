"""Whatever is dated in the future: made once, and not again until it changes."""

import os
import time

from PIL import Image

DAY = 86_400


def tomorrow(path, days=1):
    os.utime(path, (time.time() + days * DAY,) * 2)


def everything_of(project):
    """Pictures, a table and a study with a photo, beside the sprites, all dated tomorrow."""
    for name in ("cat", "start"):
        Image.linear_gradient("L").resize((16, 16)).save(project.folder / f"{name}.png")
    (project.folder / "mine.csv").write_text("layer,index,value\nconv1/Relu,0,1\n")
    config = project.config()
    config["series"]["tiny"]["tables"] = {"mine": "mine.csv"}
    config["images"] = [
        {"pictures": "cat.png", "layers": ["conv1/Relu"], "methods": ["activations"],
         "instances": ["young"]}
    ]  # fmt: skip
    objective = {"objective": 'channel("conv1/Relu", 0)', "start": "start.png"}
    config["studies"] = {"s": {"objectives": [objective], "thresholds": [2], "instances": ["old"]}}
    project.configure(config)
    (project.folder / "graphs/tiny/review.yaml").write_text("series: tiny\nredo: []\n")
    given = ["cat.png", "start.png", "mine.csv", "graphs/tiny/review.yaml", "graphs/tiny/old.pb"]
    for name in given:
        tomorrow(project.folder / name)


def test_a_run_ends_though_its_files_are_dated_in_the_future(project):
    everything_of(project)
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    model = project.folder / "results/tiny/old/model.pb"
    assert model.stat().st_mtime < time.time() + 1
    again = project.run("--jobs", "2")
    assert "Nothing to be done" in again.text, again.text
    assert model.exists()

    # What changes is noticed though it is dated in the future again.
    (project.folder / "mine.csv").write_text("layer,index,value\nconv1/Relu,0,2\n")
    Image.linear_gradient("L").resize((16, 16)).rotate(90).save(project.folder / "cat.png")
    for name in ("mine.csv", "cat.png"):
        tomorrow(project.folder / name, 2)
    jobs = project.run("--dry-run")
    assert jobs.code == 0, jobs.text
    assert jobs.jobs == {"show_picture": 1, "picture_view": 1}
    assert jobs.pages["viewer_table"] == 1


def test_results_of_a_clock_that_was_ahead(project):
    before = project.sprites()
    for path in project.results("**/*"):
        if path.is_file():
            modified = path.stat().st_mtime_ns + 2 * DAY * 10**9
            os.utime(path, ns=(modified, modified))
    assert "Nothing to be done" in project.run("--jobs", "2").text
    lost = project.sprite("l_2_i_3_t_8_s_16")
    lost.unlink()
    done = project.run("--jobs", "2")
    assert done.code == 0, done.text
    assert done.jobs["render_sprite"] == 1
    assert project.sprites() == before
    assert "Nothing to be done" in project.run("--jobs", "2").text
