"""Grad-CAM: which parts of a picture speak for a class, as a layer sees them.

After Selvaraju et al. 2017 ("Grad-CAM: visual explanations from deep networks via gradient-based
localization"): feature maps are weighted by the mean gradient of the class's score, summed, and
rectified.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf
from matplotlib import colormaps
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.errors import UserError
from lucid_sprites.images import grid
from lucid_sprites.images.panels import Panel
from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.forward import layer_tensors
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe.image_settings import TargetSettings

_SATURATING = ("Softmax", "Sigmoid")
"""Operations whose gradient vanishes where the network is sure: the score is what they read."""

_OPACITY = 0.7
"""Of the heat map where it is hottest."""


class Explained(NamedTuple):
    """A class's score and what it comes from.

    Attributes:
        unit: number of the class.
        score: the network's for it.
        maps: for each layer its feature maps and the score's gradient for them, float32 [height,
            width, depth].
    """

    unit: int
    score: float
    maps: list[tuple[np.ndarray, np.ndarray]]


def score_node(graph: GraphDef) -> str:
    """The node that gives the scores of classes: what the last softmax reads, or the last node."""
    order = topology.topological_order(graph)
    read = {name for node in order for name in topology.parents(node)}
    ends = [node for node in order if node.name not in read and node.input]
    last = next((node for node in reversed(order) if node.op == "Softmax"), ends[-1])
    return topology.node_name(last.input[0]) if last.op in _SATURATING else last.name


def explain(
    graph: GraphDef,
    input_name: str,
    layers: Sequence[str],
    value: np.ndarray,
    scores: str,
    unit: int | None = None,
) -> Explained:
    """The score of a class, and its gradient for layers.

    Args:
        graph: a frozen graph.
        input_name: node that the picture is fed to.
        value: the picture in the network's range, float32 [height, width, channels].
        scores: node whose last axis are the classes; over other axes, their mean is the score.
        unit: number of the class; None for the one with the highest score.

    Raises:
        UserError: there is no such class, or its score does not depend on a layer.
    """
    with tf.Graph().as_default():
        picture = tf.placeholder(tf.float32, [1, *value.shape])
        chosen = tf.placeholder(tf.int32, [])
        prepared = prepare(graph, input_name, *layers, scores)
        *maps, outputs = layer_tensors(prepared, input_name, [*layers, scores], picture)
        by_class = tf.reduce_mean(outputs, list(range(outputs.shape.rank - 1)))
        gradients = tf.gradients(tf.gather(by_class, chosen), maps)
        for layer, gradient in zip(layers, gradients, strict=True):
            if gradient is None:
                raise UserError(
                    f"{layer}: {scores} does not depend on it; name another target_layer"
                )
        with tf.Session(config=tensorflow_start.session_config()) as session:
            class_scores = session.run(by_class, {picture: value[None]})
            unit = int(class_scores.argmax()) if unit is None else unit
            if unit >= len(class_scores):
                raise UserError(
                    f"target {unit}: {scores} has {len(class_scores)} classes, from 0 on"
                )
            pairs = session.run(
                list(zip(maps, gradients, strict=True)), {picture: value[None], chosen: unit}
            )
    return Explained(
        unit,
        float(class_scores[unit]),
        [(_spatial(seen), _spatial(slope)) for seen, slope in pairs],
    )


def heat_map(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """What in a layer speaks for a class: float32 [height, width], 0 where nothing does.

    Args:
        features, gradient: [height, width, depth]; the gradient is that of the class's score.
    """
    weights = gradient.mean(axis=(0, 1))
    heat: np.ndarray = np.maximum(features @ weights, 0)
    return heat


def overlay(levels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A heat map over its picture, the hotter the less transparent.

    Args:
        levels: the picture, [height, width, 1 or 3] in 0..255.
        heat: [rows, columns], not negative.

    Returns:
        uint8 [height, width, 3].
    """
    strongest = heat.max()
    share = heat / strongest if strongest > 0 else heat
    share = np.clip(grid.smooth_resize(share[..., None], *levels.shape[:2]), 0, 1)
    colours = 255 * colormaps["turbo"](share[..., 0])[..., :3]
    mixed = levels + _OPACITY * share * (colours - levels)
    shown: np.ndarray = np.rint(mixed).astype(np.uint8)
    return shown


def heat_maps(
    graph: GraphDef,
    input_name: str,
    layers: Sequence[str],
    value: np.ndarray,
    levels: np.ndarray,
    settings: TargetSettings,
) -> Iterator[Panel]:
    """The heat map of each layer over the picture.

    Args:
        value: the picture in the network's range, float32 [height, width, channels].
        levels: the same in 0..255.
        settings: `target`, number of a class, None for the strongest; `target_layer`, which gives
            the scores, None for the network's own.

    Raises:
        UserError: see `explain`.
    """
    scores = settings["target_layer"] or score_node(graph)
    explained = explain(graph, input_name, layers, value, scores, settings["target"])
    told: dict[str, Any] = {
        **settings,
        "target": explained.unit,
        "target_layer": scores,
        "score": explained.score,
    }
    for features, gradient in explained.maps:
        heat = heat_map(features, gradient)
        yield overlay(levels, heat), {**told, "hottest": float(heat.max())}


def _spatial(values: np.ndarray) -> np.ndarray:
    """[height, width, depth] of a batch of one; a flat layer has one place."""
    return values[0] if values.ndim == 4 else values.reshape(1, 1, -1)
