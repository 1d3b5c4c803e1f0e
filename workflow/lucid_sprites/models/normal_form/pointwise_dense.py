"""Dense layers that work on every pixel of a picture, as the 1x1 convolutions that they are.

Keras writes them as a product of matrices between two reshapes.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.models.graph.shapes import Shape


def as_convolutions(graph: GraphDef, shapes: Mapping[str, Shape | None]) -> GraphDef:
    """The graph with a Conv2D in the place of each reshape that ends such a layer.

    Without such layers it is the same object.

    Args:
        graph: channels last, constants folded.
        shapes: static shapes of its nodes for one picture.
    """
    nodes = topology.by_name(graph)
    changed: list[NodeDef] = []
    products = set()
    for node in graph.node:
        product = _product(node, nodes, shapes)
        pictures = product and _pictures(product, nodes, shapes.get(node.name) or [], shapes)
        if product is None or pictures is None:
            changed.append(node)
        else:
            products.add(product.name)
            changed += _convolution(node, pictures, product, nodes)
    if not products:
        return graph
    read = {name for node in changed for name in topology.parents(node)}
    unread = products - read
    return topology.with_nodes(graph, [node for node in changed if node.name not in unread])


def _product(
    node: NodeDef, nodes: dict[str, NodeDef], shapes: Mapping[str, Shape | None]
) -> NodeDef | None:
    """The product of a matrix and constant weights that a node makes a picture of."""
    shape = shapes.get(node.name)
    if node.op != "Reshape" or shape is None or len(shape) != 4 or None in shape:
        return None
    product = nodes[topology.node_name(node.input[0])]
    if product.op != "MatMul" or product.attr["transpose_a"].b:
        return None
    kernel = constants.shape(product.input[1], nodes)
    outputs = kernel and kernel[0 if product.attr["transpose_b"].b else 1]
    return product if outputs == shape[3] else None


def _pictures(
    product: NodeDef, nodes: dict[str, NodeDef], shape: Shape, shapes: Mapping[str, Shape | None]
) -> str | None:
    """The picture whose pixels are the rows of a product's matrix, if it is as large as `shape`."""
    reference = product.input[0]
    node = nodes[topology.node_name(reference)]
    while node.op in ("Reshape", "Identity") or _transposes_nothing(node, nodes):
        reference = node.input[0]
        node = nodes[topology.node_name(reference)]
        before = shapes.get(node.name)
        if before is not None and len(before) == 4 and topology.output_number(reference) == 0:
            kernel = constants.shape(product.input[1], nodes) or []
            inputs = kernel[1 if product.attr["transpose_b"].b else 0]
            return reference if before == [*shape[:3], inputs] else None
    return None


def _transposes_nothing(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    if node.op != "Transpose":
        return False
    order = constants.value(node.input[1], nodes)
    return order is not None and list(order) == list(range(len(order)))


def _convolution(
    node: NodeDef, pictures: str, product: NodeDef, nodes: dict[str, NodeDef]
) -> list[NodeDef]:
    kernel, before = product.input[1], []
    kind = product.attr["T"]
    if product.attr["transpose_b"].b:
        order = constants.node(f"{node.name}/order", np.array([1, 0], np.int32))
        turned = NodeDef(name=f"{node.name}/turned", op="Transpose", input=[kernel, order.name])
        turned.attr["Tperm"].type = tf.int32.as_datatype_enum
        turned.attr["T"].CopyFrom(kind)
        before, kernel = [order, turned], turned.name
    sizes = constants.shape(product.input[1], nodes) or []
    inputs_outputs = sizes[::-1] if product.attr["transpose_b"].b else sizes
    shape = constants.node(f"{node.name}/kernel_shape", np.array([1, 1, *inputs_outputs], np.int32))
    wide = NodeDef(name=f"{node.name}/kernel", op="Reshape", input=[kernel, shape.name])
    wide.attr["Tshape"].type = tf.int32.as_datatype_enum
    made = NodeDef(name=node.name, op="Conv2D", input=[pictures, wide.name])
    made.attr["strides"].list.i.extend([1, 1, 1, 1])
    made.attr["padding"].s = b"VALID"
    for node_of_floats in (wide, made):
        node_of_floats.attr["T"].CopyFrom(kind)
    return [*before, shape, wide, made]
