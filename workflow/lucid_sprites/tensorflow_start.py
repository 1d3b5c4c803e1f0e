"""How TensorFlow is started: quickly, quietly, and with one thread for each job."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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

# Of TensorFlow's optimizations of a graph, those that make no step faster here. They cost a second
# at the start of a large network, and copies of its weights (docs/measurements.md).
_NEEDLESS = (
    "arithmetic_optimization",
    "common_subgraph_elimination",
    "debug_stripper",
    "dependency_optimization",
    "function_optimization",
    "implementation_selector",
    "layout_optimizer",
    "loop_optimization",
    "memory_optimization",
    "pin_to_host_optimization",
    "scoped_allocator_optimization",
    "shape_optimization",
    "use_plugin_optimizers",
)

# The environment variable that says what TensorFlow's libraries write to stderr.
_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def block_keras() -> None:
    """Make the first import of TensorFlow quick; call it before.

    The API packages of TensorFlow import keras, which no frozen graph needs.
    """
    sys.modules.setdefault("keras", None)  # type: ignore[arg-type]


def import_quietly() -> None:
    """Import TensorFlow without the notes that its libraries write at every start.

    Their last line is about a GPU that is not there, and looks like the cause of any failure. Who
    sets `TF_CPP_MIN_LOG_LEVEL` sees what it lets through.
    """
    if "tensorflow" in sys.modules or _LOG_LEVEL in os.environ:
        return
    os.environ[_LOG_LEVEL] = "3"
    with _native_messages_dropped():  # the libraries heed the level only once they are loaded
        importlib.import_module("tensorflow")


@contextmanager
def _native_messages_dropped() -> Iterator[None]:
    sys.stderr.flush()
    stderr, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)


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
    rewriting = config.graph_options.rewrite_options
    rewriting.meta_optimizer_iterations = rewriting.ONE
    for name in _NEEDLESS:
        setattr(rewriting, name, rewriting.OFF)
    if precision == "bfloat16":
        os.environ.update({_REWRITING + name: ops for name, ops in _KEPT_IN_FLOAT32.items()})
        rewriting.auto_mixed_precision_onednn_bfloat16 = rewriting.ON
    return config
