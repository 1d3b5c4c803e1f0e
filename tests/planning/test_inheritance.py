"""What layers and indexes inherit, and the sizes that models are asked for because of it."""

import random
from itertools import combinations

import pytest

from lucid_sprites.planning.inheritance import canvas_edges, inherit
from lucid_sprites.planning.layers import select_layers
from lucid_sprites.recipe import transform_lists
from lucid_sprites.recipe.settings import DEFAULTS, merge, recipes, resolve
from plans import catalogue_of, layer_of

# Each set of letters twice, so that there is one that nobody names.
LETTERS = ["".join(letters) for n in range(4) for letters in combinations("abc", n)]
CATALOGUE = catalogue_of(
    *(layer_of(number, name, depth=5) for number, name in
      enumerate([*LETTERS[1:], *(f"{letters}!" for letters in LETTERS)]))
)  # fmt: skip
NAMES = ["a", "bc", "abc"]
# None of which follows from another.
PATTERNS = ["*a*", "*b*", "*c*", "*"]
VALUES = {
    "scale": [16, 24, 64, 96, [16, 40], [64, 24]],
    "transforms": ["none", "standard", "wild", [{"pad": 3}], [{"crop_or_pad": [50, 30]}]],
    "fallbacks": [[], [{"transforms": "none"}], [{"learning_rate": 0.1}, {"transforms": "wild"}]],
    "seed": [1, 2],
    "loss_crisis": [{"hits": 3}],
}


def some_settings(chance, most=3):
    keys = chance.sample(sorted(VALUES), chance.randint(0, most))
    return {key: chance.choice(VALUES[key]) for key in keys}


def some_item(chance, selectors):
    indexes = {spec: some_settings(chance, 2) for spec in chance.sample(["0", "1-3", "2"], 2)}
    item = {"layer": chance.choice(selectors), **some_settings(chance)}
    return {**item, "index": indexes} if chance.random() < 0.5 else item


def some_levels(chance, selectors):
    """Levels that choose every layer, and a review."""
    levels = [
        [some_item(chance, selectors) for _ in range(chance.randint(0, 3))] + ["*"]
        for _ in range(2)
    ]
    review = [
        {"layer": chance.choice(NAMES), "index": {str(chance.randint(0, 3)): some_settings(chance)}}
        for _ in range(chance.randint(0, 2))
    ]
    return levels, review


def canvases(settings):
    """Smallest and largest canvases of all attempts at sprites of these settings."""
    return [
        edge
        for recipe in recipes(settings)
        for length in recipe.size
        for edge in transform_lists.canvas_edges(recipe.transforms, length)
    ]


def rendered(base, levels, review):
    """Smallest and largest canvas of all sprites of all layers, and of studies."""
    plans = select_layers(CATALOGUE, base, levels, "here", review, "review")
    groups = [group.settings for plan in plans for group in plan.groups]
    edges = [edge for settings in [resolve(base, ""), *groups] for edge in canvases(settings)]
    return min(edges), max(edges)


@pytest.mark.parametrize("seed", range(150))
def test_models_are_asked_for_the_sizes_that_are_rendered_and_no_others(seed):
    chance = random.Random(seed)
    base = merge(DEFAULTS, some_settings(chance))
    levels, review = some_levels(chance, [*NAMES, *PATTERNS])
    edges = canvas_edges(base, [*levels, review])
    assert (edges[0], edges[-1]) == rendered(base, levels, review)


@pytest.mark.parametrize("seed", range(50))
def test_models_are_asked_for_all_sizes_where_layers_are_chosen_by_number(seed):
    """Which names the numbers belong to is not known before the model is."""
    chance = random.Random(seed)
    base = merge(DEFAULTS, some_settings(chance))
    levels, review = some_levels(chance, [*NAMES, *PATTERNS, 0, "4", 6])
    edges = canvas_edges(base, [*levels, review])
    smallest, largest = rendered(base, levels, review)
    assert edges[0] <= smallest
    assert largest <= edges[-1]


def test_between_the_sizes_an_odd_one_is_asked_for():
    base = merge(DEFAULTS, {"transforms": "none"})
    assert canvas_edges(base, [None, None]) == [64]
    assert canvas_edges(base, [[{"layer": "a", "scale": 32}], None]) == [32, 49, 64]


def test_sizes_of_items_that_never_meet_are_not_mixed():
    base = merge(DEFAULTS, {"transforms": "none"})
    apart = [{"layer": "a", "scale": 96}, {"layer": "b", "transforms": [{"pad": 10}]}]
    assert canvas_edges(base, [apart])[-1] == 96
    assert canvas_edges(base, [[{**apart[0], "layer": "?"}, apart[1]]])[-1] == 116


def test_settings_of_an_index_are_above_those_of_the_layer_of_a_later_level():
    inherited = inherit(DEFAULTS, [{"layer": "a", "index": {"1": {"seed": 1}}},
                                   {"layer": "a", "seed": 2, "scale": 32}])  # fmt: skip
    assert (inherited.common["seed"], inherited.common["scale"]) == (2, 32)
    assert (inherited.by_index[1]["seed"], inherited.by_index[1]["scale"]) == (1, 32)


def test_indexes_with_equal_settings_share_them():
    items = [{"index": {"0-9999": {"seed": 1}}}, {"index": {"5-20000": {"scale": 32}}}]
    inherited = inherit(DEFAULTS, items)
    assert len(inherited.by_index) == 20001
    assert [(one["seed"], one["scale"]) for one in inherited.distinct()] == [
        (0, None), (1, None), (1, 32), (0, 32)
    ]  # fmt: skip
