"""Names of instances that hold what separates names elsewhere."""

import pandas as pd
import pytest

import tiny_graphs
from workflow_project import Project

NAMES = ["a_on_b", "b_on_a", "l_1_t_2_s_3.v2"]


@pytest.fixture
def named(tmp_path):
    project = Project(tmp_path / "project")
    for seed, name in enumerate(NAMES):
        tiny_graphs.save(tiny_graphs.small(seed=seed), project.folder / f"graphs/tiny/{name}.pb")
    settings = {"thresholds": [2], "scale": 8, "transforms": "none", "indexes": 0}
    project.configure(
        {
            "defaults": settings,
            "series": {"tiny": {"layers": ["conv1/Relu"], "comparison": {"after": NAMES[1]}}},
        }
    )
    return project


def test_instances_of_any_name_are_compared(named):
    done = named.run("--jobs", "2", "compare")
    assert done.code == 0, done.text
    found = {str(path.relative_to(named.folder / "results/tiny/responses"))
             for path in named.results("tiny/responses/*/*.csv")}  # fmt: skip
    assert found == {"a_on_b/b_on_a.csv", "b_on_a/a_on_b.csv"}
    changes = pd.read_csv(named.folder / "results/tiny/changes.csv")
    assert set(changes["instance"]) == set(NAMES[1:])
    again = named.run("--jobs", "2", "compare")
    assert "Nothing to be done" in again.text
