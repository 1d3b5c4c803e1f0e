"""What can go wrong with a sprite, and how it is noticed."""

import math
from typing import TypedDict

import numpy as np

from lucid_sprites.recipe.setting_types import LossCrisis
from lucid_sprites.recipe.statuses import LOW, NOT_FINITE, OK, RECURRING

# A channel that varies this much less than the median channel of its layer is constant:
# batch norm with a scale near zero leaves rounding noise, not a signal.
_CONSTANT_SHARE = 1e-5

_SMALLEST_SCALE = 1e-30

# By this share of it a mean of equal numbers may miss them.
_ROUNDING = 1e-6


class LossMemory(TypedDict):
    """What a resumed detector needs: the last bins, and how often a loss fell into one."""

    bins: list[int]
    hits: int


class StuckLossDetector:
    """The original kit's loss-crisis test for one sprite, fed with the loss of every step.

    A loss falls into the bin `int(factor * loss)`. The last `bins` distinct bins are remembered;
    a loss in one of them is a hit; more than `hits` hits mean that the loss is stuck. One that
    cannot rise any further is not: a unit that has reached its ceiling.
    """

    def __init__(
        self,
        limits: LossCrisis,
        memory: LossMemory | None = None,
        highest: float = math.inf,
        scale: float = 1.0,
    ) -> None:
        """Begin, or go on.

        Args:
            memory: of a detector that saw the steps before.
            highest: value that no loss can exceed.
            scale: of the losses, above 0; where it is below 1, bins are as much narrower.
        """
        self._limits = limits
        # A power of two, so that what hardly matters to the scale does not matter to the bins.
        width = 2.0 ** math.floor(math.log2(max(scale, _SMALLEST_SCALE)))
        self._factor = limits["factor"] / min(1.0, width)
        self._ceiling = highest - _ROUNDING * abs(highest) if math.isfinite(highest) else highest
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
        if loss >= self._ceiling:
            return OK
        current = int(self._factor * loss)
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
        return np.asarray(highs - lows <= _CONSTANT_SHARE * median_spread(lows, highs))


def median_spread(lows: np.ndarray, highs: np.ndarray) -> float:
    """By how much the median channel changes over noise pictures; 0 where none is finite.

    Args:
        lows, highs: as for `constant_channels`.
    """
    with np.errstate(invalid="ignore"):
        spread = highs - lows
    finite = spread[np.isfinite(spread)]
    return float(np.median(finite)) if finite.size else 0.0
