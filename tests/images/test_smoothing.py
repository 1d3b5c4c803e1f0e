"""Pyramids and denoising."""

import numpy as np
import pytest

from lucid_sprites.images.smoothing import denoise_total_variation, normalize_over_pyramid


def waves(size, period):
    y, x = np.mgrid[:size, :size]
    return (np.sin(2 * np.pi * x / period) * np.sin(2 * np.pi * y / period))[..., None].repeat(3, 2)


def amplitude(image, pattern):
    return (image * pattern).sum() / (pattern**2).sum()


def test_bands_of_frequencies_become_equally_strong():
    fine, coarse = waves(128, 4), waves(128, 64)
    mixed = fine + 30 * coarse
    before = amplitude(mixed, coarse) / amplitude(mixed, fine)
    made = normalize_over_pyramid(mixed, levels=4)
    after = amplitude(made, coarse) / amplitude(made, fine)
    assert before == pytest.approx(30, rel=0.01)
    assert 0.3 < after < 10
    assert 1 < np.sqrt(np.mean(made**2)) < 5


def test_the_pyramid_is_joined_to_what_it_was():
    """With one level the bands differ by their weights alone."""
    image = np.random.RandomState(0).normal(size=(37, 50, 3))
    plain = normalize_over_pyramid(image, levels=0)
    np.testing.assert_allclose(plain, image / np.sqrt(np.mean(image**2)), rtol=1e-5)
    scaled = normalize_over_pyramid(1000 * image, levels=4)
    np.testing.assert_allclose(scaled, normalize_over_pyramid(image, levels=4), atol=1e-4)


def test_no_gradient_stays_none():
    assert not normalize_over_pyramid(np.zeros((16, 16, 3)), levels=4).any()


def variation(image):
    down, across = np.zeros_like(image), np.zeros_like(image)
    down[:-1], across[:, :-1] = np.diff(image, axis=0), np.diff(image, axis=1)
    return np.sqrt((down**2 + across**2).sum(axis=-1)).sum()


def test_denoising_finds_the_minimum_of_its_objective():
    random = np.random.RandomState(1)
    image = np.zeros((24, 24, 3))
    image[6:18, 6:18] = 1
    image += random.normal(scale=0.1, size=image.shape)
    weight = 4.0

    def objective(candidate):
        return variation(candidate) + weight / 2 * ((candidate - image) ** 2).sum()

    found = denoise_total_variation(image, weight, iterations=400)
    assert variation(found) < 0.5 * variation(image)
    assert np.abs(found[8:16, 8:16] - 1).max() < np.abs(image[8:16, 8:16] - 1).max()
    for _ in range(20):
        nearby = found + random.normal(scale=0.003, size=image.shape)
        assert objective(nearby) > objective(found)
    assert objective(found) < min(objective(image), objective(np.full_like(image, image.mean())))
