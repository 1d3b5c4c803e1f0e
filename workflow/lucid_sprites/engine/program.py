"""One layer's optimization as a TensorFlow graph that advances a batch of sprites by one step."""

import logging
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites import tensorflow_start
from lucid_sprites.config import transforms as transform_lists
from lucid_sprites.config.cost import BATCH_MULTIPLE
from lucid_sprites.config.settings import Recipe
from lucid_sprites.engine import gradients, head, transforms
from lucid_sprites.engine.parametrization import parametrization
from lucid_sprites.models import topology
from lucid_sprites.models.picture_input import PictureInput

log = logging.getLogger(__name__)

# Of the imported network's nodes.
_SCOPE = "network"

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class State:
    """All that a sprite's optimization carries from step to step, float32 of one shape.

    Attributes:
        parameters: of the parametrization.
        momentum, velocity: Adam's first and second moments.
    """

    parameters: np.ndarray
    momentum: np.ndarray
    velocity: np.ndarray


class Program:
    """A batch of sprites of one layer under one recipe; use it as a context manager.

    Every operation works on each sprite of the batch by itself, so a sprite's numbers do not
    depend on its place or its mates.
    """

    def __init__(
        self, network: GraphDef, picture: PictureInput, layer: str, recipe: Recipe, batch: int
    ) -> None:
        """Build the graph.

        Args:
            network: prepared for `layer` (see `models.prepare`).
            picture: what the network expects.
            layer: node whose channels are visualized.
            recipe: of all sprites of the batch; their seeds and attempts may differ.
            batch: number of sprites, a multiple of `config.cost.BATCH_MULTIPLE`.

        Raises:
            ValueError: another batch size.
        """
        if batch % BATCH_MULTIPLE:
            raise ValueError(f"batch of {batch} is not a multiple of {BATCH_MULTIPLE}")
        self.batch = batch
        self.edge = recipe.scale
        self._learning_rate = recipe.learning_rate
        self._transforms = transform_lists.steps(recipe.transforms)
        self._parametrization = parametrization(
            recipe.parametrization, recipe.scale, picture.channels, recipe.decorrelate
        )
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._build(network, picture, layer)
            self._session = tf.Session(config=tensorflow_start.session_config())
            self._session.run(tf.global_variables_initializer())
            self._make_callables()

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def fresh(self, noise: np.ndarray) -> State:
        """The state before the first step, from standard normal noise of `parameter_shape`."""
        zeros = np.zeros(self.parameter_shape, np.float32)
        return State(self._parametrization.start(noise), zeros, zeros)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of one sprite's parameters."""
        return self._parametrization.shape

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one picture."""
        return tuple(self._picture_tensor.shape.as_list()[1:])

    @property
    def canvas_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a canvas that the network takes."""
        last = self._transforms[-1] if self._transforms else {}
        height, width = last.get("crop_or_pad", self.picture_shape[:2])
        return height, width, self.picture_shape[2]

    def load(self, states: list[State], channels: list[int]) -> None:
        """Fill the batch; fewer states than the batch holds are padded with the last one."""
        padding = self.batch - len(states)
        states = states + [states[-1]] * padding
        self._channel_values = np.array(channels + [channels[-1]] * padding, np.int32)
        stacked = [
            np.stack([getattr(state, name) for state in states])
            for name in ("parameters", "momentum", "velocity")
        ]
        self._load(*stacked)

    def states(self) -> list[State]:
        """The states of all sprites of the batch."""
        parameters, momentum, velocity = self._read()
        return [State(*arrays) for arrays in zip(parameters, momentum, velocity, strict=True)]

    def canvases(
        self, keys: list[tuple[int, int, int]], first_step: int, steps: int
    ) -> transforms.Canvases | None:
        """Transforms of the steps from `first_step` for sprites with `keys`, or None."""
        if not self._transforms:
            return None
        padded = keys + [keys[-1]] * (self.batch - len(keys))
        edges = (self.edge, self.edge)
        return transforms.draw(self._transforms, padded, edges, first_step, steps)

    def advance(self, step: int, canvas: tuple[np.ndarray, ...] | None) -> np.ndarray:
        """Do one update.

        Args:
            step: number of updates done before.
            canvas: forward, inverse and size of this step, None without transforms.

        Returns:
            [batch] objective values on the canvases before the update.
        """
        powers = np.float32(_BETA1 ** (step + 1)), np.float32(_BETA2 ** (step + 1))
        young = step < gradients.REDIRECTED_STEPS
        return self._steps[young](self._channel_values, *powers, *(canvas or ()))

    def pictures(self) -> np.ndarray:
        """[batch, edge, edge, channels] float32 in 0..1."""
        return self._pictures()

    def has_gradient(self) -> np.ndarray:
        """bool [batch]: whether any update so far had a gradient."""
        return self._has_gradient()

    def channel_extremes(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest value of each channel before its nonlinearity.

        Args:
            pictures: [n, edge, edge, channels] in 0..1; any n.

        Returns:
            two float32 [depth].
        """
        lows, highs = [], []
        for start in range(0, len(pictures), self.batch):
            part = pictures[start : start + self.batch]
            padded = np.concatenate([part, part[-1:].repeat(self.batch - len(part), axis=0)])
            low, high = self._extremes(padded)
            lows.append(low)
            highs.append(high)
        return np.min(lows, axis=0), np.max(highs, axis=0)

    def _build(self, network: GraphDef, picture: PictureInput, layer: str) -> None:
        shape = (self.batch, *self._parametrization.shape)
        self._variables = [
            tf.Variable(lambda: tf.zeros(shape), use_resource=True, shape=shape, dtype=tf.float32)
            for _ in range(3)
        ]
        parameters = self._variables[0].value()
        self._picture_tensor = self._parametrization.picture(parameters)
        self._inputs = [
            tf.placeholder(tf.int32, [self.batch]),
            tf.placeholder(tf.float32, []),
            tf.placeholder(tf.float32, []),
        ]
        self._canvas = self._picture_tensor
        if self._transforms:
            maps = [tf.placeholder(tf.float32, [self.batch, 6]) for _ in range(2)]
            size = tf.placeholder(tf.int32, [2])
            self._canvas = transforms.resample(self._picture_tensor, *maps, size)
            self._inputs += [*maps, size]
        ranged = self._canvas * (picture.high - picture.low) + picture.low
        before, after = _import_batch(network, picture.name, layer, ranged)
        self._extreme_tensors = [
            tf.concat([reduce(t, axis=list(range(t.shape.rank - 1))) for t in before], axis=0)
            for reduce in (tf.reduce_min, tf.reduce_max)
        ]
        found = head.find(network, layer)
        channels = self._inputs[0]
        if found and self.batch <= head.CHANNELS and _is_imported_once(after):
            source = _source(found, picture.name, ranged)
            with gradients.redirectable(self._graph):
                after = found.of(source, channels)
            channels = tf.range(self.batch)
        after = tf.cast(after, tf.float32)  # half precision networks
        means = tf.reduce_mean(after, axis=list(range(1, after.shape.rank - 1)))
        self._objective = tf.gather(means, channels, batch_dims=1)
        self._updates = {young: self._update(parameters, young) for young in (True, False)}

    def _update(self, parameters: tf.Tensor, redirected: bool) -> tf.Operation:
        """One step of Adam (Kingma & Ba 2015) that lowers the negative objective."""
        on_canvas = gradients.of(-self._objective, self._canvas, redirected)
        (gradient,) = tf.gradients(self._canvas, [parameters], grad_ys=[on_canvas])
        values, momentum, velocity = self._variables
        return tf.raw_ops.ResourceApplyAdam(
            var=values.handle,
            m=momentum.handle,
            v=velocity.handle,
            beta1_power=self._inputs[1],
            beta2_power=self._inputs[2],
            lr=tf.constant(self._learning_rate, tf.float32),
            beta1=tf.constant(_BETA1, tf.float32),
            beta2=tf.constant(_BETA2, tf.float32),
            epsilon=tf.constant(_EPSILON, tf.float32),
            grad=gradient,
        )

    def _make_callables(self) -> None:
        """Prepared session calls: nothing is looked up during a step."""
        make = self._session.make_callable
        shape = (self.batch, *self._parametrization.shape)
        values = [tf.placeholder(tf.float32, shape) for _ in self._variables]
        assigned = [
            variable.assign(value).op
            for variable, value in zip(self._variables, values, strict=True)
        ]
        self._load = make(tf.group(*assigned), feed_list=values)
        self._read = make([variable.value() for variable in self._variables])
        self._pictures = make(self._picture_tensor)
        self._extremes = make(self._extreme_tensors, feed_list=[self._canvas])
        axes = list(range(1, len(shape)))
        self._has_gradient = make(
            tf.reduce_any(tf.not_equal(self._variables[1].value(), 0.0), axis=axes)
        )
        self._steps = {}
        for young, update in self._updates.items():
            # The objective is read before the update can change the variables.
            fetches = [self._objective, update]
            call = make(fetches, feed_list=self._inputs)
            self._steps[young] = lambda *values, call=call: call(*values)[0]


def _import_batch(
    network: GraphDef, input_name: str, layer: str, pictures: tf.Tensor
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """The network for a whole batch, or once for each sprite where it is made for one picture.

    Some graphs fix the batch at 1 in front of the layer, by a constant of a Reshape for example.
    """
    batch = pictures.shape[0]
    if _mixes_pictures(network):
        log.warning("batch norm in training mode: each sprite is normalized by itself")
        return _import_singles(network, input_name, layer, pictures)
    try:
        before, after = _import(network, input_name, layer, pictures)
        if after.shape.rank is None or after.shape[0] in (None, batch):
            return before, after
    except ValueError:
        pass  # the shapes do not fit; seen again below if that is not for the batch
    log.warning("the graph is made for one picture at a time: no gain from batches")
    return _import_singles(network, input_name, layer, pictures)


def _mixes_pictures(network: GraphDef) -> bool:
    """Whether a sprite's activations would depend on its mates."""
    return any(
        node.op.startswith("FusedBatchNorm")
        and ("is_training" not in node.attr or node.attr["is_training"].b)
        for node in network.node
    )


def _import_singles(
    network: GraphDef, input_name: str, layer: str, pictures: tf.Tensor
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """A copy of the network for each sprite."""
    batch = pictures.shape[0]
    singles = [_import(network, input_name, layer, single) for single in tf.split(pictures, batch)]
    before = [part for parts, _ in singles for part in parts]
    depth_parts = len(before) // batch
    joined = [tf.concat(before[part::depth_parts], axis=0) for part in range(depth_parts)]
    return joined, tf.concat([after for _, after in singles], axis=0)


def _source(found: head.Head, input_name: str, pictures: tf.Tensor) -> tf.Tensor:
    """What the head reads: a tensor of the imported network, or the pictures themselves."""
    if topology.node_name(found.source) == input_name:
        return pictures
    reference = found.source if ":" in found.source else f"{found.source}:0"
    return tf.get_default_graph().get_tensor_by_name(f"{_SCOPE}/{reference}")


def _is_imported_once(layer: tf.Tensor) -> bool:
    return layer.op.name.startswith(f"{_SCOPE}/")


def _import(
    network: GraphDef, input_name: str, layer: str, pictures: tf.Tensor
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """The layer of the imported network: before its nonlinearity (in parts), and itself."""
    before = _before_nonlinearity(network, layer)
    with gradients.redirectable(tf.get_default_graph()):
        tensors = tf.import_graph_def(
            network,
            input_map={input_name: pictures},
            return_elements=[f"{layer}:0", *before],
            name=_SCOPE,
        )
    return tensors[1:], tensors[0]


def _before_nonlinearity(network: GraphDef, layer: str) -> list[str]:
    """Tensors that hold the layer's channels before a ReLU can hide what varies in them."""
    nodes = topology.by_name(network)

    def behind(reference: str) -> list[str]:
        node = nodes[topology.node_name(reference)]
        if node.op in ("Relu", "Relu6", "Identity", "MaxPool", "AvgPool"):
            return behind(node.input[0])
        if node.op == "ConcatV2" and _joins_channels(nodes[topology.node_name(node.input[-1])]):
            return [part for reference in node.input[:-1] for part in behind(reference)]
        return [reference if ":" in reference else f"{reference}:0"]

    return behind(layer)


def _joins_channels(axis: NodeDef) -> bool:
    """Whether a concatenation along `axis` joins the channels of pictures."""
    return axis.op == "Const" and int(tf.make_ndarray(axis.attr["value"].tensor)) in (-1, 3)
