"""The optimization of one kind of objective as a TensorFlow graph, a batch and a step at a time.

In parts: `batch_canvas` (what the network sees), `batch_objective` (what it is to show),
`batch_tensors` (the whole graph), `batch_session` (its calls); here they are fed.
"""

import math

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.closing import Closing
from lucid_sprites.engine import optimizers, photo_inputs, precision, relu_gradients
from lucid_sprites.engine.batch_canvas import BatchCanvas
from lucid_sprites.engine.batch_objective import BatchSpec
from lucid_sprites.engine.batch_session import BatchSession
from lucid_sprites.engine.batch_tensors import build_tensors
from lucid_sprites.engine.objectives.feeds import FeedBuilder
from lucid_sprites.engine.parametrization import parametrization
from lucid_sprites.engine.state import State
from lucid_sprites.models.graph import value_bounds
from lucid_sprites.recipe.engine_limits import BATCH_MULTIPLE
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.objectives.vocabulary import UNITS
from lucid_sprites.recipe.settings import Recipe


class BatchGraph(Closing):
    """A batch of sprites of one kind of objective under one recipe; use it as a context manager.

    Every operation works on each sprite of the batch by itself, so a sprite's numbers do not
    depend on its place or its mates; but for objectives that compare the members of a joint group.

    Attributes:
        batch: number of sprites.
        lifts: units are raised before they fire (see `engine.lifted_layer`).
        highest: value that no sprite can exceed; infinite where none is known.
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
            objectives: data of the objectives of all sprites that ever come into the batch; they
                have the same `objectives.build.template`.
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
        self.batch = batch
        self._recipe, self._channels = recipe, picture.channels
        self._parametrization = parametrization(
            recipe.parametrization,
            recipe.size,
            picture.channels,
            recipe.decorrelate,
            recipe.alpha,
            tuple(recipe.shared),
            group_size,
        )
        self._canvas = BatchCanvas(recipe, picture.channels, batch)
        self._feeds = FeedBuilder(graph, picture, recipe.size)
        self._graph = tf.Graph()
        with self._graph.as_default():
            spec = BatchSpec(graph, picture, objectives, recipe, batch, group_size)
            tensors = build_tensors(spec, self._parametrization, self._canvas)
            self._session = BatchSession(tensors, recipe.precision)
        self._inputs = tensors.objective.inputs
        self.lifts = tensors.objective.lifted
        self.highest = _highest_value(graph, objectives[0])

    def close(self) -> None:
        self._session.close()

    def fresh(self, noise: np.ndarray) -> State:
        """The state before the first step, from standard normal noise of `parameter_shape`."""
        zeros = np.zeros(self.parameter_shape, np.float32)
        if self._recipe.start is None:
            return State(self._parametrization.start(noise), zeros, zeros)
        channels = 4 if self._recipe.alpha and self._channels == 3 else self._channels
        photo = photo_inputs.read(self._recipe.start, *self._recipe.size, channels)
        return State(self._parametrization.start_from(photo, noise), zeros, zeros)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of one sprite's parameters."""
        return self._parametrization.shape

    @property
    def canvas_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a canvas that the network takes."""
        return self._canvas.shape

    def load(self, states: list[State], objectives: list[ObjectiveData]) -> None:
        """Fill the batch; fewer sprites than the batch holds are padded with the last one.

        Args:
            objectives: data of each sprite's objective.
        """
        padding = self.batch - len(states)
        states = states + [states[-1]] * padding
        objectives = objectives + [objectives[-1]] * padding
        self._fed = [self._feeds.feed(value, objectives) for value in self._inputs]
        self._session.load([
            np.stack([getattr(state, name) for state in states])
            for name in ("parameters", "momentum", "velocity")
        ])  # fmt: skip

    def states(self) -> list[State]:
        """The states of all sprites of the batch."""
        return [State(*arrays) for arrays in zip(*self._session.read(), strict=True)]

    def sample(
        self, keys: list[tuple[int, int, int]], first_step: int, steps: int
    ) -> list[tuple[np.ndarray, ...]]:
        """What `advance` is given for the steps from `first_step`, for sprites with `keys`."""
        return self._canvas.sample(keys, first_step, steps)

    def advance(self, step: int, samples: tuple[np.ndarray, ...]) -> np.ndarray:
        """Do one update.

        Args:
            step: number of updates done before.
            samples: of this step, from `sample`.

        Returns:
            [batch] objective values on the canvases before the update.
        """
        beta1, beta2 = optimizers.BETA1, optimizers.BETA2
        powers = np.float32(beta1 ** (step + 1)), np.float32(beta2 ** (step + 1))
        # What is lifted may be off because whole layers before it are.
        redirected = self.lifts or step < relu_gradients.REDIRECTED_STEPS
        return self._session.step(redirected, [*self._fed, *powers, *samples])

    def pictures(self) -> np.ndarray:
        """[batch, height, width, channels] float32 in 0..1; with alpha, the last is opacity."""
        return self._session.pictures()

    def has_gradient(self) -> np.ndarray:
        """bool [batch]: whether any update so far had a gradient."""
        return self._session.has_gradient()

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
            low, high = self._session.channel_extremes(layer, padded)
            lows.append(low)
            highs.append(high)
        return np.min(lows, axis=0), np.max(highs, axis=0)


def _highest_value(graph: GraphDef, objective: ObjectiveData) -> float:
    """What an objective can reach: a single unit what its layer can."""
    if objective["objective"] not in UNITS:
        return math.inf
    return value_bounds.bounds_of(graph, objective["layer"])[1]
