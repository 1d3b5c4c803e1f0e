"""Value tests of the generated pictures."""

import numpy as np
import pytest

from lucid_sprites.training.synthetic import synthetic_pictures
from lucid_sprites.training.synthetic_classes import CLASSES


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    return synthetic_pictures(3, 800)


def test_pictures_and_labels_have_the_promised_types_and_ranges(sample):
    pictures, labels = sample
    assert pictures.shape == (800, 64, 64, 3)
    assert pictures.dtype == np.float32
    assert 0 <= pictures.min() < 0.05
    assert 0.95 < pictures.max() <= 1
    assert labels.dtype == np.int32
    assert set(labels) == set(range(len(CLASSES)))


def test_same_seed_gives_the_same_pictures():
    first, second = synthetic_pictures((5, 1), 40), synthetic_pictures((5, 1), 40)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_another_seed_gives_other_pictures():
    assert not np.array_equal(synthetic_pictures((5, 1), 8)[0], synthetic_pictures((5, 2), 8)[0])


def test_size_changes_resolution_only():
    pictures, _ = synthetic_pictures(1, 4, size=32)
    assert pictures.shape == (4, 32, 32, 3)


def test_no_pictures_is_a_legal_count():
    pictures, labels = synthetic_pictures(0, 0)
    assert pictures.shape == (0, 64, 64, 3)
    assert labels.shape == (0,)


def test_no_picture_is_flat_or_grey(sample):
    pictures, _ = sample
    assert pictures.std((1, 2, 3)).min() > 0.03
    assert np.ptp(pictures.mean((1, 2)), axis=1).mean() > 0.1


def test_pictures_of_a_class_differ(sample):
    pictures, labels = sample
    for label in range(len(CLASSES)):
        chosen = pictures[labels == label]
        assert chosen.std(0).mean() > 0.1


def test_hand_made_features_tell_the_classes_apart(sample):
    """Colours and roughness alone, without form, beat chance clearly."""
    pictures, labels = sample
    features = _plain_features(pictures)
    features = (features - features.mean(0)) / features.std(0)
    known, asked = features[:600], features[600:]
    centres = np.stack([known[labels[:600] == k].mean(0) for k in range(len(CLASSES))])
    guesses = ((asked[:, None] - centres) ** 2).sum(-1).argmin(1)
    assert (guesses == labels[600:]).mean() > 4 / len(CLASSES)


def _plain_features(pictures: np.ndarray) -> np.ndarray:
    """Colours of the middle and of all, and how rough it is at several distances: [n, 11]."""
    middle = pictures[:, 24:40, 24:40].mean((1, 2))
    steps = [
        np.abs(pictures[:, :, distance:] - pictures[:, :, :-distance]).mean((1, 2, 3))
        for distance in (1, 2, 4, 8, 16)
    ]
    roughness = np.log(np.stack(steps, 1) / pictures.std((1, 2, 3))[:, None])
    return np.column_stack([middle, pictures.mean((1, 2)), roughness])
