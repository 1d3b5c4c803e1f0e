"""The stuck-loss detector and the constant channels, on sequences written by hand."""

import json

import numpy as np
import pytest

from lucid_sprites.engine import status
from lucid_sprites.engine.status import StuckLossDetector
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.statuses import LOW, NOT_FINITE, OK, RECURRING

# Bins of width 0.1; three are remembered; the third hit is one too many.
LIMITS = {"bins": 3, "hits": 2, "factor": 10, "minimum": 0}


def judge(losses, limits=LIMITS):
    watch = StuckLossDetector(limits)
    return [watch.status(loss) for loss in losses]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([0.15, 0.25, 0.35, 0.45, 0.55], [OK] * 5),
        ([0.15, 0.15, 0.15, 0.15], [OK, OK, OK, RECURRING]),
        # Bins 1 and 2 alternate: every loss from the third on is a hit.
        ([0.15, 0.25, 0.15, 0.25, 0.15], [OK, OK, OK, OK, RECURRING]),
        # Bin 1 is forgotten when 4 comes, so its return is no hit; then 3, 4 and 1 are.
        ([0.15, 0.25, 0.35, 0.45, 0.15, 0.35, 0.45, 0.15], [OK] * 7 + [RECURRING]),
        # A hit does not make its bin younger: 1 is forgotten all the same.
        ([0.15, 0.25, 0.15, 0.35, 0.45, 0.15, 0.35, 0.45], [OK] * 7 + [RECURRING]),
        # int() truncates towards zero: losses around zero share a bin.
        ([0.05, -0.05, 0.09, -0.09], [OK, OK, OK, RECURRING]),
        ([0.15, -0.15, 0.25, -0.25, 0.35], [OK] * 5),
    ],
)
def test_losses_that_come_back_are_hits(losses, expected):
    assert judge(losses) == expected


def test_a_twin_of_the_kits_test_agrees_on_random_losses():
    random = np.random.RandomState(0)
    found = set()
    for _ in range(200):
        limits = {"bins": random.randint(1, 5), "hits": random.randint(1, 6), "factor": 7,
                  "minimum": 0}  # fmt: skip
        bins, hits, watch = [], 0, StuckLossDetector(limits)
        for loss in random.normal(size=30):
            number = int(7 * loss)
            if number in bins:
                hits += 1
            else:
                bins.append(number)
                if len(bins) > limits["bins"]:
                    bins.pop(0)
            expected = RECURRING if hits > limits["hits"] else OK
            assert watch.status(float(loss)) == expected
            found.add(expected)
    assert found == {OK, RECURRING}


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_is_reported(loss):
    assert judge([0.15, loss]) == [OK, NOT_FINITE]


@pytest.mark.parametrize(
    ("loss", "expected"), [(0.0, LOW), (0.49, LOW), (-0.49, LOW), (0.5, OK), (-0.5, OK), (3.0, OK)]
)
def test_the_minimum_is_for_the_size_of_the_loss(loss, expected):
    assert judge([loss], {**LIMITS, "minimum": 0.5}) == [expected]


def test_no_minimum_lets_zero_pass():
    assert judge([0.0]) == [OK]


@pytest.mark.parametrize("cut", range(9))
def test_a_resumed_watch_goes_on_where_it_was(cut):
    losses = [0.15, 0.25, 0.15, 0.35, 0.45, 0.15, 0.35, 0.45, 0.15]
    first = StuckLossDetector(LIMITS)
    begun = [first.status(loss) for loss in losses[:cut]]
    # The store keeps the memory as JSON.
    memory = json.loads(json.dumps(first.memory()))
    resumed = StuckLossDetector(LIMITS, memory)
    assert begun + [resumed.status(loss) for loss in losses[cut:]] == judge(losses)
    whole = StuckLossDetector(LIMITS)
    for loss in losses:
        whole.status(loss)
    assert resumed.memory() == whole.memory() == {"bins": [3, 4, 1], "hits": 4}


def test_memory_is_not_changed_by_the_watch_that_was_resumed_from_it():
    memory = {"bins": [1, 2, 3], "hits": 1}
    watch = StuckLossDetector(LIMITS, memory)
    watch.status(0.95)
    watch.status(0.95)
    assert memory == {"bins": [1, 2, 3], "hits": 1}


@pytest.mark.parametrize(
    ("lows", "highs", "constant"),
    [
        ([0, 0, 1], [1, 2, 1], [False, False, True]),
        # The median spread is 1; below 1e-5 of it there is rounding noise, not a signal.
        ([0] * 5, [1, 1, 1, 0.9e-5, 1.1e-5], [False, False, False, True, False]),
        ([5, -5], [5, -5], [True, True]),
        # Small numbers throughout are a small signal, not noise.
        ([0, 0, 0], [1e-9, 2e-9, 3e-9], [False, False, False]),
        ([0, np.nan, -np.inf, 0], [0, np.nan, np.inf, 4], [True, False, False, False]),
        ([np.nan], [np.nan], [False]),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_constant_channels_hardly_spread(lows, highs, constant):
    found = status.constant_channels(np.float32(lows), np.float32(highs))
    assert found.tolist() == constant


def test_statuses_are_listed():
    assert sorted(statuses.STATUSES) == sorted(
        value for name, value in vars(statuses).items() if name.isupper() and isinstance(value, str)
    )


def test_a_loss_at_its_ceiling_is_not_stuck():
    watch = StuckLossDetector(LIMITS, highest=6.0)
    assert [watch.status(loss) for loss in [6.0] * 9 + [6 - 1e-6] * 9] == [OK] * 18
    assert [watch.status(loss) for loss in [5.999] * 4] == [OK, OK, OK, RECURRING]


def test_a_ceiling_below_zero_is_one_too():
    watch = StuckLossDetector(LIMITS, highest=-2.0)
    assert [watch.status(loss) for loss in [-2.0] * 9] == [OK] * 9
    assert [watch.status(loss) for loss in [-2.1] * 4] == [OK, OK, OK, RECURRING]


@pytest.mark.parametrize(("scale", "width"), [(4.0, 0.1), (1.0, 0.1), (0.3, 0.025), (2e-9, 1e-10)])
def test_bins_are_as_narrow_as_the_losses_are_small(scale, width):
    """By the power of two below the scale; 2e-9 is above 2 ** -29, some 1.86e-9."""
    watch = StuckLossDetector(LIMITS, scale=scale)
    watch.status(width * 2.5)
    (number,) = watch.memory()["bins"]
    assert number == (2 if scale > 1e-3 else int(2.5e-10 * 10 * 2**29))


def test_a_scale_of_next_to_nothing_is_borne():
    watch = StuckLossDetector({**LIMITS, "factor": 1e30}, scale=1e-300)
    assert watch.status(1e30) == OK


def test_the_median_spread_leaves_out_what_is_not_finite():
    lows, highs = np.array([0, -1, np.nan, 0]), np.array([1, 2, 5, np.inf])
    assert status.median_spread(lows, highs) == 2
    assert status.median_spread(lows[2:3], highs[2:3]) == 0
