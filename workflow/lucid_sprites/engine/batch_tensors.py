"""The tensors of a batch: state, pictures, canvas, objective, and the update of the state."""

from dataclasses import dataclass

import tensorflow.compat.v1 as tf

from lucid_sprites.engine import optimizers, relu_gradients
from lucid_sprites.engine.batch_canvas import BatchCanvas
from lucid_sprites.engine.batch_objective import BatchObjective, BatchSpec, build_objective
from lucid_sprites.engine.parametrization.factory import Parametrization


@dataclass(frozen=True)
class BatchTensors:
    """What is fed to and fetched from the graph of a batch.

    Attributes:
        variables: the three that a sprite's state consists of (see `engine.state`), each
            [batch, ...].
        powers: fed at each step, for the optimizer.
        samples: fed at each step, for the canvas.
        pictures: [batch, height, width, channels] in 0..1; with alpha, the last is opacity.
        canvas: [batch, height, width, channels] in 0..1.
        objective: of the canvas.
        updates: one step of the optimizer, by whether gradients through ReLUs are redirected.
    """

    variables: list[tf.Variable]
    powers: optimizers.Powers
    samples: list[tf.Tensor]
    pictures: tf.Tensor
    canvas: tf.Tensor
    objective: BatchObjective
    updates: dict[bool, tf.Operation]

    @property
    def step_inputs(self) -> list[tf.Tensor]:
        """What is fed at a step: the sprites' own values, then powers, then samples."""
        return [*(value.tensor for value in self.objective.inputs), *self.powers, *self.samples]


def build_tensors(
    spec: BatchSpec, parametrization: Parametrization, batch_canvas: BatchCanvas
) -> BatchTensors:
    """Build everything in the graph that is the default.

    Every operation works on each sprite of the batch by itself; but for objectives that compare
    the members of a joint group.
    """
    shape = (spec.batch, *parametrization.shape)
    variables = [
        tf.Variable(lambda: tf.zeros(shape), use_resource=True, shape=shape, dtype=tf.float32)
        for _ in range(3)
    ]
    parameters = variables[0].value()
    pictures = parametrization.picture(parameters)
    powers = optimizers.Powers(*(tf.placeholder(tf.float32, []) for _ in range(2)))
    samples = batch_canvas.placeholders()
    canvas, objective = build_objective(spec, batch_canvas, pictures, samples)

    def update(redirected: bool) -> tf.Operation:
        """One step of the optimizer, which lowers the negative objective."""
        on_seen = relu_gradients.compute_gradient(-objective.values, objective.seen, redirected)
        (gradient,) = tf.gradients(objective.seen, [parameters], grad_ys=[on_seen])
        optimizer = optimizers.OPTIMIZERS[spec.recipe.optimizer]
        return optimizer(variables, gradient, spec.recipe.learning_rate, powers)

    updates = {redirected: update(redirected) for redirected in (True, False)}
    return BatchTensors(variables, powers, samples, pictures, canvas, objective, updates)
