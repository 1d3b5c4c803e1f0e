"""Sizes: how they are written, and that keys stay what they were."""

import pytest

from lucid_sprites.recipe.settings import (
    DEFAULTS,
    canonical_json,
    identity,
    merge,
    recipes,
    resolve,
)
from lucid_sprites.recipe.size import Size
from lucid_sprites.sprites.store import key

# Of the defaults with a scale: whoever changes them has all users render everything anew.
KEYS = {
    64: ("f6d1ada69ffba9a5dec740f2425362fe65079628771251118c5cc522496b4317", "197c52098f252a77"),
    33: ("286ca72fb5e34390805864bf949983aeeb8b0a14a0becc8e0d9b24f5d36dea6d", "9bc654f9af63b457"),
    (48, 80): (
        "b4c199140a83d470bb8e7c4895796cdf06b7473225d98aa1b17ae8264fac9a4b",
        "2960f80df869afbf",
    ),
}


def resolved(scale):
    scale = list(scale) if isinstance(scale, tuple) else scale
    return resolve(merge(DEFAULTS, {"scale": scale}), "here")


@pytest.mark.parametrize("scale", KEYS, ids=str)
def test_keys_of_store_and_params_are_those_of_before(scale):
    settings = resolved(scale)
    recipe = recipes(settings)[0].as_dict()
    found = key({"recipe": recipe}), identity("content", {}, "conv1/Relu", settings)
    assert found == KEYS[scale]


@pytest.mark.parametrize(
    ("scale", "size", "name"),
    [(64, (64, 64), "64"), ([96, 64], (96, 64), "96x64"), ([64, 64], (64, 64), "64")],
)
def test_a_size_is_read_and_named(scale, size, name):
    assert Size.of(scale) == Size(*size)
    assert str(Size.of(scale)) == f"{Size.of(scale)}" == name


def test_equal_sizes_have_one_form():
    assert canonical_json(resolved((64, 64))) == canonical_json(resolved(64))
    assert resolved((48, 80))["scale"] == [48, 80]
    assert recipes(resolved((48, 80)))[0].size == Size(height=48, width=80)


@pytest.mark.parametrize("scale", [0, -3, 1.5, True, "64", None, [64], [1, 2, 3], [8, "8"], {}])
def test_what_is_no_size_is_refused(scale):
    with pytest.raises(ValueError, match="no size"):
        Size.of(scale)


def test_sizes_around_and_within():
    assert Size.around([Size(10, 40), Size(20, 30)]) == Size(20, 40)
    assert Size(48, 80).with_longest(40) == Size(24, 40)
    assert Size(64, 64).with_longest(100) == Size(100, 100)
    assert Size(1, 999).with_longest(10) == Size(1, 10)
    assert Size(48, 80).pixels == 3840
