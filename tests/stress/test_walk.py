"""Random walks over two small projects, side by side (see `walk`).

Environment: WALK_STEPS, of both walks together; WALK_SEED, to have other moves, or the same again;
WALK_COMPARE, steps between comparisons with a project that is made anew. What is done is kept in
pytest's cache: a test that was interrupted goes on where it was.
"""

import multiprocessing
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

STEPS = int(os.environ.get("WALK_STEPS", 300))
SEED = int(os.environ.get("WALK_SEED", 0))
COMPARE_EVERY = int(os.environ.get("WALK_COMPARE", 10))
_AT_ONCE = 2


def go(home: Path, number: int):
    from walk import Walk

    return Walk(home / f"walk_{number}", SEED + number, COMPARE_EVERY).go(STEPS // _AT_ONCE)


@pytest.mark.stress
def test_after_every_step_everything_is_as_planned_and_as_if_made_anew(request, capsys):
    home = Path(request.config.cache.mkdir(f"walk_{SEED}"))
    begun = time.monotonic()
    # A process each: what they load depends on the working directory.
    with ProcessPoolExecutor(_AT_ONCE, multiprocessing.get_context("spawn")) as processes:
        walks = [processes.submit(go, home, number) for number in range(_AT_ONCE)]
        done = [walk.result() for walk in walks]
    with capsys.disabled():
        print(f"\n{sum(d.steps for d in done)} steps, {sum(d.kills for d in done)} kills, "
              f"{sum(d.comparisons for d in done)} comparisons with a project made anew, "
              f"{time.monotonic() - begun:.0f} s since the test was started last")  # fmt: skip
    faults = [fault for each in done for fault in each.faults]
    if not faults:
        shutil.rmtree(home)
    else:
        home.rename(home.with_name(f"{home.name}_failed_{time.time():.0f}"))
    assert faults == [], "\n\n".join(faults)
