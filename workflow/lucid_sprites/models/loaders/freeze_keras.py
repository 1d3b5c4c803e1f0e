"""Freezing a Keras model to one plain graph whose node names begin with the layers' names.

Keras must be importable: `tensorflow_start.block_keras()` blocks it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework.func_graph import FuncGraph

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.large_constants import (
    Weights,
    renamed,
    restore_large_constants,
)
from lucid_sprites.models.graph.short_names import without_prefix
from lucid_sprites.models.loaders import variables
from lucid_sprites.models.normal_form import inline_functions


def freeze(model: Any) -> GraphDef:
    """The model as `freeze_light` gives it, whole."""
    return restore_large_constants(*freeze_light(model))


def freeze_light(model: Any) -> tuple[GraphDef, Weights]:
    """The model as it computes in inference, with its weights as constants, the large ones apart.

    Nodes are called `<layer>/<operation>`, nested models `<model>/<layer>/<operation>`; the
    placeholders have the names of the model's inputs. No functions, resources, functional
    control flow or custom gradients are left.

    Args:
        model: a `keras.Model` (Keras 3) or `tf_keras.Model` (Keras 2) whose input is known.

    Raises:
        UserError: a subclassed model that does not know its input.
    """
    signature = _signature(model)
    function = tf.function(lambda inputs: model(inputs, training=False), autograph=False)
    with _names_of_layers():
        traced = function.get_concrete_function(signature).graph
    outputs = [tensor.op.name for tensor in traced.outputs]
    calls = [op.name for op in traced.get_operations() if op.type in inline_functions.CALLS]
    inputs = [tensor.op.name for tensor in traced.inputs]
    graph = traced.as_graph_def()
    graph = inline_functions.inline_calls(graph, [*inputs, *outputs], model.name)
    plain = _without_custom_gradients(_without_outputs(_lifted(graph, inputs, outputs), outputs))
    short = without_prefix(_without_calls(plain, calls), f"{model.name}/")
    return variables.freeze(short, renamed(_captured(traced), plain, short))


def _captured(traced: FuncGraph) -> Weights:
    """Values of the weights and constants that a function has captured, by their placeholders.

    The arrays are views: a copy of all weights would double what a large model takes.
    """
    weights = {id(variable.handle): variable for variable in traced.variables}
    values = {}
    for outside, inside in traced.captures:
        if id(outside) in weights:
            values[inside.op.name] = np.asarray(weights[id(outside)].read_value())
        elif outside.dtype != tf.resource:
            values[inside.op.name] = np.asarray(outside)
    return values


def _lifted(graph: GraphDef, inputs: list[str], outputs: list[str]) -> GraphDef:
    """The graph with its nodes in the order in which TensorFlow lifts them out of a function.

    Layers are numbered in it. Placeholders come first, by name: their order is another every time.
    """
    function = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph, name=""), []
    )
    feeds, fetches = (
        [function.graph.get_tensor_by_name(f"{name}:0") for name in names]
        for names in (inputs, outputs)
    )
    lifted = function.prune(feeds, fetches).graph.as_graph_def()
    starts = [node for node in lifted.node if node.op == "Placeholder"]
    others = [node for node in lifted.node if node.op != "Placeholder"]
    return topology.with_nodes(lifted, [*sorted(starts, key=lambda node: node.name), *others])


def _signature(model: Any) -> Any:
    """The model's inputs as specs, in the structure that it takes them in."""
    inputs = _inputs(model)
    if inputs is None:
        raise UserError(
            f"Keras model {model.name!r} does not know the shape of its input, so it cannot be "
            "frozen; call it on a picture before saving it, or save it as a SavedModel"
        )
    return tf.nest.map_structure(
        lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name), inputs
    )


def _inputs(model: Any) -> Any:
    """The model's symbolic inputs; None if it has none.

    Keras 3 raises at `input` of a sequential model that comes from a file, and has `inputs`.
    """
    try:
        return model.input
    except (AttributeError, ValueError):
        several = getattr(model, "inputs", None)
        return several[0] if several and len(several) == 1 else several


@contextmanager
def _names_of_layers() -> Iterator[None]:
    """Let Keras 3 trace every layer under its own name.

    Keras opens a layer's scope twice in every call, to build it and to run it, and TensorFlow
    numbers the second one: `conv2d` would come out as `conv2d_1`, which another layer may be
    called. A name that ends in a slash is taken as it is.
    """
    layer = keras.layers.Layer
    original = layer._open_name_scope

    def scope(self: keras.layers.Layer) -> tf.name_scope:
        outer = tf.get_current_name_scope()
        return tf.name_scope(f"{outer}/{self.name}/" if outer else f"{self.name}/")

    layer._open_name_scope = scope
    try:
        yield
    finally:
        layer._open_name_scope = original


def _without_outputs(graph: GraphDef, outputs: list[str]) -> GraphDef:
    """Without the nodes that only stand for the function's return."""
    returns = [node for node in graph.node if node.op == "Identity" and node.name in outputs]
    ends = [node for node in graph.node if node.op == "NoOp"]
    return _without_unread(_without_unread(graph, returns), ends)


def _without_unread(graph: GraphDef, nodes: list[NodeDef]) -> GraphDef:
    read = {name for node in graph.node for name in topology.parents(node)}
    removed = {node.name for node in nodes} - read
    return topology.with_nodes(graph, [node for node in graph.node if node.name not in removed])


def _without_calls(graph: GraphDef, calls: list[str]) -> GraphDef:
    """Without the names of the functions that Keras compiles for what processors cannot do."""
    for call in calls:
        graph = without_prefix(graph, f"{call}/", f"{call.rpartition('/')[0]}/")
    return graph


def _without_custom_gradients(graph: GraphDef) -> GraphDef:
    """With ordinary gradients: whoever imports the graph knows none of the custom ones.

    TensorFlow wraps what has a custom gradient (swish, for example) into an IdentityN of results
    and arguments. Its first output becomes an Identity of the same name, the others are bypassed.
    """
    wrapped = {node.name: list(node.input) for node in graph.node if node.op == "IdentityN"}

    def source(reference: str) -> str:
        name, _, output = reference.partition(":")
        while name in wrapped and int(output or 0) > 0:
            reference = wrapped[name][int(output)]
            name, _, output = reference.partition(":")
        return reference

    plain = topology.with_nodes(graph, [])
    for node in graph.node:
        copy = plain.node.add()
        copy.CopyFrom(node)
        copy.attr.pop("_gradient_op_type", None)
        copy.input[:] = [source(reference) for reference in node.input]
        if node.op == "IdentityN":
            _make_identity(copy, node.attr["T"].list.type[0])
    return plain


def _make_identity(node: NodeDef, dtype: int) -> None:
    node.op = "Identity"
    del node.input[1:]
    node.attr.clear()
    node.attr["T"].type = dtype
