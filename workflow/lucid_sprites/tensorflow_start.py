"""How TensorFlow is started: quickly, quietly, and with one thread for each job."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorflow.compat.v1 import ConfigProto


# What TensorFlow's rewriting is told to leave alone: matrix products carry the colours of the
# picture, depthwise gradients have no fast kernel, and means are what an objective is read from.
_REWRITING = "TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_"
_KEPT_IN_FLOAT32 = {
    "ALLOWLIST_REMOVE": "MatMul,BatchMatMul,BatchMatMulV2,"
    "DepthwiseConv2dNative,DepthwiseConv2dNativeBackpropInput",
    "INFERLIST_REMOVE": "Mean,Sum",
}


def quiet() -> None:
    """Only errors of TensorFlow are shown; call before its first import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def lean() -> None:
    """Make the first `import tensorflow` of a program quick and quiet; call it before.

    The API packages of TensorFlow import keras, which no frozen graph needs.
    """
    quiet()
    sys.modules.setdefault("keras", None)  # type: ignore[arg-type]


def session_config(precision: str = "float32") -> "ConfigProto":
    """Session options with one thread for all pools.

    The first session of a process fixes the pools of all later ones, so every session takes
    its options from here. Small graphs are slower with more threads than one.

    Args:
        precision: of the convolutions: `float32`, or `bfloat16`, which TensorFlow's own graph
            rewriting then puts where it is safe.
    """
    from tensorflow.compat.v1 import ConfigProto

    config = ConfigProto(
        intra_op_parallelism_threads=1,
        inter_op_parallelism_threads=1,
        gpu_options={"allow_growth": True},
    )
    if precision == "bfloat16":
        os.environ.update({_REWRITING + name: ops for name, ops in _KEPT_IN_FLOAT32.items()})
        config.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = 1
    return config
