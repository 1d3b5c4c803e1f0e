"""Which layers and indexes a config chooses from a catalogue, and their settings."""

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.planning.layers import LayerPlan, select_layers
from lucid_sprites.recipe.settings import DEFAULTS, merge
from plans import catalogue_of, layer_of

WHERE = "study.yaml: series shapes, instance a"


def layer(number, name, kind, depth):
    needs = [32, 32] if name == "fixed" else None
    return layer_of(number, name, kind=kind, depth=depth, needs=needs, macs=450.0)


CATALOGUE = catalogue_of(
    layer(0, "conv1/Conv2D", "convolution", 6),
    layer(1, "conv1/Relu", "activation", 6),
    layer(2, "pool", "pool", 6),
    layer(3, "conv2/Conv2D", "convolution", 100),
    layer(4, "conv2/Relu", "activation", 100),
    layer(5, "conv12/Relu", "activation", 300),
    other={"anchors": "does not depend on the input"},
    height=32,
    width=48,
)


def choose(series=None, instance=None, **settings) -> list[LayerPlan]:
    return select_layers(CATALOGUE, merge(DEFAULTS, settings), [series, instance], WHERE)


def numbers(*levels) -> list[int]:
    return [plan.number for plan in choose(*levels)]


def only(*levels, **settings) -> LayerPlan:
    (plan,) = choose(*levels, **settings)
    return plan


def message(*levels, **settings) -> str:
    with pytest.raises(UserError) as caught:
        choose(*levels, **settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("layers", "chosen"),
    [
        (None, [1, 4, 5]),
        ([3], [3]),
        (["3"], [3]),
        ([0, 5], [0, 5]),
        ([5, 0, 5], [0, 5]),
        (["pool"], [2]),
        (["conv1/Relu"], [1]),
        (["conv1*"], [0, 1, 5]),
        (["conv?/Relu"], [1, 4]),
        (["*/Relu", "pool"], [1, 2, 4, 5]),
        (["conv[2-9]*"], [3, 4]),
        ([{"layer": "*Conv2D"}, 1], [0, 1, 3]),
        (["*"], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_numbers_names_and_globs_choose_layers_in_graph_order(layers, chosen):
    assert numbers(layers) == chosen


def test_names_are_matched_with_their_case():
    assert "'conv1/relu' is not a layer of the graph" in message(["conv1/relu"])


def test_an_exact_name_is_no_glob():
    # "a[1]" as a glob means "a1"; as a name it is itself.
    catalogue = catalogue_of(layer(0, "a1", "pool", 2), layer(1, "a[1]", "pool", 2))
    (plan,) = select_layers(catalogue, DEFAULTS, [["a[1]"]], WHERE)
    assert plan.number == 1


def test_the_instances_list_chooses_and_both_levels_set():
    series = [{"layer": "*", "scale": 32, "seed": 1}, {"layer": 5, "seed": 2}]
    assert numbers(series, ["conv2/Relu"]) == [4]
    plan = only(series, [{"layer": 4, "attempts": 7}])
    first = plan.settings[0]
    assert (first["scale"], first["seed"], first["attempts"]) == (32, 1, 7)
    plan = only(series, [{"layer": 5, "scale": 48}])
    assert (plan.settings[0]["scale"], plan.settings[0]["seed"]) == (48, 2)


def test_later_entries_of_a_level_win():
    plans = choose([{"layer": "*", "scale": 32}, {"layer": 1, "scale": 16}])
    scales = {plan.number: plan.settings[0]["scale"] for plan in plans}
    assert scales == {0: 32, 1: 16, 2: 32, 3: 32, 4: 32, 5: 32}


def test_a_plan_carries_what_the_catalogue_says():
    plan = only([3], batch_size=4, block_size=12, keep_state=False, indexes="0-2")
    assert (plan.number, plan.name, plan.depth) == (3, "conv2/Conv2D", 100)
    assert (plan.batch, plan.block_size, plan.keep_state) == (4, 12, False)


@pytest.mark.parametrize(
    ("number", "setting", "columns"),
    [(1, "auto", 6), (3, "auto", 16), (5, "auto", 32), (1, 4, 4), (1, 9, 6), (3, 1, 1)],
)
def test_columns_are_as_set_or_by_depth_and_never_beyond_it(number, setting, columns):
    assert only([number], columns=setting).columns == columns


@pytest.mark.parametrize(
    ("indexes", "max_index", "selected"),
    [
        ([], None, [0, 1, 2, 3, 4, 5]),
        ([], 2, [0, 1, 2]),
        ([], 50, [0, 1, 2, 3, 4, 5]),
        ([], 0, [0]),
        (5, None, [5]),
        ("4-5, 1", None, [1, 4, 5]),
        ([5, "0-2"], 2, [0, 1, 2]),
    ],
)
def test_indexes_and_max_index_select(indexes, max_index, selected):
    plan = only([1], indexes=indexes, max_index=max_index)
    assert list(plan.settings) == selected


def test_index_overrides_hold_for_their_indexes_only():
    plan = only([{"layer": 1, "scale": 32, "index": {"1-2": {"scale": 48}, "5": {"seed": 4}}}])
    scales = {index: settings["scale"] for index, settings in plan.settings.items()}
    seeds = {index: settings["seed"] for index, settings in plan.settings.items()}
    assert scales == {0: 32, 1: 48, 2: 48, 3: 32, 4: 32, 5: 32}
    assert seeds == {0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 4}
    assert [group.indexes for group in plan.groups] == [[0, 3, 4], [1, 2], [5]]


def test_later_overrides_of_an_index_win_and_the_rest_adds_up():
    own = {"0-5": {"scale": 16, "loss_crisis": {"hits": 1}}, "3": {"scale": 24, "seed": 1}}
    plan = only([{"layer": 1, "index": own}], [{"layer": 1, "index": {"3": {"scale": 40}}}])
    assert plan.settings[2]["scale"] == 16
    assert plan.settings[3]["scale"] == 40
    assert plan.settings[3]["seed"] == 1
    assert plan.settings[3]["loss_crisis"] == {**DEFAULTS["loss_crisis"], "hits": 1}


def test_overrides_of_unselected_indexes_select_nothing():
    plan = only([{"layer": 1, "indexes": "0-1", "index": {"1,4": {"seed": 1}}}])
    assert list(plan.settings) == [0, 1]


def test_thresholds_of_a_layer_are_those_of_all_its_sprites():
    own = {"0": {"thresholds": [8, 512]}, "1": {"thresholds": [16]}}
    plan = only([{"layer": 1, "thresholds": [64, 32], "index": own}])
    assert plan.thresholds == [8, 16, 32, 64, 512]
    assert plan.settings[5]["thresholds"] == [32, 64]


def test_blocks_are_neighbouring_indexes_by_number_whatever_is_selected():
    plan = only(
        [{"layer": 3, "indexes": "2-5, 9, 40", "block_size": 4, "index": {"5": {"seed": 1}}}]
    )
    assert {
        number: [(group.settings["seed"], group.indexes) for group in groups]
        for number, groups in plan.blocks.items()
    } == {0: [(0, [2, 3])], 1: [(0, [4]), (1, [5])], 2: [(0, [9])], 10: [(0, [40])]}


def test_an_override_that_changes_nothing_changes_no_job():
    plain = only([{"layer": 1, "block_size": 2}])
    same = only([{"layer": 1, "block_size": 2, "index": {"2": {"scale": [32, 48]}}}])
    assert same.groups == plain.groups
    assert same.blocks == plain.blocks


# 6 activations a pixel at scale 64 (6,963.2 pixels with the transforms' margin): a sprite takes
# 167,117 bytes, so 75 of them fit in 12 MB; 32 is the largest batch, 8 the smallest.
@pytest.mark.parametrize(
    ("settings", "batch"),
    [
        ({}, 32),
        ({"scale": 128}, 16),
        ({"scale": 256}, 8),
        ({"scale": 2048, "transforms": "none"}, 8),
        ({"batch_size": 24}, 24),
    ],
)
def test_a_batch_is_as_set_or_what_fits_and_blocks_are_whole_batches(settings, batch):
    plan = only([1], **settings)
    assert plan.batch == batch
    assert plan.block_size % batch == 0


def test_a_block_is_as_set():
    assert only([1], block_size=5).block_size == 5


@pytest.mark.parametrize(
    "own", [{"indexes": "0-1"}, {"max_index": 0}, {"index": {"5": {"scale": 256, "seed": 1}}}]
)
def test_what_is_selected_moves_no_block(own):
    plain, selected = only([1]), only([{"layer": 1, **own}])
    assert (selected.batch, selected.block_size) == (plain.batch, plain.block_size)


def test_indexes_that_are_asked_of_many_layers_may_be_beyond_some():
    shallow, deep = choose(["conv1/Relu", "conv2/Relu"], indexes="4-8")
    assert (list(shallow.by_index), shallow.missing) == ([4, 5], [6, 7, 8])
    assert (list(deep.by_index), deep.missing) == ([4, 5, 6, 7, 8], [])


@pytest.mark.parametrize(
    ("layers", "settings", "says"),
    [
        ([6], {}, "no layer number 6; they go from 0 to 5"),
        (["60"], {}, "no layer number 60; they go from 0 to 5"),
        (["poool"], {}, "layer 'poool' is not a layer of the graph; nearest names: pool"),
        (["conv3*"], {}, "layer 'conv3*' is not a layer of the graph; nearest names: conv"),
        (["anchors"], {}, "layer 'anchors' does not depend on the input; nearest names: "),
        ([], {}, "the list of layers is empty; leave it out for all activations"),
        (
            [1],
            {"indexes": "6-9"},
            ", layer conv1/Relu: none of the indexes 6-9 is there; they go from 0 to 5: give the ",
        ),
        (
            [{"layer": 1, "indexes": "3-6"}],
            {},
            ", layer conv1/Relu: index 6 is beyond its depth; choose from 0 to 5",
        ),
        (
            [{"layer": 1, "index": {"4-7": {"seed": 1}}}],
            {},
            ", layer conv1/Relu: index 7 is beyond its depth; choose from 0 to 5",
        ),
        (
            [1],
            {"indexes": [3], "max_index": 2},
            ", layer conv1/Relu: no index is selected: `indexes` [3] has none up to `max_index` 2",
        ),
        (
            [{"layer": 1, "index": {"2": {"transforms": "loud"}}}],
            {},
            ", layer conv1/Relu, index 2: unknown transforms 'loud'; choose none",
        ),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_the_choices(layers, settings, says):
    text = message(layers, **settings)
    separator = "" if says.startswith(",") else ": "
    assert text.startswith(f"{WHERE}{separator}{says}")


def test_one_bad_level_is_refused_even_if_the_other_chooses():
    assert "the list of layers is empty" in message([], ["pool"])
    assert "no layer number 9" in message([9], ["pool"])


def test_a_graph_without_activations_needs_a_list_of_layers():
    catalogue = catalogue_of(layer(0, "conv1/Conv2D", "convolution", 6))
    with pytest.raises(UserError) as caught:
        select_layers(catalogue, DEFAULTS, [None, None], WHERE)
    assert str(caught.value) == (
        f"{WHERE}: the graph has no activation layers to choose by default; list `layers`, "
        "for example conv1/Conv2D"
    )


@pytest.mark.parametrize("indexes", ["5-3", [3, "5-4"]])
def test_ranges_that_fall_are_refused(indexes):
    assert "5-" in message([1], indexes=indexes)


def test_a_name_of_odd_digits_is_a_name():
    assert "is not a layer of the graph" in message(["²"])
