"""Transforms: maps against hand-written cases and matrices, resampling against a numpy twin."""

import dataclasses

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.engine import random_streams, transforms
from lucid_sprites.recipe.transform_lists import PRESETS

KEY = (3, 1, 7)
STEPS = 200


def drawn(items, edges=(64, 64), keys=(KEY,), first=0, steps=1):
    return transforms.sample(items, list(keys), edges, first, steps)


def show(canvases, pictures, step=0, upstream=None):
    """Canvases of [batch, height, width] pictures, or the gradient for `upstream`."""
    with tf.Graph().as_default(), tf.Session() as session:
        source = tf.constant(np.asarray(pictures, np.float32)[..., None])
        maps = tf.constant(canvases.forward[step]), tf.constant(canvases.inverse[step])
        result = transforms.resample(source, *maps, tf.constant(canvases.sizes[step]))
        if upstream is not None:
            (result,) = tf.gradients(result, source, np.asarray(upstream, np.float32)[..., None])
        return session.run(result)[..., 0]


def twin(picture, row, size, fill):
    """Nearest neighbours in plain numpy, and where rounding leaves no doubt."""
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    a, b, c, d, e, f = row.astype(float)
    column, line = a * x + b * y + c, d * x + e * y + f
    clear = (abs(column % 1 - 0.5) > 1e-3) & (abs(line % 1 - 0.5) > 1e-3)
    column, line = np.floor(column + 0.5).astype(int), np.floor(line + 0.5).astype(int)
    height, width = picture.shape
    inside = (column >= 0) & (column < width) & (line >= 0) & (line < height)
    values = picture[line.clip(0, height - 1), column.clip(0, width - 1)]
    return np.where(inside, values, np.float32(fill)), clear


@pytest.mark.parametrize(
    ("items", "edges", "row", "size"),
    [
        ([], (5, 4), [1, 0, 0, 0, 1, 0], [5, 4]),
        ([{"pad": 3}], (5, 4), [1, 0, -3, 0, 1, -3], [11, 10]),
        ([{"scale": [2.0]}], (5, 4), [0.5, 0, -0.25, 0, 0.5, -0.25], [10, 8]),
        # 5 * 0.5 is truncated to 2 pixels, so the step between them is 2.5.
        ([{"scale": [0.5]}], (5, 4), [2, 0, 0.5, 0, 2.5, 0.75], [2, 2]),
        ([{"rotate": [90]}], (5, 5), [0, -1, 4, 1, 0, 0], [5, 5]),
        ([{"rotate": [180]}], (5, 4), [-1, 0, 3, 0, -1, 4], [5, 4]),
        # Centre crop and pad round their halves towards zero.
        ([{"crop_or_pad": [3, 6]}], (5, 4), [1, 0, -1, 0, 1, 1], [3, 6]),
        ([{"crop_or_pad": [2, 7]}], (5, 4), [1, 0, -1, 0, 1, 1], [2, 7]),
        ([{"crop_or_pad": [8, 1]}], (5, 4), [1, 0, 1, 0, 1, -1], [8, 1]),
        ([{"pad": 2}, {"scale": [2.0]}], (4, 4), [0.5, 0, -2.25, 0, 0.5, -2.25], [16, 16]),
        ([{"scale": [2.0]}, {"pad": 2}], (4, 4), [0.5, 0, -1.25, 0, 0.5, -1.25], [12, 12]),
    ],
)
def test_maps_are_the_hand_written_ones(items, edges, row, size):
    canvases = drawn(items, edges)
    np.testing.assert_allclose(canvases.forward[0, 0], row, atol=1e-6)
    assert canvases.sizes[0].tolist() == size


def test_jitter_takes_every_offset_and_shrinks_the_canvas():
    canvases = drawn([{"jitter": 3}], (8, 6), steps=STEPS)
    offsets = np.floor(random_streams.uniform(*KEY, 0, STEPS, 2) * 4)
    np.testing.assert_array_equal(canvases.forward[:, 0, [2, 5]], offsets)
    np.testing.assert_array_equal(
        canvases.forward[:, 0, [0, 1, 3, 4]], np.tile([1, 0, 0, 1], (STEPS, 1))
    )
    assert {tuple(offset) for offset in offsets} == {(x, y) for x in range(4) for y in range(4)}
    assert set(map(tuple, canvases.sizes)) == {(5, 3)}


def test_rotate_takes_every_angle():
    canvases = drawn([{"rotate": [-10, 0, 0, 5]}], steps=STEPS)
    chosen = np.floor(random_streams.uniform(*KEY, 0, STEPS, 1)[:, 0] * 4).astype(int)
    angles = np.deg2rad(np.array([-10, 0, 0, 5])[chosen])
    assert set(chosen) == {0, 1, 2, 3}
    np.testing.assert_allclose(canvases.forward[:, 0, 0], np.cos(angles), atol=1e-6)
    np.testing.assert_allclose(canvases.forward[:, 0, 3], np.sin(angles), atol=1e-6)


def test_scale_is_drawn_for_all_sprites_together():
    keys = [KEY, (3, 1, 8), (4, 0, 7)]
    canvases = drawn([{"scale": [0.5, 1.0, 2.0]}], (8, 8), keys, steps=STEPS)
    chosen = np.floor(random_streams.shared_uniform(0, STEPS, 1)[:, 0] * 3).astype(int)
    assert set(chosen) == {0, 1, 2}
    np.testing.assert_array_equal(canvases.sizes[:, 0], np.array([4, 8, 16])[chosen])
    for sprite in range(3):
        steps = np.array([2, 1, 0.5])[chosen]
        np.testing.assert_allclose(canvases.forward[:, sprite, 0], steps, atol=1e-6)


def test_a_list_of_transforms_is_the_product_of_their_matrices():
    """All that the standard set draws, multiplied out as 3x3 matrices."""
    keys = [KEY, (9, 0, 2)]
    canvases = drawn(PRESETS["standard"], (64, 64), keys, first=5, steps=40)
    scales = [percent / 100 for percent in range(90, 111, 2)]
    degrees = [*range(-10, 11), 0, 0, 0, 0, 0]
    shared = random_streams.shared_uniform(5, 40, 1)[:, 0]

    def shift(x, y):
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])

    for sprite, key in enumerate(keys):
        own = random_streams.uniform(*key, 5, 40, 5)
        for step in range(40):
            resized = int(np.float32(scales[int(shared[step] * 11)]) * np.float32(80))
            angle = np.deg2rad(degrees[int(own[step, 2] * 26)])
            turn = np.eye(3)
            turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            centre = (resized - 1) / 2
            whole = (
                shift(-12, -12)
                @ shift(*np.floor(own[step, :2] * 9))
                @ shift(-0.5, -0.5)
                @ np.diag([80 / resized, 80 / resized, 1])
                @ shift(0.5, 0.5)
                @ shift(centre, centre)
                @ turn
                @ shift(-centre, -centre)
                @ shift(*np.floor(own[step, 3:] * 5))
            )
            np.testing.assert_allclose(canvases.forward[step, sprite], whole[:2].ravel(), atol=1e-4)


@pytest.mark.parametrize("preset", ["standard", "shallow", "strong", "wild"])
def test_inverse_maps_undo_the_maps(preset):
    canvases = drawn(PRESETS[preset], (64, 48), [KEY, (0, 0, 0)], steps=50)
    last_row = np.broadcast_to([0, 0, 1], (50, 2, 1, 3))
    there = np.concatenate([canvases.forward.reshape(50, 2, 2, 3), last_row], axis=2)
    back = np.concatenate([canvases.inverse.reshape(50, 2, 2, 3), last_row], axis=2)
    np.testing.assert_allclose(there @ back, np.broadcast_to(np.eye(3), there.shape), atol=1e-4)


def test_standard_canvases_have_the_sizes_of_lucid():
    sizes = drawn(PRESETS["standard"], (64, 64), steps=500).sizes
    # lucid: tf.cast(scale * 80., "int32") in float32, then the last jitter takes 4 pixels.
    lucid = [1 + (i - 5) / 50.0 for i in range(11)]
    expected = {int(np.float32(scale) * np.float32(80)) - 4 for scale in lucid}
    assert {tuple(size) for size in sizes} == {(edge, edge) for edge in expected}
    assert expected == {68, 69, 71, 72, 74, 76, 77, 79, 80, 82, 84}


def test_the_same_step_has_the_same_canvas_in_any_window_and_batch():
    keys = [(0, 0, 1), KEY, (5, 2, 0)]
    whole = drawn(PRESETS["strong"], (64, 64), keys, steps=70)
    part = drawn(PRESETS["strong"], (64, 64), [KEY], first=33, steps=20)
    np.testing.assert_array_equal(part.forward[:, 0], whole.forward[33:53, 1])
    np.testing.assert_array_equal(part.inverse[:, 0], whole.inverse[33:53, 1])
    np.testing.assert_array_equal(part.sizes, whole.sizes[33:53])


PICTURE = np.arange(1, 10).reshape(3, 3) / 10


@pytest.mark.parametrize(
    ("items", "canvas"),
    [
        ([{"pad": 1}], np.pad(PICTURE, 1, constant_values=0.5)),
        # Each pixel becomes two by two; the crop takes 1 to 4 of the six.
        ([{"scale": [2.0]}, {"crop_or_pad": [4, 4]}], PICTURE[np.ix_([0, 1, 1, 2], [0, 1, 1, 2])]),
        ([{"scale": [3.0]}], PICTURE.repeat(3, axis=0).repeat(3, axis=1)),
        # Counterclockwise, as lucid's.
        ([{"rotate": [90]}], np.rot90(PICTURE)),
        ([{"rotate": [180]}], PICTURE[::-1, ::-1]),
        ([{"crop_or_pad": [1, 1]}], [[0.5]]),
        ([{"crop_or_pad": [1, 3]}], [[0.4, 0.5, 0.6]]),
    ],
)
def test_small_pictures_come_out_as_drawn_by_hand(items, canvas):
    np.testing.assert_allclose(show(drawn(items, (3, 3)), [PICTURE])[0], canvas, rtol=1e-6)


def test_gradient_of_a_shift_goes_back_to_the_pixel_it_came_from():
    upstream = np.arange(1, 26).reshape(1, 5, 5)
    canvases = drawn([{"pad": 1}], (3, 3))
    gradient = show(canvases, [PICTURE], upstream=upstream)
    np.testing.assert_array_equal(gradient, upstream[:, 1:4, 1:4])


@pytest.mark.parametrize("preset", ["standard", "wild"])
def test_resampled_pictures_and_gradients_are_nearest_neighbours(preset):
    pictures = np.random.RandomState(1).rand(3, 40, 33).astype(np.float32)
    canvases = drawn(PRESETS[preset], (40, 33), [KEY, (0, 0, 1), (0, 0, 2)], steps=6)
    for step in range(6):
        size = canvases.sizes[step]
        upstream = np.random.RandomState(step).normal(size=(3, *size)).astype(np.float32)
        canvas = show(canvases, pictures, step)
        gradient = show(canvases, pictures, step, upstream)
        assert canvas.shape == (3, *size)
        for i in range(3):
            expected, clear = twin(pictures[i], canvases.forward[step, i], size, 0.5)
            assert clear.mean() > 0.9
            np.testing.assert_array_equal(canvas[i][clear], expected[clear])
            expected, clear = twin(upstream[i], canvases.inverse[step, i], (40, 33), 0)
            assert clear.mean() > 0.9
            np.testing.assert_array_equal(gradient[i][clear], expected[clear])


def projective_twin(picture, row, size, fill):
    """Nearest neighbours under a homography, and where rounding leaves no doubt."""
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    points = np.stack([x, y, np.ones_like(x)], -1) @ row.reshape(3, 3).astype(float).T
    column, line = points[..., 0] / points[..., 2], points[..., 1] / points[..., 2]
    clear = (abs(column % 1 - 0.5) > 1e-3) & (abs(line % 1 - 0.5) > 1e-3)
    column, line = np.floor(column + 0.5).astype(int), np.floor(line + 0.5).astype(int)
    height, width = picture.shape
    inside = (column >= 0) & (column < width) & (line >= 0) & (line < height)
    values = picture[line.clip(0, height - 1), column.clip(0, width - 1)]
    return np.where(inside, values, np.float32(fill)), clear


BENT = [{"pad": 3}, {"homography": 0.3}, {"scale": [0.9]}, {"rotate": [7]}, {"jitter": 4}]


def test_a_homography_moves_the_corners_as_drawn():
    found = drawn([{"homography": 0.25}], edges=(9, 13))
    moved = (2 * random_streams.uniform(*KEY, 0, 1, 8).reshape(4, 2) - 1) * 0.25 * np.array([12, 8])
    corners = np.array([[0, 0], [12, 0], [0, 8], [12, 8]], float)
    matrix = found.forward[0, 0].reshape(3, 3)
    points = np.concatenate([corners, np.ones((4, 1))], 1) @ matrix.T
    np.testing.assert_allclose(points[:, :2] / points[:, 2:], corners + moved, atol=1e-4)
    assert found.sizes.tolist() == [[9, 13]]


def test_a_homography_of_nothing_is_the_affine_map():
    affine = [item for item in BENT if "homography" not in item]
    plain, bent = drawn(affine), drawn([*affine, {"homography": 0.0}])
    np.testing.assert_array_equal(plain.sizes, bent.sizes)
    np.testing.assert_allclose(bent.forward[..., :6], plain.forward, atol=1e-4)
    np.testing.assert_allclose(bent.forward[..., 6:], [[[0, 0, 1]]], atol=1e-6)
    np.testing.assert_allclose(bent.inverse[..., :6], plain.inverse, atol=1e-4)


def test_homographies_are_sampled_as_their_twin():
    pictures = np.random.RandomState(0).uniform(size=(2, 20, 24))
    maps = drawn(BENT, (20, 24), [KEY, (1, 0, 2)], steps=3)
    for step in range(3):
        found = show(maps, pictures, step)
        for slot, picture in enumerate(pictures):
            row, size = maps.forward[step, slot], maps.sizes[step]
            expected, clear = projective_twin(np.float32(picture), row, size, 0.5)
            assert clear.mean() > 0.95
            np.testing.assert_array_equal(found[slot][clear], expected[clear])
        upstream = np.random.RandomState(step).normal(size=found.shape)
        back = show(maps, pictures, step, upstream)
        for slot in range(2):
            row = maps.inverse[step, slot]
            expected, clear = projective_twin(np.float32(upstream[slot]), row, (20, 24), 0.0)
            np.testing.assert_array_equal(back[slot][clear], expected[clear])


def test_forward_and_inverse_of_a_homography_undo_each_other():
    maps = drawn(BENT, steps=20)
    for forward, inverse in zip(maps.forward[:, 0], maps.inverse[:, 0], strict=True):
        product = forward.reshape(3, 3).astype(float) @ inverse.reshape(3, 3)
        np.testing.assert_allclose(product / product[2, 2], np.eye(3), atol=1e-3)


def test_normalized_gradients_have_the_length_asked_for_and_none_stays_none():
    upstream = np.random.RandomState(0).normal(size=(3, 4, 4, 2)).astype(np.float32)
    upstream[1] = 0
    with tf.Graph().as_default(), tf.Session() as session:
        source = tf.constant(np.random.RandomState(1).uniform(size=upstream.shape), tf.float32)
        same = transforms.with_gradient_of_length(source, 2.5)
        found, back = session.run([same, tf.gradients(same, source, upstream)[0]])
        np.testing.assert_array_equal(found, session.run(source))
    lengths = np.sqrt((upstream**2).sum(axis=(1, 2, 3), keepdims=True))
    expected = np.where(lengths > 0, 2.5 * upstream / np.maximum(lengths, 1e-9), 0)
    np.testing.assert_allclose(back, expected, rtol=1e-5)
    assert transforms.gradient_length([{"pad": 2}, {"normalize_gradient": 2.5}]) == 2.5
    assert transforms.gradient_length([{"pad": 2}]) is None


def blurred_twin(picture, sigma):
    """Every pixel as the weighted mean of all around it, grey beyond the edge."""
    reach = 40
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weights = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    framed = np.pad(picture, reach, constant_values=0.5)
    windows = np.lib.stride_tricks.sliding_window_view(framed, weights.shape)
    return np.einsum("hwij,ij->hw", windows, weights) / weights.sum()


@pytest.mark.parametrize("sigma", [0.4, 1, 3.5])
def test_a_blur_is_a_gaussian_over_the_picture_and_the_grey_around_it(sigma):
    picture = np.random.RandomState(0).uniform(size=(12, 9))
    shown = show(drawn([{"blur": sigma}], (12, 9)), [picture])
    np.testing.assert_allclose(shown[0], blurred_twin(picture, sigma), atol=2e-6)


def test_no_blur_changes_nothing_and_two_make_one():
    picture = np.random.RandomState(0).uniform(size=(7, 8)).astype(np.float32)
    np.testing.assert_allclose(show(drawn([{"blur": 0}], (7, 8)), [picture])[0], picture, atol=1e-6)
    twice = drawn([{"blur": 3}, {"pad": 2}, {"blur": 4}], (7, 8))
    assert twice.forward[0, 0, -1] == 5
    np.testing.assert_allclose(
        show(twice, [picture])[0, 2:-2, 2:-2], blurred_twin(picture, 5), atol=2e-6
    )


def test_the_gradient_of_a_blur_is_blurred():
    upstream = np.zeros((9, 9))
    upstream[4, 4] = 1
    back = show(drawn([{"blur": 1}], (9, 9)), [np.zeros((9, 9))], upstream=[upstream])[0]
    np.testing.assert_allclose(back, blurred_twin(upstream, 1) - _grey_part(), atol=2e-6)


def _grey_part():
    """What the grey around a picture of zeros gives to the twin."""
    return blurred_twin(np.zeros((9, 9)), 1)


def test_a_range_of_sigmas_is_drawn_for_each_sprite_and_step():
    keys = [KEY, (3, 1, 8)]
    canvases = drawn([{"blur": [0.5, 2]}], keys=keys, steps=STEPS)
    numbers = random_streams.uniform(*KEY, 0, STEPS, 1)[:, 0]
    np.testing.assert_allclose(canvases.forward[:, 0, -1], 0.5 + 1.5 * numbers, rtol=1e-6)
    np.testing.assert_array_equal(canvases.forward[..., -1], canvases.inverse[..., -1])
    assert (canvases.forward[:, 0, -1] != canvases.forward[:, 1, -1]).all()


def test_a_blur_goes_with_homographies():
    items = [{"homography": 0.1}, {"jitter": 3}]
    with_blur = drawn([*items, {"blur": 2}])
    assert with_blur.forward.shape[-1] == transforms.rows([*items, {"blur": 2}]) == 10
    picture = np.random.RandomState(0).uniform(size=(64, 64)).astype(np.float32)
    blurred = show(drawn([{"blur": 2}]), [picture])[0]
    only_map = dataclasses.replace(
        with_blur, forward=with_blur.forward[..., :9], inverse=with_blur.inverse[..., :9]
    )
    np.testing.assert_allclose(show(with_blur, [picture]), show(only_map, [blurred]), atol=1e-6)


def test_a_blurred_picture_does_not_depend_on_its_mates():
    random = np.random.RandomState(2)
    pictures = random.uniform(size=(16, 24, 24))
    keys = [(3, 1, index) for index in range(16)]
    sixteen = show(drawn([{"blur": [0, 9]}], (24, 24), keys), pictures)
    order = [5, 3, 9, 1, 0, 7, 12, 2]
    eight = show(drawn([{"blur": [0, 9]}], (24, 24), [keys[n] for n in order]), pictures[order])
    np.testing.assert_array_equal(eight, sixteen[order])
