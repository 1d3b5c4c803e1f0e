"""All randomness of the engine, drawn on the host and keyed by (seed, attempt, index, step).

Philox is a counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as
1, 2, 3"): any step's draws can be had without the draws before it, so a sprite gets the same
ones alone, in any batch, and resumed.
"""

import numpy as np

_WORDS_PER_COUNT = 4
_START, _TRANSFORMS = 0, 1
# Shared by all sprites at a step; no sprite's key has this stream.
_SHARED = 2
_DIRECTION, _BACKGROUND = 3, 4


def start_noise(seed: int, attempt: int, index: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32 of `shape`, for the start of one sprite."""
    # RandomState's streams are frozen by numpy's compatibility policy, Generator's are not.
    state = np.random.RandomState(_generator(seed, attempt, index, _START, 0))
    return state.standard_normal(shape).astype(np.float32)


def uniform(
    seed: int, attempt: int, index: int, first_step: int, steps: int, count: int
) -> np.ndarray:
    """Uniform numbers in [0, 1), float64 [steps, count], for one sprite's transforms."""
    return _uniform((seed, attempt, index, _TRANSFORMS), first_step, steps, count)


def shared_uniform(first_step: int, steps: int, count: int) -> np.ndarray:
    """Uniform numbers in [0, 1), float64 [steps, count], the same for all sprites."""
    return _uniform((0, 0, 0, _SHARED), first_step, steps, count)


def direction(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32 of `shape`: a random direction of a layer."""
    state = np.random.RandomState(_generator(seed, 0, 0, _DIRECTION, 0))
    return state.standard_normal(shape).astype(np.float32)


def background(step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32 of `shape`, the same for all sprites at a step."""
    state = np.random.RandomState(_generator(0, 0, step, _BACKGROUND, 0))
    return state.standard_normal(shape).astype(np.float32)


def _uniform(key: tuple[int, int, int, int], first_step: int, steps: int, count: int) -> np.ndarray:
    counts = max(1, -(-count // _WORDS_PER_COUNT))
    raw = _generator(*key, first_step * counts).random_raw(steps * counts * _WORDS_PER_COUNT)
    # The upper 53 bits of a word fill the mantissa of a double.
    return ((raw >> np.uint64(11)) * 2.0**-53).reshape(steps, -1)[:, :count]


def _generator(seed: int, attempt: int, index: int, stream: int, counter: int) -> np.random.Philox:
    key = np.array([seed | attempt << 32, index | stream << 32], np.uint64)
    return np.random.Philox(key=key, counter=np.array([counter, 0, 0, 0], np.uint64))
