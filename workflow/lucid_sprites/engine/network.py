"""The network inside the graph of an optimization, for a whole batch of pictures."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine import relu_gradients
from lucid_sprites.engine.convolutions import (
    stride1_input_gradient,
    strided_input_gradient,
    winograd_graph,
)
from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.pre_activation import pre_activation

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
        pre_activation: the same before its nonlinearity; None if it was not asked for, or is none.
    """

    before: list[tf.Tensor]
    after: tf.Tensor
    pre_activation: tf.Tensor | None = None

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
    with_pre_activations: bool = False,
) -> dict[str, Layer]:
    """The network for a whole batch, or once for each sprite where it is made for one picture.

    Some graphs fix the batch at 1 in front of a layer, by a constant of a Reshape for example.

    Args:
        layers: names of the layers that are looked at.
        pictures: [batch, height, width, channels] in the range of the network.
        canvas: usual height, width and channels of the pictures, if large convolutions may be
            computed with fewer products.
        plain: names of convolutions that are not.
        with_pre_activations: also give what comes before the layers' nonlinearities.
    """
    batch = pictures.shape[0]
    network = strided_input_gradient.with_dense_gradient(network)
    network = stride1_input_gradient.with_turned_gradient(network)
    if canvas:
        network = winograd_graph.with_fewer_products(network, input_name, canvas, plain)
    references = _references(network, input_name, layers, with_pre_activations)
    if _mixes_pictures(network):
        log.warning("batch norm in training mode: each sprite is normalized by itself")
        return _import_singles(network, input_name, references, pictures)
    try:
        imported = _import(network, input_name, references, pictures)
        if all(_fits(layer.after, batch) for layer in imported.values()):
            return imported
    except ValueError:
        pass  # the shapes do not fit; seen again below if that is not for the batch
    log.warning("the graph is made for one picture at a time: no gain from batches")
    return _import_singles(network, input_name, references, pictures)


@dataclass(frozen=True)
class _LayerReferences:
    """The tensors of a `Layer`, by their references in the graph."""

    after: str
    before: list[str]
    pre_activation: str | None

    @property
    def all(self) -> list[str]:
        """In the order of the fields."""
        return [self.after, *self.before, *filter(None, [self.pre_activation])]

    def layer(self, tensors: list[tf.Tensor]) -> Layer:
        """The layer of the tensors of `all`."""
        after, *rest = tensors
        count = len(self.before)
        # Half precision networks are optimized in single precision.
        last = tf.cast(rest[count], tf.float32) if self.pre_activation else None
        return Layer(rest[:count], tf.cast(after, tf.float32), last)


_References: TypeAlias = dict[str, _LayerReferences]


def _references(
    network: GraphDef, input_name: str, layers: Sequence[str], with_pre_activations: bool
) -> _References:
    """What is looked at in a network, by layer."""
    nodes = topology.by_name(network)
    references = {}
    for name in layers:
        before = pre_activation(network, input_name, name)
        sources = topology.channel_sources(before or name, nodes, _HIDING)
        last = _numbered(before) if before and with_pre_activations else None
        references[name] = _LayerReferences(_numbered(name), [*map(_numbered, sources)], last)
    return references


def _numbered(reference: str) -> str:
    return reference if ":" in reference else f"{reference}:0"


def _mixes_pictures(network: GraphDef) -> bool:
    """Whether a sprite's activations would depend on its mates."""
    return any(
        node.op.startswith("FusedBatchNorm")
        and ("is_training" not in node.attr or node.attr["is_training"].b)
        for node in network.node
    )


def _import_singles(
    network: GraphDef, input_name: str, references: _References, pictures: tf.Tensor
) -> dict[str, Layer]:
    """A copy of the network for each sprite."""
    pieces = tf.split(pictures, pictures.shape[0])
    singles = [_import(network, input_name, references, piece) for piece in pieces]
    return {name: _joined([single[name] for single in singles]) for name in references}


def tensor(reference: str, input_name: str, pictures: tf.Tensor) -> tf.Tensor:
    """A tensor of the imported network, or the pictures themselves."""
    if topology.node_name(reference) == input_name:
        return pictures
    return tf.get_default_graph().get_tensor_by_name(f"{_SCOPE}/{_numbered(reference)}")


def _fits(layer: tf.Tensor, batch: int) -> bool:
    return layer.shape.rank is None or layer.shape[0] in (None, batch)


def _joined(singles: list[Layer]) -> Layer:
    """One layer for all pictures."""
    parts = zip(*(single.before for single in singles), strict=True)
    joined = [tf.concat(part, axis=0) for part in parts]
    last = [single.pre_activation for single in singles if single.pre_activation is not None]
    after = tf.concat([single.after for single in singles], axis=0)
    return Layer(joined, after, tf.concat(last, axis=0) if last else None)


def _import(
    network: GraphDef, input_name: str, references: _References, pictures: tf.Tensor
) -> dict[str, Layer]:
    wanted = [reference for layer in references.values() for reference in layer.all]
    with relu_gradients.redirectable(tf.get_default_graph()):
        tensors = tf.import_graph_def(
            network, input_map={input_name: pictures}, return_elements=wanted, name=_SCOPE
        )
    imported = {}
    for name, layer in references.items():
        count = len(layer.all)
        imported[name] = layer.layer(tensors[:count])
        tensors = tensors[count:]
    return imported
