"""Whether a node is what TensorFlow's registry says of its operation, before anything reads it."""

from collections.abc import Sequence
from math import prod

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.op_def_pb2 import OpDef
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow.python.framework import op_def_registry

from lucid_sprites.models.graph import topology

LARGEST_TENSOR = 1 << 28
"""Numbers in the largest tensor that is made of a graph: twice those of the largest known layer."""

_MOST_ARGUMENTS = 10_000
# The field of an attribute's value by the type that the registry gives it.
_FIELDS = {"int": "i", "float": "f", "bool": "b", "type": "type", "shape": "shape", "string": "s",
           "tensor": "tensor", "func": "func"}  # fmt: skip


def problem(node: NodeDef) -> str | None:
    """What is wrong with a node: an unknown operation, attributes, inputs, a constant's value."""
    definition = op_def_registry.get(node.op)
    if definition is None:
        return "is an operation that this TensorFlow does not know"
    wrong = _wrong_attribute(node, definition)
    if wrong is not None:
        return f"has no sound attribute {wrong!r}"
    wanted = sum(repeats(node, argument) for argument in definition.input_arg)
    given = len(topology.data_inputs(node))
    if wanted != given:
        return f"has {given} inputs instead of {wanted}"
    return _wrong_tensor(node.attr["value"].tensor) if node.op == "Const" else None


def output_types(node: NodeDef) -> list[int]:
    """Types of the outputs of a node, as TensorFlow's numbers; empty for an unknown operation."""
    types: list[int] = []
    for argument in output_arguments(node):
        if argument.type_list_attr:
            types += node.attr[argument.type_list_attr].list.type
        else:
            kind = argument.type or _value(node, argument.type_attr).type
            types += [kind] * repeats(node, argument)
    return types


def output_arguments(node: NodeDef) -> Sequence[OpDef.ArgDef]:
    """What the registry says of the outputs of a node; nothing of an unknown operation."""
    definition = op_def_registry.get(node.op)
    return definition.output_arg if definition is not None else ()


def repeats(node: NodeDef, argument: OpDef.ArgDef) -> int:
    """How many tensors of a node belong to one of its named inputs or outputs."""
    if argument.type_list_attr:
        return len(_value(node, argument.type_list_attr).list.type)
    count = _value(node, argument.number_attr).i if argument.number_attr else 1
    return max(0, min(count, _MOST_ARGUMENTS))


def _value(node: NodeDef, key: str) -> AttrValue:
    """An attribute's value, or its default."""
    if key in node.attr:
        return node.attr[key]
    definition = op_def_registry.get(node.op)
    return next((a.default_value for a in definition.attr if a.name == key), AttrValue())


def _wrong_attribute(node: NodeDef, definition: OpDef) -> str | None:
    """An attribute that is missing or of another type."""
    for attribute in definition.attr:
        if attribute.name not in node.attr:
            if not attribute.HasField("default_value"):
                return str(attribute.name)
            continue
        kind = node.attr[attribute.name].WhichOneof("value")
        is_list = attribute.type.startswith("list(")
        if kind != ("list" if is_list else _FIELDS.get(attribute.type, kind)):
            return str(attribute.name)
        if kind == "shape" and _wrong_shape(node.attr[attribute.name].shape):
            return str(attribute.name)
    return None


def _wrong_shape(shape: TensorShapeProto) -> bool:
    return any(dim.size < -1 or dim.size > LARGEST_TENSOR for dim in shape.dim)


def _wrong_tensor(tensor: TensorProto) -> str | None:
    """Why a constant cannot be read."""
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        return f"is a constant of the shape {sizes[:8]}"
    numbers = prod(sizes)
    if numbers > LARGEST_TENSOR:
        return f"is a constant of {numbers:.3g} numbers; at most {LARGEST_TENSOR:.3g} are read"
    try:
        kind = tf.as_dtype(tensor.dtype)
    except TypeError:
        return "is a constant of an unknown type"
    if tensor.tensor_content and len(tensor.tensor_content) != numbers * kind.size:
        return f"is a constant of {numbers} numbers in {len(tensor.tensor_content)} bytes"
    return None
