"""The small half of the zoo (`make zoo`), with few units and steps: every network has pictures."""

import pytest
import zoo
from zoo_models import MODELS

from lucid_sprites.recipe import statuses
from workflow_project import Project

# One of the two exports of each, and every second of the files that people have published.
SMALL = [model for model in MODELS if model.small and "_dynamo" not in model.name]
CHOSEN = [model for number, model in enumerate(SMALL) if model.file is None or number % 2]


@pytest.mark.parametrize(
    ("chosen", "places", "steps"),
    [pytest.param(CHOSEN[::3], (0.5,), 4, id="some"),
     pytest.param(CHOSEN, (0.15, 0.5, 0.85), 16, id="half", marks=pytest.mark.stress)],
)  # fmt: skip
def test_every_small_network_has_its_pictures(tmp_path, monkeypatch, chosen, places, steps):
    there = [model for model in chosen if model.is_there]
    if len(there) < len(chosen):
        pytest.skip("the networks are not here")
    settings = {"scale": 48, "thresholds": [steps], "transforms": "standard", "attempts": 1}
    monkeypatch.setattr(zoo, "_SETTINGS", settings)
    monkeypatch.setattr(zoo, "_PLACES", places)
    monkeypatch.setattr(zoo, "_UNITS", 2)
    rows = zoo.measure(Project(tmp_path), there)
    assert len(rows) == len(chosen) > 3
    assert [len(row.rendered) for row in rows] == [len(places)] * len(rows)
    living = sum(row.living for row in rows)
    fine = sum(row.sprites.get(statuses.OK, 0) for row in rows)
    assert fine >= 0.97 * living > len(rows), rows
