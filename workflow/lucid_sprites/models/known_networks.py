"""Networks that are recognized by the names of their nodes, and what is known of their pictures."""

import re
from dataclasses import dataclass

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.recipe.value_ranges import BYTES, SIGNED, Range

_IMAGENET_MEAN = (123.68, 116.78, 103.94)


@dataclass(frozen=True)
class Facts:
    """What is known of the picture of a model beside its shape.

    Attributes:
        known: how: `read` in the model, or `inferred`.
        range: value range of the picture.
        order: of its channels, `rgb` or `bgr`.
        mean: subtracted from each channel, in the order rgb, before the graph reads it.
        name: the picture's node.
    """

    known: str
    range: Range | None = None
    order: str | None = None
    mean: tuple[float, ...] | None = None
    name: str | None = None


# TF-slim scales the pictures of these outside the graph.
_SLIM_SIGNED = re.compile(
    r"^(import/)?(InceptionV[1234]|InceptionResnetV2|MobilenetV[123]|resnet_v2_\d+|cell_stem|NASNet)/"
)
_SLIM_MEAN = re.compile(r"^(import/)?(resnet_v1_\d+|vgg_(a|16|19))/")


def recognize(graph: GraphDef) -> Facts | None:
    """What the names of a graph's nodes say of its picture."""
    names = {node.name for node in graph.node}
    if {"Placeholder", "model_outputs", "loss"} <= names:  # Azure Custom Vision's exports
        return Facts("inferred", BYTES, "bgr")
    if any(_SLIM_SIGNED.match(name) for name in names):
        return Facts("inferred", SIGNED)
    if any(_SLIM_MEAN.match(name) for name in names):
        return Facts("inferred", BYTES, mean=_IMAGENET_MEAN)
    return None
