"""Grids, value by value."""

import numpy as np
import pytest

from lucid_sprites.images import grid
from lucid_sprites.images.grid import convert_into_grid, image_normalization


def test_normalization_stretches_to_the_bound():
    image = np.array([[[-2.0], [0.0], [6.0]]])
    np.testing.assert_allclose(image_normalization(image)[0, :, 0], [0, 63.75, 255], rtol=1e-6)
    np.testing.assert_allclose(image_normalization(image, 1.0)[0, :, 0], [0, 0.25, 1], rtol=1e-6)
    assert not image_normalization(np.full((2, 2, 1), 7.0)).any()


def test_contrast_keeps_zero_in_its_place_and_cuts_rare_extremes():
    values = np.zeros((20, 20, 1), np.float32)
    values[:10, :, 0] = np.linspace(0.01, 1, 200).reshape(10, 20)
    values[0, 0] = 1000
    positive = grid.contrast_normalization(values, 1.0)
    assert positive[15, 0] == 0
    assert positive[0, 0] == 1
    assert 0.4 < positive[5, 0, 0] < 0.6
    values[0, 1] = -1000
    signed = grid.contrast_normalization(values, 1.0)
    assert (signed[15, 0, 0], signed[0, 1, 0], signed[0, 0, 0]) == (0.5, 0, 1)
    assert not grid.contrast_normalization(np.zeros((3, 3, 1))).any()


def images(count, height=2, width=3):
    below = np.array([0.0, 1.0]).reshape(2, 1, 1)
    return np.stack([np.full((height, width, 1), n) + below for n in range(count)])


def test_a_square_grid_as_tf_cnnvis_makes_it():
    made = convert_into_grid(images(5), padding=1, ubound=1.0)
    assert made.shape == (3 * 2 + 2, 3 * 3 + 2, 1)
    for number in range(5):
        y, x = number // 3 * 3, number % 3 * 4
        np.testing.assert_allclose(made[y : y + 2, x : x + 3, 0], [[0] * 3, [1] * 3], rtol=1e-6)
    assert not made[2].any() and not made[:, 3].any() and not made[6:].any()


def test_columns_leave_no_empty_rows_and_the_layer_shares_its_scale():
    made = convert_into_grid(images(5), padding=2, ubound=50.0, normalize="layer", columns=4)
    assert made.shape == (2 * 2 + 2, 4 * 3 + 6, 1)
    tops = [made[n // 4 * 4, n % 4 * 5, 0] for n in range(5)]
    np.testing.assert_allclose(tops, [0, 10, 20, 30, 40], rtol=1e-6)


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(512, (227, 227), (227, 227)), (64, (7, 7), (63, 63)), (1001, (1, 1), (64, 64)),
     (512, (512, 512), (259, 259)), (4, (480, 640), (480, 640)), (20000, (1, 1), (41, 41))],
)  # fmt: skip
def test_cells_are_large_enough_to_see_and_grids_small_enough_to_keep(count, size, expected):
    found = grid.cell_size(count, *size, padding=1)
    assert found == expected
    across = grid.columns_for(count, *found)
    down = -(-count // across)
    assert max(across * (found[1] + 1), down * (found[0] + 1)) <= grid.LONGEST_EDGE + 200


def test_whole_factors_keep_pixels_square():
    small = np.arange(4, dtype=np.float32).reshape(2, 2, 1)
    np.testing.assert_array_equal(
        grid.resize(small, 4, 4)[..., 0],
        [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]],
    )
    flat = np.full((9, 9, 3), -5.5, np.float32)
    np.testing.assert_allclose(grid.resize(flat, 4, 7), np.full((4, 7, 3), -5.5), rtol=1e-6)
