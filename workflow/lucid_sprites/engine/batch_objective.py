"""The objective of a batch of sprites, on the network that looks at their canvases."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine import lifted_layer, network, target_channels
from lucid_sprites.engine.batch_canvas import BatchCanvas
from lucid_sprites.engine.convolutions import winograd_graph
from lucid_sprites.engine.network import Layer
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.objectives.context import (
    ObjectiveContext,
    ObjectiveNode,
    PerSpriteInput,
    spatial,
)
from lucid_sprites.engine.target_channels import Branch
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.settings import Recipe


@dataclass(frozen=True)
class BatchSpec:
    """What a batch is: its network, and sprites of one kind of objective under one recipe.

    Attributes:
        graph: prepared for the layers of the objectives (see `models.graph.prepare`).
        picture: what the network expects.
        objectives: data of the objectives of all sprites that ever come into the batch; they have
            the same `objectives.build.template`.
        recipe: of all sprites; their seeds and attempts may differ.
        batch: number of sprites.
        group_size: sprites of the joint group that the batch is for, 0 for independent sprites.
    """

    graph: GraphDef
    picture: InputSpec
    objectives: list[ObjectiveData]
    recipe: Recipe
    batch: int
    group_size: int

    @property
    def objective(self) -> ObjectiveData:
        """The first; the others are of the same form."""
        return self.objectives[0]

    def in_range(self, canvas: tf.Tensor) -> tf.Tensor:
        """A canvas in 0..1 in the range of the network."""
        return canvas * (self.picture.high - self.picture.low) + self.picture.low


@dataclass(frozen=True)
class BatchObjective:
    """An objective in the graph.

    Attributes:
        values: [batch] float32, for each sprite.
        inputs: what each sprite's own objective says in numbers.
        extremes: lowest and highest value of each channel, before its nonlinearity, by layer.
        seen: what the values are computed from: the canvas, or the picture itself.
        lifted: units are raised before they fire: their values are those before a nonlinearity
            until then.
    """

    values: tf.Tensor
    inputs: list[PerSpriteInput]
    extremes: dict[str, list[tf.Tensor]]
    seen: tf.Tensor
    lifted: bool


def build_objective(
    spec: BatchSpec, batch_canvas: BatchCanvas, pictures: tf.Tensor, samples: list[tf.Tensor]
) -> tuple[tf.Tensor, BatchObjective]:
    """Build canvas, network and objective in the graph that is the default.

    Args:
        pictures: [batch, height, width, channels] in 0..1, with alpha one more for the opacity.
        samples: of a step (see `BatchCanvas.placeholders`).

    Returns:
        the canvas [batch, height, width, channels] in 0..1, and the objective.
    """
    canvas = batch_canvas.show(pictures, samples)
    ranged = spec.in_range(canvas)
    branches = _branches(spec)
    layers = _layers(spec, batch_canvas, ranged, branches)
    extremes = {name: _extremes(layer) for name, layer in layers.items()}
    context = ObjectiveContext(
        spec.batch,
        spec.group_size,
        pictures,
        {name: _lifted(layer) for name, layer in layers.items()},
        _reference(spec, batch_canvas, samples),
        spec.recipe.alpha,
    )
    if branches and layers[spec.objective["layer"]].is_imported_once:
        channels = ObjectiveNode(context, (), spec.objective).whole("n_channel")
        values = target_channels.channel_means(
            branches,
            channels,
            lambda name: network.tensor(name, spec.picture.name, ranged),
        )
    else:
        values = build.build(spec.objective, context)
    seen = pictures if context.sees_picture else canvas
    lifted = any(map(_can_be_lifted, layers.values()))
    return canvas, BatchObjective(values, context.values, extremes, seen, lifted)


def _can_be_lifted(layer: Layer) -> bool:
    before = layer.pre_activation
    return before is not None and before.shape.is_compatible_with(layer.after.shape)


def _lifted(layer: Layer) -> tf.Tensor:
    """The layer as objectives see it."""
    if not _can_be_lifted(layer):
        return layer.after
    return lifted_layer.lifted(layer.after, layer.pre_activation)


def _branches(spec: BatchSpec) -> list[Branch]:
    """Those that objectives of single channels need; none for other objectives."""
    if spec.recipe.lifted or spec.objective["objective"] != "channel":
        return []
    if spec.batch > target_channels.CHANNELS:
        return []
    channels = {objective["n_channel"] for objective in spec.objectives}
    return [
        branch
        for branch in target_channels.branches(spec.graph, spec.objective["layer"])
        if any(map(branch.holds, channels))
    ]


def _layers(
    spec: BatchSpec, batch_canvas: BatchCanvas, ranged: tf.Tensor, branches: list[Branch]
) -> dict[str, Layer]:
    """The layers that the objective looks at, from canvases in the range of the network."""
    names = build.layers(spec.objective)
    if not names:
        return {}
    return network.import_batch(
        spec.graph,
        spec.picture.name,
        names,
        ranged,
        batch_canvas.shape if winograd_graph.suit(spec.recipe.precision) else None,
        {branch.conv.convolution.name for branch in branches if branch.conv},
        spec.recipe.lifted,
    )


def _reference(
    spec: BatchSpec, batch_canvas: BatchCanvas, samples: list[tf.Tensor]
) -> Callable[[tf.Tensor, str], tf.Tensor]:
    """What gives a layer for photos in 0..1 under the same transforms as the pictures."""

    def layer_of(photos: tf.Tensor, name: str) -> tf.Tensor:
        ranged = spec.in_range(batch_canvas.show(photos, samples))
        layers = network.import_batch(spec.graph, spec.picture.name, [name], ranged)
        return spatial(layers[name].after)

    return layer_of


def _extremes(layer: Layer) -> list[tf.Tensor]:
    return [
        tf.concat([reduce(t, axis=list(range(t.shape.rank - 1))) for t in layer.before], axis=0)
        for reduce in (tf.reduce_min, tf.reduce_max)
    ]
