"""Value tests of the random stream."""

import numpy as np
import pytest

from lucid_sprites.engine import random_streams

MASK = 2**64 - 1


def philox_block(key: tuple[int, int], counter: int) -> list[int]:
    """Four words of Philox4x64-10, in plain integers (Salmon et al. 2011)."""
    words, (low, high) = [counter, 0, 0, 0], key
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * words[0], 0xCA5A826395121157 * words[2]
        words = [
            (second >> 64) ^ words[1] ^ low,
            second & MASK,
            (first >> 64) ^ words[3] ^ high,
            first & MASK,
        ]
        low, high = (low + 0x9E3779B97F4A7C15) & MASK, (high + 0xBB67AE8584CAA73B) & MASK
    return words


def test_the_stream_is_frozen():
    """Other numbers here are other pictures for everybody's settings."""
    np.testing.assert_allclose(
        random_streams.uniform(0, 0, 0, 0, 2, 5),
        [
            [0.40995227, 0.64618136, 0.95810038, 0.01336925, 0.71710472],
            [0.15956913, 0.23277729, 0.51698884, 0.47990944, 0.96652296],
        ],
        atol=1e-8,
    )
    assert random_streams.uniform(7, 2, 31, 1000, 1, 3).tolist() == [
        [0.28626721818213097, 0.4085800139985434, 0.400536575453061]
    ]
    assert random_streams.shared_uniform(3, 2, 2).tolist() == [
        [0.1386841114061177, 0.8599177419445225],
        [0.6515786964913849, 0.5571414846853275],
    ]


def test_the_start_is_frozen():
    np.testing.assert_allclose(
        random_streams.start_noise(0, 0, 0, (4,)),
        [0.15975746512413025, -0.963719367980957, -1.8000062704086304, 0.01925993710756302],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        random_streams.start_noise(7, 2, 31, (2, 2)),
        [[-0.23824164271354675, -0.7007319927215576], [-2.433812379837036, 0.2925921678543091]],
        rtol=1e-6,
    )


@pytest.mark.parametrize(("seed", "attempt", "index"), [(0, 0, 0), (2**32 - 1, 99, 2047)])
def test_uniform_is_philox_keyed_by_sprite_and_counted_by_step(seed, attempt, index):
    key = seed + (attempt << 32), index + (1 << 32)
    drawn = random_streams.uniform(seed, attempt, index, 5, 1, 6)
    # Six numbers take two blocks a step, and numpy counts up before the first block.
    words = philox_block(key, 11) + philox_block(key, 12)
    assert drawn.tolist() == [[(word >> 11) / 2**53 for word in words[:6]]]


@pytest.mark.parametrize("count", [1, 4, 5, 9])
@pytest.mark.parametrize(("first", "steps"), [(0, 1), (3, 4), (63, 2), (99, 1)])
def test_draws_do_not_depend_on_the_window(count, first, steps):
    window = slice(first, first + steps)
    whole = random_streams.uniform(1, 2, 3, 0, 100, count)
    np.testing.assert_array_equal(
        random_streams.uniform(1, 2, 3, first, steps, count), whole[window]
    )
    whole = random_streams.shared_uniform(0, 100, count)
    np.testing.assert_array_equal(random_streams.shared_uniform(first, steps, count), whole[window])


def test_no_draws_are_asked_for():
    assert random_streams.uniform(0, 0, 0, 0, 3, 0).shape == (3, 0)


def test_every_part_of_the_key_gives_other_numbers():
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2**32 - 1, 0, 0), (1, 1, 0), (0, 1, 1)]
    streams = [random_streams.uniform(*key, 0, 8, 4) for key in keys] + [
        random_streams.shared_uniform(0, 8, 4)
    ]
    numbers = np.concatenate([stream.ravel() for stream in streams])
    assert len(set(numbers)) == len(numbers)
    starts = np.concatenate([random_streams.start_noise(*key, (32,)) for key in keys])
    assert len(set(starts)) == len(starts)


def test_uniform_fills_the_unit_interval_evenly():
    drawn = random_streams.uniform(3, 0, 5, 0, 1000, 4)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.histogram(drawn, 10, (0, 1))[0]
    assert counts.min() > 320
    assert counts.max() < 480


def test_start_noise_is_standard_normal_float32():
    noise = random_streams.start_noise(3, 0, 5, (100, 100))
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.03
    assert abs(noise.std() - 1) < 0.03
