"""Grids of what a picture excites."""

import numpy as np

from images.numpy_network import RECTIFIERS, Network
from lucid_sprites.images import grid, panels
from lucid_sprites.recipe.image_settings import DEFAULTS

SETTINGS = {**DEFAULTS, "normalize": "map"}


def test_activations_are_on_the_grid_by_strength():
    features = np.random.RandomState(0).uniform(0, 9, (40, 50, 6)).astype(np.float32)
    features[3, 4, 2], features[5, 6, 4] = 20, 30
    levels, record = panels.activation_grid(features, {**SETTINGS, "maps": 2})
    assert record["cells"] == [4, 2] and record["peaks"] == [30, 20]
    assert levels.shape == (81, 50, 1) or levels.shape == (40, 101, 1)
    expected = grid.image_normalization(features[..., 4])
    np.testing.assert_allclose(levels[:40, :50, 0], expected, atol=0.51)


def test_single_values_are_compared_with_each_other():
    levels, record = panels.activation_grid(np.array([0, 2, 1], np.float32), SETTINGS)
    assert record["cell"] == [64, 64]
    middles = [levels[32 + n // 2 * 65, 32 + n % 2 * 65, 0] for n in range(3)]
    assert middles == [0, 255, 128]


def test_the_strongest_activations_are_shown_as_patches():
    network = Network()
    value = np.random.RandomState(1).uniform(-1, 1, (24, 20, 3)).astype(np.float32)
    features = network.forward(value)
    levels, record = panels.reconstruction_grid(
        network.graph(), "picture", "relu2", "gradient_strongest", value, SETTINGS
    )
    for channel in range(5):
        signal = np.zeros_like(features)
        place = np.unravel_index(features[..., channel].argmax(), features.shape[:2])
        signal[(*place, channel)] = 1
        whole = network.backward(signal, RECTIFIERS["gradient"])
        if record["boxes"][channel] is None:
            assert not whole.any()
            continue
        y, x, height, width = record["boxes"][channel]
        inside = whole[y : y + height, x : x + width]
        assert np.count_nonzero(inside) == np.count_nonzero(whole) > 0
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))
        assert max(height, width) <= 8  # what one activation can see
    height, width = record["cell"]
    assert levels.shape[0] % (height + 1) == height and levels.shape[1] % (width + 1) == width
    factor = height // max(box[2] for box in record["boxes"] if box)
    shown = next(n for n, box in enumerate(record["boxes"]) if box)
    top, left = shown // record["columns"] * (height + 1), shown % record["columns"] * (width + 1)
    first = levels[top : top + height : factor, left : left + width : factor]
    y, x, *size = record["boxes"][shown]
    padded = np.zeros((height // factor, width // factor, 3))
    signal = np.zeros_like(features)
    place = np.unravel_index(features[..., shown].argmax(), features.shape[:2])
    signal[(*place, shown)] = 1
    whole = network.backward(signal, RECTIFIERS["gradient"])
    top, left = (
        (whole_edge - own) // 2 for whole_edge, own in zip(padded.shape, size, strict=False)
    )
    padded[top : top + size[0], left : left + size[1]] = whole[y : y + size[0], x : x + size[1]]
    np.testing.assert_allclose(first, grid.image_normalization(padded), atol=0.51)
