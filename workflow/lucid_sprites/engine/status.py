"""What can go wrong with a sprite, and how it is noticed."""

from typing import TypedDict

import numpy as np

from lucid_sprites.recipe.setting_types import LossCrisis
from lucid_sprites.recipe.statuses import LOW, NOT_FINITE, OK, RECURRING

# A channel that varies this much less than the median channel of its layer is constant:
# batch norm with a scale near zero leaves rounding noise, not a signal.
_CONSTANT_SHARE = 1e-5


class LossMemory(TypedDict):
    """What a resumed detector needs: the last bins, and how often a loss fell into one."""

    bins: list[int]
    hits: int


class StuckLossDetector:
    """The original kit's loss-crisis test for one sprite, fed with the loss of every step.

    A loss falls into the bin `int(factor * loss)`. The last `bins` distinct bins are remembered;
    a loss in one of them is a hit; more than `hits` hits mean that the loss is stuck.
    """

    def __init__(self, limits: LossCrisis, memory: LossMemory | None = None) -> None:
        self._limits = limits
        self._bins: list[int] = list(memory["bins"]) if memory else []
        self._hits: int = memory["hits"] if memory else 0

    def memory(self) -> LossMemory:
        """What a resumed watch needs."""
        return {"bins": self._bins, "hits": self._hits}

    def status(self, loss: float) -> str:
        """OK, or the problem that `loss` reveals."""
        if not np.isfinite(loss):
            return NOT_FINITE
        if abs(loss) < self._limits["minimum"]:
            return LOW
        current = int(self._limits["factor"] * loss)
        if current in self._bins:
            self._hits += 1
        else:
            self._bins = [*self._bins, current][-int(self._limits["bins"]) :]
        return RECURRING if self._hits > self._limits["hits"] else OK


def constant_channels(lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """Which channels hardly change over noise pictures.

    Args:
        lows, highs: [depth] extremes of each channel before its nonlinearity.

    Returns:
        bool [depth]; channels that are not finite are not constant.
    """
    with np.errstate(invalid="ignore"):
        spread = highs - lows
    finite = spread[np.isfinite(spread)]
    return np.asarray(spread <= _CONSTANT_SHARE * (np.median(finite) if finite.size else 0.0))
