"""SavedModels of TensorFlow 2: objects with functions, and variables that the functions capture."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.op_def_pb2 import OpDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_object_graph_pb2 import SavedConcreteFunction, SavedObjectGraph
from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import graph_check, node_check, topology
from lucid_sprites.models.graph.large_constants import Weights
from lucid_sprites.models.loaders.saved_variables import Checkpoint
from lucid_sprites.models.loaders.variables import freeze
from lucid_sprites.models.normal_form import inline_functions

_DEFAULT_SIGNATURE = "serving_default"
_VALUE = "VARIABLE_VALUE"
Objects: TypeAlias = SavedObjectGraph | TrackableObjectGraph


def load(model: MetaGraphDef, checkpoint: Checkpoint, source: str) -> tuple[GraphDef, Weights]:
    """What the model computes, as a graph with the values of its variables.

    Raises:
        UserError: it has nothing to call.
    """
    library = {function.signature.name: function for function in model.graph_def.library.function}
    name = _function(model.object_graph_def, library, source)
    function = library[name]
    bound = model.object_graph_def.concrete_functions[name]
    captured, taken = len(bound.bound_inputs), len(function.signature.input_arg)
    if captured > taken:
        raise UserError(
            f"{source}: its function takes {taken} arguments, and {captured} captures are for it; "
            "export the model again"
        )
    graph = topology.with_nodes(model.graph_def, _body(function, library))
    graph_check.check(graph, source)
    outputs = [topology.node_name(reference) for reference in function.ret.values()]
    inputs = [argument.name for argument in function.signature.input_arg]
    inlined = inline_functions.inline_calls(graph, [*inputs, *outputs], source)
    values = _captured(bound, function, model, checkpoint)
    frozen, weights = freeze(inlined, values)
    return inline_functions.part(frozen, [*_free(inputs, bound), *outputs]), weights


def _free(inputs: list[str], bound: SavedConcreteFunction) -> list[str]:
    """Arguments that the caller gives."""
    return inputs[: len(inputs) - len(bound.bound_inputs)]


def _function(objects: SavedObjectGraph, library: Mapping[str, FunctionDef], source: str) -> str:
    """The model's signature, or else the function that calling it runs."""
    children = _children(objects, 0)
    signatures = {
        name: objects.nodes[number].bare_concrete_function.concrete_function_name
        for name, number in _children(objects, children.get("signatures", -1)).items()
    }
    chosen = signatures.get(_DEFAULT_SIGNATURE) or next(
        (signatures[name] for name in sorted(signatures)), None
    )
    candidates = [chosen] if chosen else _callables(objects, children)
    known = [name for name in candidates if name in library and name in objects.concrete_functions]
    if not known:
        raise UserError(
            f"{source}: a SavedModel without a signature or function to call; export it with one"
        )
    # Keras saves one for training, too; that for inference has less in it.
    return min(known, key=lambda name: _size(library[name]))


def _size(function: FunctionDef) -> int:
    return len(function.node_def) + len(function.signature.input_arg)


def _callables(objects: SavedObjectGraph, children: Mapping[str, int]) -> list[str]:
    for name in ("__call__", "call"):
        saved = objects.nodes[children[name]] if name in children else None
        if saved is not None and saved.HasField("function"):
            return list(saved.function.concrete_functions)
        if saved is not None and saved.HasField("bare_concrete_function"):
            return [saved.bare_concrete_function.concrete_function_name]
    return []


def _children(objects: Objects, number: int) -> dict[str, int]:
    """Objects that an object holds, by their names in it."""
    if not 0 <= number < len(objects.nodes):
        return {}
    children = {child.local_name: child.node_id for child in objects.nodes[number].children}
    return {
        name: node_id for name, node_id in children.items() if 0 <= node_id < len(objects.nodes)
    }


def _body(function: FunctionDef, library: Mapping[str, FunctionDef]) -> list[NodeDef]:
    """A function's nodes, with placeholders for its arguments."""
    nodes = [_argument(number, function) for number in range(len(function.signature.input_arg))]
    definitions = {node.name: node for node in function.node_def}
    for node in function.node_def:
        made = NodeDef()
        made.CopyFrom(node)
        made.input[:] = [_reference(ref, definitions, library) for ref in node.input]
        nodes.append(made)
    return nodes


def _argument(number: int, function: FunctionDef) -> NodeDef:
    argument = function.signature.input_arg[number]
    made = NodeDef(name=argument.name, op="Placeholder")
    made.attr["dtype"].type = argument.type
    attributes = function.arg_attr[number].attr if number in function.arg_attr else {}
    shapes = attributes["_output_shapes"].list.shape if "_output_shapes" in attributes else []
    if shapes:
        made.attr["shape"].shape.CopyFrom(shapes[0])
    else:
        made.attr["shape"].shape.unknown_rank = True
    return made


def _reference(
    reference: str, nodes: Mapping[str, NodeDef], library: Mapping[str, FunctionDef]
) -> str:
    """`node:2` for a function's `node:results:1`."""
    name, _, rest = reference.partition(":")
    if not rest or name not in nodes:
        return reference
    output, _, number = rest.partition(":")
    node = nodes[name]
    known = library.get(node.op)
    arguments = known.signature.output_arg if known else node_check.output_arguments(node)
    first = _first_of(output, arguments, node) + (int(number) if number.isdecimal() else 0)
    return f"{name}:{first}" if first else name


def _first_of(output: str, arguments: Iterable[OpDef.ArgDef], node: NodeDef) -> int:
    """Number of the first tensor of a named output."""
    first = 0
    for argument in arguments:
        if argument.name == output:
            break
        first += node_check.repeats(node, argument)
    return first


def _captured(
    bound: SavedConcreteFunction,
    function: FunctionDef,
    model: MetaGraphDef,
    checkpoint: Checkpoint,
) -> dict[str, np.ndarray]:
    """Values of what a function has captured, by the argument; of tables and assets there are none.

    They are its last arguments.
    """
    objects = model.object_graph_def
    keys = _keys(objects, checkpoint.objects())
    constants = topology.by_name(model.graph_def)
    arguments = function.signature.input_arg
    captures = list(arguments)[len(arguments) - len(bound.bound_inputs) :]
    values = {}
    for argument, number in zip(captures, bound.bound_inputs, strict=True):
        saved = objects.nodes[number] if 0 <= number < len(objects.nodes) else None
        if number in keys and checkpoint.has(keys[number]):
            values[argument.name] = checkpoint.read(keys[number])
        elif saved is not None and saved.HasField("constant"):
            node = constants.get(saved.constant.operation)
            if node is not None and node_check.problem(node) is None and node.op == "Const":
                values[argument.name] = tf.make_ndarray(node.attr["value"].tensor)
    return values


def _keys(objects: SavedObjectGraph, saved: TrackableObjectGraph) -> dict[int, str]:
    """Where the checkpoint has the value of each object; both know objects by their ways from the
    root."""
    keys: dict[int, str] = {}
    seen: set[int] = set()
    stack = [(0, 0)]
    while stack:
        number, other = stack.pop()
        if number in seen or not 0 <= other < len(saved.nodes):
            continue
        seen.add(number)
        for attribute in saved.nodes[other].attributes:
            if attribute.name == _VALUE:
                keys[number] = attribute.checkpoint_key
        others = _children(saved, other)
        stack += [(n, others[name]) for name, n in _children(objects, number).items()
                  if name in others]  # fmt: skip
    return keys
