"""Freezing a Keras model to one plain graph whose node names begin with the layers' names.

Keras must be importable: `tensorflow_start.block_keras()` blocks it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.short_names import without_prefix
from lucid_sprites.models.normal_form import inline_functions


def freeze(model: Any) -> GraphDef:
    """The model as it computes in inference, with its weights as constants.

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
        concrete = function.get_concrete_function(signature)
    frozen = convert_variables_to_constants_v2(
        concrete, lower_control_flow=True, aggressive_inlining=True
    )
    graph = _without_outputs(frozen.graph.as_graph_def(), [t.op.name for t in frozen.outputs])
    plain = _without_calls(_without_custom_gradients(graph), model.name)
    return without_prefix(plain, f"{model.name}/")


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


def _without_calls(graph: GraphDef, source: str) -> GraphDef:
    """Without the functions that Keras compiles for what processors cannot do otherwise."""
    calls = [node.name for node in graph.node if node.op in inline_functions.CALLS]
    inlined = inline_functions.inline(graph, source)
    for call in calls:
        inlined = without_prefix(inlined, f"{call}/", f"{call.rpartition('/')[0]}/")
    return inlined


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
