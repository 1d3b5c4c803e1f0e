"""The network inside the graph of an optimization, for a whole batch of pictures."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine import relu_gradients
from lucid_sprites.engine.convolutions import (
    stride1_input_gradient,
    strided_input_gradient,
    winograd_graph,
)
from lucid_sprites.models.graph import topology

log = logging.getLogger(__name__)

# Of the imported network's nodes.
_SCOPE = "network"
# They can hide what varies in a channel, or only pass it on.
_HIDING = ("Relu", "Relu6", "Identity", "MaxPool", "AvgPool")


@dataclass(frozen=True)
class Layer:
    """One layer of the imported network.

    Attributes:
        before: parts of its depth, before a nonlinearity can hide what varies in them.
        after: the layer itself, [batch, ..., depth].
    """

    before: list[tf.Tensor]
    after: tf.Tensor

    @property
    def is_imported_once(self) -> bool:
        """For the whole batch, not for each picture of it."""
        return bool(self.after.op.name.startswith(f"{_SCOPE}/"))


def import_batch(
    network: GraphDef,
    input_name: str,
    layers: Sequence[str],
    pictures: tf.Tensor,
    canvas: Sequence[int] | None = None,
    plain: Collection[str] = (),
) -> dict[str, Layer]:
    """The network for a whole batch, or once for each sprite where it is made for one picture.

    Some graphs fix the batch at 1 in front of a layer, by a constant of a Reshape for example.

    Args:
        layers: names of the layers that are looked at.
        pictures: [batch, height, width, channels] in the range of the network.
        canvas: usual height, width and channels of the pictures, if large convolutions may be
            computed with fewer products.
        plain: names of convolutions that are not.
    """
    batch = pictures.shape[0]
    network = strided_input_gradient.with_dense_gradient(network)
    network = stride1_input_gradient.with_turned_gradient(network)
    if canvas:
        network = winograd_graph.with_fewer_products(network, input_name, canvas, plain)
    if _mixes_pictures(network):
        log.warning("batch norm in training mode: each sprite is normalized by itself")
        return _import_singles(network, input_name, layers, pictures)
    try:
        imported = _import(network, input_name, layers, pictures)
        if all(_fits(layer.after, batch) for layer in imported.values()):
            return imported
    except ValueError:
        pass  # the shapes do not fit; seen again below if that is not for the batch
    log.warning("the graph is made for one picture at a time: no gain from batches")
    return _import_singles(network, input_name, layers, pictures)


def _mixes_pictures(network: GraphDef) -> bool:
    """Whether a sprite's activations would depend on its mates."""
    return any(
        node.op.startswith("FusedBatchNorm")
        and ("is_training" not in node.attr or node.attr["is_training"].b)
        for node in network.node
    )


def _import_singles(
    network: GraphDef, input_name: str, layers: Sequence[str], pictures: tf.Tensor
) -> dict[str, Layer]:
    """A copy of the network for each sprite."""
    pieces = tf.split(pictures, pictures.shape[0])
    singles = [_import(network, input_name, layers, piece) for piece in pieces]
    return {name: _joined([single[name] for single in singles]) for name in layers}


def tensor(reference: str, input_name: str, pictures: tf.Tensor) -> tf.Tensor:
    """A tensor of the imported network, or the pictures themselves."""
    if topology.node_name(reference) == input_name:
        return pictures
    whole = reference if ":" in reference else f"{reference}:0"
    return tf.get_default_graph().get_tensor_by_name(f"{_SCOPE}/{whole}")


def _fits(layer: tf.Tensor, batch: int) -> bool:
    return layer.shape.rank is None or layer.shape[0] in (None, batch)


def _joined(singles: list[Layer]) -> Layer:
    """One layer for all pictures."""
    parts = zip(*(single.before for single in singles), strict=True)
    joined = [tf.concat(part, axis=0) for part in parts]
    return Layer(joined, tf.concat([single.after for single in singles], axis=0))


def _import(
    network: GraphDef, input_name: str, layers: Sequence[str], pictures: tf.Tensor
) -> dict[str, Layer]:
    before = {name: _before_nonlinearity(network, name) for name in layers}
    wanted = [reference for name in layers for reference in (f"{name}:0", *before[name])]
    with relu_gradients.redirectable(tf.get_default_graph()):
        tensors = tf.import_graph_def(
            network, input_map={input_name: pictures}, return_elements=wanted, name=_SCOPE
        )
    imported = {}
    for name in layers:
        after, *rest = tensors
        count = len(before[name])
        # Half precision networks are optimized in single precision.
        imported[name] = Layer(rest[:count], tf.cast(after, tf.float32))
        tensors = rest[count:]
    return imported


def _before_nonlinearity(network: GraphDef, layer: str) -> list[str]:
    """Tensors that hold the layer's channels before a ReLU can hide what varies in them."""
    nodes = topology.by_name(network)
    sources = topology.channel_sources(layer, nodes, _HIDING)
    return [reference if ":" in reference else f"{reference}:0" for reference in sources]
