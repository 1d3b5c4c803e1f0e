"""The optimization of one kind of objective as a TensorFlow graph, a batch and a step at a time."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.engine import (
    background,
    network,
    optimizers,
    photo_inputs,
    precision,
    relu_gradients,
    target_channels,
    transforms,
)
from lucid_sprites.engine.convolutions import winograd_graph
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.objectives.context import ObjectiveContext, ObjectiveNode, spatial
from lucid_sprites.engine.objectives.feeds import FeedBuilder
from lucid_sprites.engine.parametrization import parametrization
from lucid_sprites.engine.state import State
from lucid_sprites.recipe import transform_lists
from lucid_sprites.recipe.engine_limits import BATCH_MULTIPLE
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.settings import Recipe


class BatchGraph(Closing):
    """A batch of sprites of one kind of objective under one recipe; use it as a context manager.

    Every operation works on each sprite of the batch by itself, so a sprite's numbers do not
    depend on its place or its mates; but for objectives that compare the members of a joint group.
    """

    def __init__(
        self,
        graph: GraphDef,
        picture: InputSpec,
        objectives: list[ObjectiveData],
        recipe: Recipe,
        batch: int,
        group_size: int = 0,
    ) -> None:
        """Build the graph.

        Args:
            graph: prepared for the layers of the objectives (see `models.graph.prepare`).
            picture: what the network expects.
            objectives: data of the objectives of all sprites that the program is for; they have
                the same `objectives.build.template`.
            recipe: of all sprites of the batch; their seeds and attempts may differ.
            batch: number of sprites, a multiple of `recipe.engine_limits.BATCH_MULTIPLE`.
            group_size: sprites of the joint group that the batch is for, 0 for independent sprites.

        Raises:
            ValueError: another batch size.
            UserError: the processor has not got the precision.
        """
        precision.require(recipe.precision)
        if batch % BATCH_MULTIPLE:
            raise ValueError(f"batch of {batch} is not a multiple of {BATCH_MULTIPLE}")
        self.batch, self.size = batch, recipe.size
        self._recipe, self._channels, self._group_size = recipe, picture.channels, group_size
        self._transforms = transform_lists.steps(recipe.transforms)
        self._parametrization = parametrization(
            recipe.parametrization,
            recipe.size,
            picture.channels,
            recipe.decorrelate,
            recipe.alpha,
            tuple(recipe.shared),
            group_size,
        )
        self._values = FeedBuilder(graph, picture, recipe.size)
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._build(graph, picture, objectives)
            self._session = tf.Session(
                config=tensorflow_start.session_config(precision=recipe.precision)
            )
            self._session.run(tf.global_variables_initializer())
            self._make_callables()

    def close(self) -> None:
        self._session.close()

    def fresh(self, noise: np.ndarray) -> State:
        """The state before the first step, from standard normal noise of `parameter_shape`."""
        zeros = np.zeros(self.parameter_shape, np.float32)
        if self._recipe.start is None:
            return State(self._parametrization.start(noise), zeros, zeros)
        channels = 4 if self._recipe.alpha and self._channels == 3 else self._channels
        photo = photo_inputs.read(self._recipe.start, *self.size, channels)
        return State(self._parametrization.start_from(photo, noise), zeros, zeros)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of one sprite's parameters."""
        return self._parametrization.shape

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one picture as the network sees it."""
        return (*self.size, self._channels)

    @property
    def canvas_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a canvas that the network takes."""
        last = self._transforms[-1] if self._transforms else {}
        height, width = last.get("crop_or_pad", self.picture_shape[:2])
        return height, width, self.picture_shape[2]

    def load(self, states: list[State], objectives: list[ObjectiveData]) -> None:
        """Fill the batch; fewer sprites than the batch holds are padded with the last one.

        Args:
            objectives: data of each sprite's objective.
        """
        padding = self.batch - len(states)
        states = states + [states[-1]] * padding
        objectives = objectives + [objectives[-1]] * padding
        self._own = [self._values.feed(value, objectives) for value in self._own_values]
        stacked = [
            np.stack([getattr(state, name) for state in states])
            for name in ("parameters", "momentum", "velocity")
        ]
        self._load(*stacked)

    def states(self) -> list[State]:
        """The states of all sprites of the batch."""
        parameters, momentum, velocity = self._read()
        return [State(*arrays) for arrays in zip(parameters, momentum, velocity, strict=True)]

    def sample(
        self, keys: list[tuple[int, int, int]], first_step: int, steps: int
    ) -> list[tuple[np.ndarray, ...]]:
        """What `advance` is given for the steps from `first_step`, for sprites with `keys`."""
        drawn: list[list[np.ndarray]] = [[] for _ in range(steps)]
        if self._transforms:
            padded = keys + [keys[-1]] * (self.batch - len(keys))
            canvases = transforms.sample(self._transforms, padded, self.size, first_step, steps)
            for i, step in enumerate(drawn):
                step += [canvases.forward[i], canvases.inverse[i], canvases.sizes[i]]
        if self._recipe.alpha:
            for i, step in enumerate(drawn):
                step.append(background.sample(first_step + i, self.picture_shape))
        return [tuple(step) for step in drawn]

    def advance(self, step: int, drawn: tuple[np.ndarray, ...]) -> np.ndarray:
        """Do one update.

        Args:
            step: number of updates done before.
            drawn: of this step, from `sample`.

        Returns:
            [batch] objective values on the canvases before the update.
        """
        beta1, beta2 = optimizers.BETA1, optimizers.BETA2
        powers = np.float32(beta1 ** (step + 1)), np.float32(beta2 ** (step + 1))
        redirected = step < relu_gradients.REDIRECTED_STEPS
        losses: np.ndarray = self._steps[redirected](*self._own, *powers, *drawn)
        return losses

    def pictures(self) -> np.ndarray:
        """[batch, height, width, channels] float32 in 0..1; with alpha, the last is opacity."""
        pictures: np.ndarray = self._pictures()
        return pictures

    def has_gradient(self) -> np.ndarray:
        """bool [batch]: whether any update so far had a gradient."""
        found: np.ndarray = self._has_gradient()
        return found

    def channel_extremes(self, layer: str, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest value of each channel of `layer` before its nonlinearity.

        Args:
            pictures: [n, height, width, channels] in 0..1; any n.

        Returns:
            two float32 [depth].
        """
        lows, highs = [], []
        for start in range(0, len(pictures), self.batch):
            part = pictures[start : start + self.batch]
            padded = np.concatenate([part, part[-1:].repeat(self.batch - len(part), axis=0)])
            low, high = self._extremes[layer](padded)
            lows.append(low)
            highs.append(high)
        return np.min(lows, axis=0), np.max(highs, axis=0)

    def _build(self, graph: GraphDef, picture: InputSpec, objectives: list[ObjectiveData]) -> None:
        objective = objectives[0]
        shape = (self.batch, *self._parametrization.shape)
        self._variables = [
            tf.Variable(lambda: tf.zeros(shape), use_resource=True, shape=shape, dtype=tf.float32)
            for _ in range(3)
        ]
        parameters = self._variables[0].value()
        self._picture_tensor = self._parametrization.picture(parameters)
        self._powers = optimizers.Powers(*(tf.placeholder(tf.float32, []) for _ in range(2)))
        self._drawn = self._placeholders_of_a_step()
        self._canvas = self._on_canvas(self._picture_tensor)
        ranged = self._canvas * (picture.high - picture.low) + picture.low
        names = build.layers(objective)
        branches = self._branches(graph, objectives)
        layers = {}
        if names:
            layers = network.import_batch(
                graph,
                picture.name,
                names,
                ranged,
                self.canvas_shape if winograd_graph.suit(self._recipe.precision) else None,
                {branch.conv.convolution.name for branch in branches if branch.conv},
            )
        self._extreme_tensors = {name: _extremes(layer) for name, layer in layers.items()}

        def reference(photos: tf.Tensor, name: str) -> tf.Tensor:
            seen = self._on_canvas(photos) * (picture.high - picture.low) + picture.low
            return spatial(network.import_batch(graph, picture.name, [name], seen)[name].after)

        scope = ObjectiveContext(
            self.batch,
            self._group_size,
            self._picture_tensor,
            {name: layer.after for name, layer in layers.items()},
            reference,
            self._recipe.alpha,
        )
        if branches and layers[objective["layer"]].is_imported_once:
            channels = ObjectiveNode(scope, (), objective).whole("n_channel")
            self._objective = target_channels.channel_means(
                branches,
                channels,
                lambda reference: network.tensor(reference, picture.name, ranged),
            )
        else:
            self._objective = build.build(objective, scope)
        self._own_values = scope.values
        seen = self._picture_tensor if scope.sees_picture else self._canvas
        self._updates = {
            redirected: self._update(parameters, seen, redirected) for redirected in (True, False)
        }

    def _placeholders_of_a_step(self) -> list[tf.Tensor]:
        """For what `draw` gives."""
        placeholders = []
        if self._transforms:
            rows = transforms.rows(self._transforms)
            placeholders = [tf.placeholder(tf.float32, [self.batch, rows]) for _ in range(2)]
            placeholders.append(tf.placeholder(tf.int32, [2]))
        if self._recipe.alpha:
            placeholders.append(tf.placeholder(tf.float32, self.picture_shape))
        return placeholders

    def _on_canvas(self, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures (or photos, which have no opacity) as the network sees them at a step."""
        if self._recipe.alpha and pictures.shape[-1] > self._channels:
            pictures = background.behind(pictures, self._drawn[-1])
        if not self._transforms:
            return pictures
        length = transforms.gradient_length(self._transforms)
        if length is not None:
            pictures = transforms.with_gradient_of_length(pictures, length)
        return transforms.resample(pictures, *self._drawn[:3])

    def _branches(
        self,
        graph: GraphDef,
        objectives: list[ObjectiveData],
    ) -> list[target_channels.Branch]:
        """Those that objectives of single channels need; none for other objectives."""
        if objectives[0]["objective"] != "channel" or self.batch > target_channels.CHANNELS:
            return []
        layer = objectives[0]["layer"]
        channels = {objective["n_channel"] for objective in objectives}
        return [
            own for own in target_channels.branches(graph, layer) if any(map(own.holds, channels))
        ]

    def _update(self, parameters: tf.Tensor, seen: tf.Tensor, redirected: bool) -> tf.Operation:
        """One step of the optimizer, which lowers the negative objective.

        Args:
            seen: what the objective is computed from: the canvas or the picture.
        """
        on_seen = relu_gradients.compute_gradient(-self._objective, seen, redirected)
        (gradient,) = tf.gradients(seen, [parameters], grad_ys=[on_seen])
        optimizer = optimizers.OPTIMIZERS[self._recipe.optimizer]
        return optimizer(self._variables, gradient, self._recipe.learning_rate, self._powers)

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
        self._extremes = {
            name: make(tensors, feed_list=[self._canvas])
            for name, tensors in self._extreme_tensors.items()
        }
        axes = list(range(1, len(shape)))
        self._has_gradient = make(
            tf.reduce_any(tf.not_equal(self._variables[1].value(), 0.0), axis=axes)
        )
        inputs = [*(value.tensor for value in self._own_values), *self._powers, *self._drawn]
        self._steps = {}
        for redirected, update in self._updates.items():
            # The objective is read before the update can change the variables.
            fetches = [self._objective, update]
            call = make(fetches, feed_list=inputs)
            self._steps[redirected] = lambda *values, call=call: call(*values)[0]


def _extremes(layer: network.Layer) -> list[tf.Tensor]:
    """Lowest and highest value of each channel."""
    return [
        tf.concat([reduce(t, axis=list(range(t.shape.rank - 1))) for t in layer.before], axis=0)
        for reduce in (tf.reduce_min, tf.reduce_max)
    ]
