"""Index lists and ranges, read and written."""

import random

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.recipe.index_ranges import parse, shorten


@pytest.mark.parametrize(
    ("spec", "indexes"),
    [
        (0, [0]),
        (5, [5]),
        ("5", [5]),
        ("0-3", [0, 1, 2, 3]),
        ("4-4", [4]),
        ("0-2, 12", [0, 1, 2, 12]),
        (" 1 - 3 , 7 ", [1, 2, 3, 7]),
        ([3, "8-10"], [3, 8, 9, 10]),
        (["8-10", 3, 9], [3, 8, 9, 10]),
        ("10,9,2", [2, 9, 10]),
        ([], []),
    ],
)
def test_lists_and_ranges_are_read(spec, indexes):
    assert parse(spec) == indexes


@pytest.mark.parametrize(
    ("indexes", "text"),
    [
        ([7], "7"),
        ([0, 1], "0-1"),
        ([0, 2], "0,2"),
        ([*range(32), 40], "0-31,40"),
        ([0, 2, 3, 4, 9, 10], "0,2-4,9-10"),
        ([], ""),
    ],
)
def test_runs_are_shortened(indexes, text):
    assert shorten(indexes) == text


@pytest.mark.parametrize(("spec", "part"), [("7-2", "7-2"), ([1, "0-1000000"], "0-1000000")])
def test_a_range_that_falls_or_has_no_end_is_refused_with_its_place(spec, part):
    with pytest.raises(UserError) as caught:
        parse(spec, "config.yaml: layer conv1")
    assert str(caught.value) == (
        f"config.yaml: layer conv1: the range '{part}' must rise, to less than 1000000"
    )


def test_what_is_shortened_reads_back():
    generator = random.Random(0)
    for _ in range(200):
        size = generator.randint(1, 60)
        indexes = sorted(generator.sample(range(64), size))
        assert parse(shorten(indexes)) == indexes


def test_every_range_reads_back():
    for first in range(12):
        for last in range(first, 12):
            assert parse(f"{first}-{last}") == list(range(first, last + 1))
            assert shorten(parse(f"{first}-{last}")) in (f"{first}-{last}", f"{first}")
