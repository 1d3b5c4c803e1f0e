"""What a block's job asks a cluster for."""

import pytest

from lucid_sprites.planning import cost
from lucid_sprites.recipe.setting_types import Group
from lucid_sprites.recipe.settings import DEFAULTS, resolve
from lucid_sprites.recipe.size import Size


def group(indexes: int, **settings):
    return Group(resolve({**DEFAULTS, **settings}, ""), list(range(indexes)))


def test_minutes_grow_with_everything_that_a_job_has_to_do():
    one = cost.job_minutes(1000, [group(256)])
    assert one > 10
    more = [
        cost.job_minutes(5000, [group(256)]),
        cost.job_minutes(1000, [group(1024)]),
        cost.job_minutes(1000, [group(256), group(256)]),
        cost.job_minutes(1000, [group(256, thresholds=[64, 2048])]),
        cost.job_minutes(1000, [group(256, attempts=8)]),
        cost.job_minutes(1000, [group(256, fallbacks=[{"transforms": "none"}] * 4)]),
        cost.job_minutes(1000, [group(256, scale=256)]),
    ]
    assert min(more) > one


def test_a_job_of_hardly_anything_still_has_time_to_start():
    assert cost.job_minutes(0, [group(1, thresholds=[1])]) == 11


def test_megabytes_hold_what_was_measured_with_room_to_spare():
    # A job of 32 sprites of 64 pixels of the MobileNet takes 631 MB (docs/measurements.md).
    asked = cost.job_megabytes(activations=16, batch=32, size=Size(64, 64), graph_megabytes=2)
    assert 631 < asked < 2 * 631


@pytest.mark.parametrize(
    "change", [{"batch": 32}, {"size": Size(64, 256)}, {"graph_megabytes": 100}]
)
def test_megabytes_grow_with_batch_scale_and_graph(change):
    base = {"activations": 64.0, "batch": 8, "size": Size(64, 64), "graph_megabytes": 10}
    assert cost.job_megabytes(**{**base, **change}) > cost.job_megabytes(**base)
