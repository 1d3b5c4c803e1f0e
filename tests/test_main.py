"""How programs of the package are started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lucid_sprites


@pytest.mark.parametrize("safe_path", ["", "1"])
def test_folders_of_the_package_take_the_place_of_no_other_package(safe_path):
    package = Path(lucid_sprites.__file__).parent
    done = subprocess.run(
        [sys.executable, str(package), "training.metrics", "--help"],
        env={**os.environ, "PYTHONSAFEPATH": safe_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--rows" in done.stdout
