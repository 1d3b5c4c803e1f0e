"""What is compared, and what is said of comparisons that cannot be."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.planning.comparison import comparisons
from plans import catalogue_of, layer_of, plan_of

CATALOGUE = catalogue_of(layer_of(0, "relu", depth=4))


def compared(instances, **options):
    plan = plan_of(Path("results"), CATALOGUE, instances)
    return comparisons({name: options.get(name) for name, _ in instances}, plan, "c.yaml")


def place(series):
    return SimpleNamespace(series=series)


def test_of_one_instance_the_layers_are_drawn():
    found = compared([("one", "a")])
    assert found.targets() == ["results/one/comparison"]
    assert found.tables() == {}


def test_changes_of_one_instance_are_refused_in_words():
    with pytest.raises(UserError, match="series one has one instance, a: there are no changes"):
        compared([("one", "a")]).graphs(place("one"))


def test_a_series_that_is_not_there_is_refused_with_the_choices():
    with pytest.raises(UserError, match="no series two; there are one"):
        compared([("one", "a")]).sheets(place("two"))


def test_every_file_of_the_changes_is_asked_for():
    """One that nobody asks for would not be missed if it were deleted."""
    names = ["changes.csv", "changes_by_layer.csv", "changes.png", "viewer/changes.csv"]
    files = [f"results/one/{name}" for name in names]
    found = compared([("one", "a"), ("one", "b"), ("two", "c")])
    assert found.changes(["one", "two"]) == files
    assert found.changes(["two"]) == []
    assert set(files) <= set(found.targets())
    assert not set(files) & set(found.targets(["two"]))


def test_a_state_is_compared_with_one_of_another_series():
    found = compared([("one", "a"), ("one", "b"), ("two", "c")],
                     one={"comparison": {"with": "two/c"}})  # fmt: skip
    assert found.graphs_across(place("one")) == [
        "results/two/c/model.pb", "results/one/b/model.pb"
    ]  # fmt: skip
    sheets = found.sheets_across(place("one"))
    assert [path.rsplit("/", 2)[0] for path in sheets] == ["results/two/c", "results/one/b"]
    assert '"before":"two/c"' in found.figures_spec_across(place("one")).replace(" ", "")
    files = ("across", "across_changes.csv", "across_changes_by_layer.csv", "across_changes.png")
    assert {f"results/one/{file}" for file in files} <= set(found.targets())
    with pytest.raises(UserError, match="two is compared with no other series; say comparison"):
        found.sheets_across(place("two"))


@pytest.mark.parametrize("other", ["two/d", "one/a"])
def test_only_an_instance_of_another_series_can_be_compared_with(other):
    with pytest.raises(UserError, match=f"c.yaml: series one: comparison: with '{other}' is no"):
        compared([("one", "a"), ("two", "c")], one={"comparison": {"with": other}})
