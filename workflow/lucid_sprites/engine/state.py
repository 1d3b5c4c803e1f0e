"""What a sprite's optimization carries from step to step."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class State:
    """Parameters and optimizer of one sprite, float32 of one shape.

    Attributes:
        parameters: of the parametrization.
        momentum, velocity: what the optimizer remembers; for Adam the first and second moments.
    """

    parameters: np.ndarray
    momentum: np.ndarray
    velocity: np.ndarray
