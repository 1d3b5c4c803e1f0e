"""Objectives that are Python functions, as lucid's `objective_f`: `T -> tensor`."""

from collections.abc import Callable
from typing import Self

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine.objectives.context import ObjectiveNode
from lucid_sprites.errors import UserError, nearest
from lucid_sprites.models.graph import topology
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.objectives.vocabulary import INPUT

Layers = Callable[[str], tf.Tensor]
"""lucid's T: the tensor of a layer, [1, height, width, depth]; for `input` the picture in 0..1."""

ObjectiveFunction = Callable[[Layers], tf.Tensor]
"""What an optimization raises; of a tensor of several numbers, their mean."""


class Function(str):
    """A function among an objective's data, which are text otherwise: its place in the study."""

    call: ObjectiveFunction

    @classmethod
    def at(cls, number: int, call: ObjectiveFunction) -> Self:
        """The function of one objective of a study."""
        function = cls(number)
        function.call = call
        return function


def function_data(
    number: int, function: ObjectiveFunction, graph: GraphDef, picture: InputSpec
) -> ObjectiveData:
    """The data of an objective that is a function.

    Args:
        number: in the study.
        graph: the whole network.

    Raises:
        UserError: it asks for a layer that is not there, or returns no tensor.
    """
    asked: dict[str, tf.Tensor] = {}
    with tf.Graph().as_default() as whole:
        pictures = tf.placeholder(tf.float32, [1, None, None, picture.channels])
        tf.import_graph_def(graph, input_map={picture.name: pictures}, name="")

        def layer(name: str) -> tf.Tensor:
            if name == INPUT:
                return pictures
            node = topology.node_name(name)
            names = [operation.name for operation in whole.get_operations()]
            if node not in names:
                raise UserError(
                    f"objective {number + 1}: no layer {name!r}; nearest: {nearest(name, names)}"
                )
            return asked.setdefault(node, whole.get_tensor_by_name(f"{node}:0"))

        value = function(layer)
    if not isinstance(value, tf.Tensor) or not value.dtype.is_floating:
        raise UserError(
            f"objective {number + 1}: the function returns {value!r}; it must return a tensor of "
            "numbers that it makes of T(layer)"
        )
    return {"objective": "function", "function": Function.at(number, function),
            "layers": sorted(asked)}  # fmt: skip


def function(node: ObjectiveNode) -> tf.Tensor:
    """[batch]: the function's value for each sprite, which knows nothing of the others."""
    return tf.stack([_of_sprite(node, number) for number in range(node.scope.batch)])


def _of_sprite(node: ObjectiveNode, number: int) -> tf.Tensor:
    def layer(name: str) -> tf.Tensor:
        whole = node.picture() if name == INPUT else node.scope.layers[topology.node_name(name)]
        return whole[number : number + 1]

    return tf.reduce_mean(node["function"].call(layer))
