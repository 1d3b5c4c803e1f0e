"""Transforms in the config: presets, kit numbers, lists, and what they leave of a picture."""

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.recipe import transform_lists

WHERE = "study.yaml: series shapes"
FINE = [percent / 100 for percent in range(80, 120)]
COARSE = [0.9, 0.92, 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1]
DEGREES = [*range(-10, 11), 0, 0, 0, 0, 0]


# lucid-spritemaps' transform ids, as its users know them; 2 is lucid's standard_transforms.
@pytest.mark.parametrize(
    ("number", "name", "steps"),
    [
        (0, "none", []),
        (1, "shallow", [{"pad": 16}, {"jitter": 32}, {"scale": FINE}, {"jitter": 2}]),
        (
            2,
            "standard",
            [{"pad": 12}, {"jitter": 8}, {"scale": COARSE}, {"rotate": DEGREES}, {"jitter": 4}],
        ),
        (
            3,
            "strong",
            [{"pad": 16}, {"jitter": 16}, {"scale": COARSE}, {"rotate": DEGREES}, {"jitter": 8}],
        ),
        (
            4,
            "wild",
            [{"pad": 32}, {"jitter": 64}, {"scale": FINE}, {"rotate": DEGREES}, {"jitter": 8}],
        ),
    ],
)
def test_kit_numbers_mean_the_kits_transforms(number, name, steps):
    assert transform_lists.canonical(number, WHERE) == name
    assert transform_lists.canonical(name, WHERE) == name
    assert transform_lists.steps(name) == steps


def test_a_list_stays_as_it_is():
    spelled = [
        {"pad": 0},
        {"jitter": 1024},
        {"scale": [0.1, 1, 10]},
        {"rotate": [-360, 0.5, 360]},
        {"crop_or_pad": [1, 1024]},
        {"blur": 0},
        {"blur": [0.5, 16]},
    ]
    assert transform_lists.canonical(spelled, WHERE) == spelled
    assert transform_lists.steps(spelled) == spelled


@pytest.mark.parametrize("value", ["standart", "Standard", "2", "", 5, -1, True, 2.0, None, {}])
def test_unknown_presets_are_refused_with_the_choices(value):
    with pytest.raises(UserError) as caught:
        transform_lists.canonical(value, WHERE)
    assert str(caught.value) == (
        f"{WHERE}: unknown transforms {value!r}; choose none, standard, shallow, strong, wild, "
        "a number from 0 to 4, or a list such as [{pad: 12}, {jitter: 8}]"
    )


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("pad", "'pad' is not one transform such as {jitter: 8}"),
        ({}, "{} is not one transform such as {jitter: 8}"),
        ({"pad": 1, "jitter": 2}, "{'pad': 1, 'jitter': 2} is not one transform"),
        (
            {"jiter": 8},
            "unknown transform 'jiter'; did you mean jitter? There are pad, jitter, scale, rotate, "
            "crop_or_pad",
        ),
        ({"pad": -1}, "pad takes a number of pixels from 0 to 1024, not -1"),
        ({"pad": 1025}, "pad takes a number of pixels from 0 to 1024, not 1025"),
        ({"pad": 1.5}, "pad takes a number of pixels from 0 to 1024, not 1.5"),
        ({"pad": True}, "pad takes a number of pixels from 0 to 1024, not True"),
        ({"jitter": [8]}, "jitter takes a number of pixels from 0 to 1024, not [8]"),
        ({"scale": 0.9}, "scale takes a list of factors from 0.1 to 10, not 0.9"),
        ({"scale": []}, "scale takes a list of factors from 0.1 to 10, not []"),
        ({"scale": [1, 0.09]}, "scale takes a list of factors from 0.1 to 10, not [1, 0.09]"),
        ({"scale": [10.1]}, "scale takes a list of factors from 0.1 to 10, not [10.1]"),
        ({"scale": [float("nan")]}, "scale takes a list of factors from 0.1 to 10, not [nan]"),
        ({"scale": ["1"]}, "scale takes a list of factors from 0.1 to 10, not ['1']"),
        ({"rotate": [361]}, "rotate takes a list of degrees from -360 to 360, not [361]"),
        ({"rotate": [True]}, "rotate takes a list of degrees from -360 to 360, not [True]"),
        ({"crop_or_pad": 64}, "crop_or_pad takes a list [height, width] of pixels, not 64"),
        ({"crop_or_pad": [64]}, "crop_or_pad takes a list [height, width] of pixels, not [64]"),
        ({"crop_or_pad": [0, 64]}, "crop_or_pad takes a list [height, width] of pixels, not [0,"),
        ({"crop_or_pad": [9, 8.5]}, "crop_or_pad takes a list [height, width] of pixels, not [9,"),
        (
            {"blur": 17},
            "blur takes a sigma of 0 to 16 pixels, or the lowest and the highest as a l",
        ),
        (
            {"blur": [2, 1]},
            "blur takes a sigma of 0 to 16 pixels, or the lowest and the highest as",
        ),
        ({"blur": [1]}, "blur takes a sigma of 0 to 16 pixels, or the lowest and the highest as a"),
    ],
)
def test_wrong_transforms_are_refused_with_what_they_take(item, says):
    with pytest.raises(UserError) as caught:
        transform_lists.canonical([{"pad": 4}, item], WHERE)
    assert str(caught.value).startswith(f"{WHERE}: {says}")


@pytest.mark.parametrize(
    ("value", "scale", "edge"),
    [
        ("none", 64, 64),
        # 64 + 24 - 8 = 80, 0.9 * 80 = 72, - 4 = 68: never under the start.
        ("standard", 64, 64),
        # 64 + 32 - 32 = 64, int(51.2) = 51, - 2.
        ("shallow", 64, 49),
        # 64 + 64 - 64 = 64, 51, - 8.
        ("wild", 64, 43),
        ([{"jitter": 10}], 16, 6),
        ([{"jitter": 10}, {"pad": 50}], 16, 6),
        ([{"pad": 5}, {"jitter": 10}], 16, 16),
        ([{"scale": [1, 0.5, 2]}], 17, 8),
        ([{"rotate": [45]}], 16, 16),
        ([{"crop_or_pad": [12, 9]}], 16, 9),
        ([{"crop_or_pad": [200, 100]}, {"jitter": 90}], 16, 10),
        ([{"jitter": 20}], 16, -4),
    ],
)
def test_the_smallest_canvas_on_the_way_is_found(value, scale, edge):
    assert transform_lists.edges(value, scale)[0] == edge


def test_the_largest_canvas_on_the_way_is_found():
    assert transform_lists.edges("wild", 64)[1] == 128
    assert transform_lists.edges([{"scale": [2]}, {"pad": 3}, {"crop_or_pad": [9, 7]}], 16)[1] == 38


@pytest.mark.parametrize(
    ("transforms", "picture", "expected"),
    [
        ("none", [64, 64], "none"),
        # Canvases of 68 to 84 pixels: the picture is enlarged to the smallest.
        ("standard", [64, 64], [{"scale": [1.07]}, {"crop_or_pad": [68, 68]}]),
        ([{"pad": 2}, {"jitter": 4}], [30, 50], "none"),
        # The larger factor for both edges; what is too much is cut.
        ([{"pad": 4}], [10, 40], [{"scale": [1.8]}, {"crop_or_pad": [18, 48]}]),
        # A network of 28 pixels is shown the middle, as by the others.
        ([{"jitter": 2}, {"crop_or_pad": [28, 28]}], [64, 64], [{"crop_or_pad": [28, 28]}]),
        # Canvases on both sides of the picture's size.
        ([{"scale": [0.5, 2.0]}], [40, 40], "none"),
    ],
)
def test_still_transforms_show_the_whole_picture(transforms, picture, expected):
    still = transform_lists.still(transforms, picture)
    assert still == expected
    for edge, size in zip(picture, range(2), strict=True):
        low, high = transform_lists.canvas_edges(transforms, edge)
        (canvas,) = (
            {*transform_lists.canvas_edges(still, edge)}
            if still == "none"
            else {still[-1]["crop_or_pad"][size]}
        )
        assert low <= canvas <= high
