"""Nodes that move the numbers of a tensor and leave their values."""

from collections.abc import Sequence

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology


def transpose(name: str, source: NodeDef, order: Sequence[int], axes: str) -> list[NodeDef]:
    """A transpose of the first output of `source`, last, and its constant.

    Args:
        axes: name of the constant.
    """
    constant = constants.node(axes, np.array(order, np.int32))
    made = NodeDef(name=name, op="Transpose", input=[source.name, constant.name])
    made.attr["T"].type = topology.type_of(source, "T", "dtype")
    made.attr["Tperm"].type = tf.int32.as_datatype_enum
    return [constant, made]


def reshape(name: str, source: NodeDef, sizes: Sequence[int], shape: str) -> list[NodeDef]:
    """A reshape of the first output of `source`, last, and its constant.

    Args:
        shape: name of the constant.
    """
    constant = constants.node(shape, np.array(sizes, np.int32))
    made = NodeDef(name=name, op="Reshape", input=[source.name, constant.name])
    made.attr["T"].type = topology.type_of(source, "T", "dtype")
    made.attr["Tshape"].type = tf.int32.as_datatype_enum
    return [constant, made]
