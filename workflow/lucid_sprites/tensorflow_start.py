"""How TensorFlow is started: quickly, quietly, and with one thread for each job."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorflow.compat.v1 import ConfigProto


def quiet() -> None:
    """Only errors of TensorFlow are shown; call before its first import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def lean() -> None:
    """Make the first `import tensorflow` of a program quick and quiet; call it before.

    The API packages of TensorFlow import keras, which no frozen graph needs.
    """
    quiet()
    sys.modules.setdefault("keras", None)  # type: ignore[arg-type]


def session_config(threads: int = 1) -> "ConfigProto":
    """Session options with `threads` for all pools.

    The first session of a process fixes the pools of all later ones, so every session takes
    its options from here. Small graphs are slower with more threads than one.
    """
    from tensorflow.compat.v1 import ConfigProto

    return ConfigProto(
        intra_op_parallelism_threads=threads,
        inter_op_parallelism_threads=threads,
        gpu_options={"allow_growth": True},
    )
