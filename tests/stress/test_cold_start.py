"""How soon there is something to see."""

import os
import shutil
import signal
import time

import pytest

from lucid_sprites.sprites import png
from workflow_project import Project

SECONDS = 15


@pytest.mark.stress
def test_the_first_sprite_is_there_within_15_seconds(mobilenet, tmp_path, capsys):
    project = Project(tmp_path / "project")
    series = project.folder / "graphs/mobilenet"
    series.mkdir(parents=True)
    shutil.copy(mobilenet, series)
    layer = "MobilenetV1/MobilenetV1/Conv2d_8_pointwise/Relu6"
    project.configure(
        {
            "defaults": {"scale": 64, "thresholds": [64]},
            "series": {"mobilenet": {"layers": [{"layer": layer, "indexes": [3]}]}},
        }
    )
    begun = time.monotonic()
    process = project.start("--jobs", "1")
    try:
        while not (sprites := project.results("*/*/sprites/*.png")):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < begun + 10 * SECONDS
            time.sleep(0.02)
        seconds = time.monotonic() - begun
        # To its end: Snakemake 9.27 sometimes hangs when it is terminated between two jobs.
        text, _ = process.communicate(timeout=100)
        assert process.returncode == 0, text
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    with capsys.disabled():
        print(f"\nfirst sprite after {seconds:.1f} s")
    picture, told = png.read(sprites[0])
    assert (picture.size, told["status"], told["threshold"]) == ((64, 64), "ok", 64)
    assert seconds < SECONDS
