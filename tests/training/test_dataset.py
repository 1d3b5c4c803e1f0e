"""Batches depend on seed and step alone, and every photo comes once an epoch."""

import numpy as np

from lucid_sprites.training.augmentation import augmented
from lucid_sprites.training.dataset import PreparedDataset, open_dataset
from training.specs import training_spec


def photos(count=10, batch_size=4, **augmentation):
    pictures = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones(
        (1, 6, 6, 3), np.uint8
    )
    targets = np.arange(count, dtype=np.int32)
    kept = pictures[:2], targets[:2]
    return PreparedDataset(list("ab"), pictures, targets, kept, batch_size, 3, augmentation)


def test_every_photo_comes_once_before_any_comes_again():
    dataset = photos()
    labels = np.concatenate([dataset.batch(step)[1] for step in range(5)])
    assert sorted(labels[:10]) == sorted(labels[10:]) == list(range(10))
    assert labels[:10].tolist() != labels[10:].tolist()


def test_pictures_belong_to_their_labels_and_are_in_range():
    pictures, labels = photos().batch(7)
    np.testing.assert_allclose(pictures[:, 0, 0, 0], labels / 127.5 - 1, atol=1e-6)


def test_a_step_gives_the_same_batch_whenever_it_is_asked():
    for make in (lambda: photos(shift=0.3, flip=True), lambda: open_dataset(training_spec(), None)):
        in_order = [make().batch(step) for step in range(3)]
        again = make()
        for step in (2, 0, 1):
            np.testing.assert_equal(again.batch(step), in_order[step])
        assert not np.array_equal(in_order[0][0], in_order[1][0])


def test_flip_mirrors_left_and_right():
    ramp = np.broadcast_to(np.arange(8, dtype=np.float32)[None, :, None], (40, 8, 8, 1))
    changed = augmented(ramp, {"flip": True}, (1,))
    mirrored = [not np.array_equal(a, b) for a, b in zip(changed, ramp, strict=True)]
    assert 10 < sum(mirrored) < 30
    np.testing.assert_array_equal(changed[mirrored.index(True)], ramp[0, :, ::-1])


def test_shift_moves_and_repeats_the_border():
    picture = np.zeros((1, 8, 8, 1), np.float32)
    picture[0, 4, 4] = 1
    seen = set()
    for seed in range(60):
        changed = augmented(picture, {"shift": 0.25}, (seed,))
        ((_, row, column, _),) = np.argwhere(changed)
        seen.add((row - 4, column - 4))
    assert {y for y, _ in seen} == {x for _, x in seen} == {-2, -1, 0, 1, 2}
