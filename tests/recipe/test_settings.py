"""Levels of settings, their resolution for a sprite, and the attempts they stand for."""

import copy
import json

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.recipe.settings import (
    DEFAULTS,
    Recipe,
    canonical_json,
    merge,
    recipes,
    resolve,
    sized,
)

WHERE = "study.yaml: series shapes, instance a, layer conv1"


def test_the_more_specific_level_wins_key_by_key():
    merged = merge(merge(DEFAULTS, {"scale": 32, "seed": 5}), {"scale": 48})
    assert merged == {**DEFAULTS, "scale": 48, "seed": 5}


def test_keys_that_are_no_settings_are_left_out():
    assert merge(DEFAULTS, {"layer": "conv1", "index": {}, "instances": []}) == DEFAULTS


def test_lists_are_replaced_whole():
    base = merge(DEFAULTS, {"thresholds": [8, 16], "fallbacks": [{"learning_rate": 0.1}]})
    merged = merge(base, {"thresholds": [4], "fallbacks": []})
    assert merged["thresholds"] == [4]
    assert merged["fallbacks"] == []


def test_loss_crisis_merges_key_by_key():
    first = merge(DEFAULTS, {"loss_crisis": {"hits": 3}})
    second = merge(first, {"loss_crisis": {"bins": 20, "minimum": 0.5}})
    third = merge(second, {"scale": 32})
    assert third["loss_crisis"] == {"bins": 20, "hits": 3, "factor": 1e7, "minimum": 0.5}


def test_merging_changes_neither_level():
    base, override = copy.deepcopy(DEFAULTS), {"loss_crisis": {"hits": 3}, "scale": 8}
    merge(base, override)
    assert base == DEFAULTS
    assert override == {"loss_crisis": {"hits": 3}, "scale": 8}


def test_resolved_settings_are_those_of_a_sprite_and_canonical():
    settings = merge(
        DEFAULTS,
        {
            "thresholds": [256, 16, 64],
            "transforms": 3,
            "fallbacks": [{"transforms": 0}, {"learning_rate": 0.01}],
            "indexes": "0-3",
        },
    )
    resolved = resolve(settings, WHERE)
    assert resolved == {
        "engine": "batched",
        "scale": 64,
        "learning_rate": 0.05,
        "transforms": "strong",
        "parametrization": "fft",
        "decorrelate": True,
        "loss_crisis": {"bins": 10, "hits": 10, "factor": 1e7, "minimum": 0},
        "seed": 0,
        "thresholds": [16, 64, 256],
        "attempts": 2,
        "fallbacks": [{"transforms": "none"}, {"learning_rate": 0.01}],
    }
    assert json.loads(json.dumps(resolved)) == resolved


def test_resolving_leaves_the_settings_alone():
    settings = merge(DEFAULTS, {"thresholds": [2, 1], "fallbacks": [{"transforms": 1}]})
    resolve(settings, WHERE)
    assert settings["thresholds"] == [2, 1]
    assert settings["fallbacks"] == [{"transforms": 1}]


@pytest.mark.parametrize(
    ("scale", "transforms"),
    [
        (8, [{"jitter": 4}]),
        # int(0.8 * 8) - 2 = 4, int(0.8 * 15) - 8 = 4.
        (8, "shallow"),
        (15, "wild"),
        (2048, [{"crop_or_pad": [4, 4]}]),
    ],
)
def test_a_canvas_of_four_pixels_is_enough(scale, transforms):
    settings = merge(DEFAULTS, {"scale": scale, "transforms": transforms})
    assert resolve(settings, WHERE)["transforms"] == transforms


@pytest.mark.parametrize(
    ("scale", "transforms", "left"),
    [
        (8, [{"jitter": 5}], 3),
        (8, [{"scale": [0.1, 10]}], 0),
        (14, "wild", 3),
        (8, "wild", -2),
        (64, [{"crop_or_pad": [3, 64]}], 3),
        (64, [{"jitter": 61}, {"pad": 100}], 3),
    ],
)
def test_a_smaller_canvas_is_refused_with_sizes_and_a_way_out(scale, transforms, left):
    settings = merge(DEFAULTS, {"scale": scale, "transforms": transforms})
    with pytest.raises(UserError) as caught:
        resolve(settings, WHERE)
    assert str(caught.value) == (
        f"{WHERE}: transforms {transforms!r} shrink a sprite of {scale} pixels to {left}; "
        "choose a larger scale or smaller transforms"
    )


def test_a_canvas_beyond_all_memory_is_refused():
    spelled = [{"pad": 1024}, {"scale": [10]}, {"scale": [10]}]
    with pytest.raises(UserError):
        resolve(merge(DEFAULTS, {"scale": 2048, "transforms": spelled}), WHERE)


@pytest.mark.parametrize(
    ("fallback", "says"),
    [
        ({"transforms": "soft"}, f"{WHERE}, fallbacks: unknown transforms 'soft'; choose none,"),
        ({"transforms": "wild"}, f"{WHERE}, fallbacks: transforms 'wild' shrink a sprite of 8"),
    ],
)
def test_fallbacks_are_checked_too(fallback, says):
    settings = merge(DEFAULTS, {"scale": 8, "fallbacks": [{"learning_rate": 1}, fallback]})
    with pytest.raises(UserError) as caught:
        resolve(settings, WHERE)
    assert str(caught.value).startswith(says)


def test_attempts_are_further_seeds_then_the_fallbacks_then_a_rescue():
    settings = merge(
        DEFAULTS,
        {
            "attempts": 2,
            "seed": 9,
            "fallbacks": [{"learning_rate": 0.01}, {"transforms": 0, "decorrelate": False}],
        },
    )
    plain = {
        "scale": 64,
        "learning_rate": 0.05,
        "transforms": "standard",
        "parametrization": "fft",
        "decorrelate": True,
        "loss_crisis": DEFAULTS["loss_crisis"],
        "seed": 9,
    }
    assert recipes(resolve(settings, WHERE)) == [
        Recipe(**plain, attempt=0),
        Recipe(**plain, attempt=1),
        Recipe(**{**plain, "learning_rate": 0.01}, attempt=2),
        Recipe(**{**plain, "transforms": "none", "decorrelate": False}, attempt=3),
        # Standard transforms make canvases of 68 to 84 pixels: the nearest to the sprite's 64.
        Recipe(**{**plain, "transforms": [{"scale": [1.07]}, {"crop_or_pad": [68, 68]}]},
               attempt=4, lifted=True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("override", "rescued"),
    [
        ({}, True),
        ({"rescue": False}, False),
        ({"engine": "lucid"}, False),
        ({"precision": "bfloat16"}, True),
    ],
)
def test_a_rescue_can_be_left_out(override, rescued):
    resolved = resolve(merge(DEFAULTS, override), WHERE)
    assert [recipe.lifted for recipe in recipes(resolved)] == [False, False] + [True] * rescued
    assert ("rescue" in resolved) == (override == {"rescue": False})


@pytest.mark.parametrize(
    ("objective", "rescued"),
    [
        ({"objective": "channel", "layer": "a", "n_channel": 1}, True),
        ({"objective": "neuron", "layer": "a", "n_channel": 1, "x": None, "y": None}, True),
        ({"objective": "direction", "layer": "a", "vector": [1.0]}, False),
        ({"objective": "product", "of": []}, False),
    ],
)
def test_single_units_are_rescued(objective, rescued):
    resolved = resolve(DEFAULTS, WHERE)
    for members in ({}, {"members": 0}):
        assert recipes({**resolved, "objective": objective, **members})[-1].lifted == rescued
    assert not recipes({**resolved, "objective": objective, "members": 2})[-1].lifted


def test_keys_of_recipes_without_a_rescue_are_as_ever():
    first, _, rescue = recipes(resolve(DEFAULTS, WHERE))
    assert "lifted" not in first.as_dict()
    assert rescue.as_dict()["lifted"] is True


def test_more_attempts_keep_the_recipes_before_them():
    few, many = (
        recipes(resolve(merge(DEFAULTS, {"attempts": attempts}), WHERE)) for attempts in (1, 4)
    )
    assert len(few) == 2
    assert len(many) == 5
    assert many[0] == few[0]


def test_equal_values_have_one_text():
    assert canonical_json({"b": [1, 0.5], "a": {"d": None, "c": True}}) == (
        '{"a":{"c":true,"d":null},"b":[1,0.5]}'
    )
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("said", "height", "width", "scale"),
    [
        (None, None, None, 64),
        (None, 224, 224, 64),
        (None, 28, 28, 28),
        (None, 64, 64, 64),
        (None, 40, 56, [40, 56]),
        (None, 40, 80, 64),
        (None, 4, 32, [8, 32]),
        (96, 28, 28, 96),
        ([48, 32], 28, 28, [48, 32]),
    ],
)
def test_small_networks_have_sprites_of_their_size(said, height, width, scale):
    settings = merge(DEFAULTS, {} if said is None else {"scale": said})
    assert sized(settings, height, width)["scale"] == scale
    assert resolve(settings, WHERE)["scale"] == (said or 64)
