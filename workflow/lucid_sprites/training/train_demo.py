"""Train the series that ships with the workflow.

`python -m lucid_sprites.training.train_demo --out graphs` writes `graphs/shapes/step_<n>.pb`,
one frozen graph per age of the network. The same command gives the same bytes again on the
same machine and versions.

Pictures that are disturbed against the network on purpose make it rely on forms rather than on
faint pixel patterns. That costs some accuracy, but what its neurons like best then looks like
the things they stand for.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from lucid_sprites import program
from lucid_sprites.training.reproducible import make_reproducible
from lucid_sprites.training.small import VALUE_RANGE, frozen_graph, small_network
from lucid_sprites.training.synthetic import synthetic_pictures
from lucid_sprites.training.synthetic_classes import CLASSES

SERIES = "shapes"
STEPS = 3000
YOUNG_STEPS = (100, 1000)
"""Ages that are saved besides the last one: hardly trained, and well on the way."""

_SEED = 7
_BATCH = 64
_VALIDATION_PICTURES = 1024
_LEARNING_RATE = 1.5e-3
_WARMUP_STEPS = 100
_WEIGHT_DECAY = 1e-2
_DISTURBANCE = 6.0
"""Euclidean length of a disturbance; an average picture is 56 long in VALUE_RANGE."""
_DISTURBANCE_GROWTH = 0.3
"""Share of the training over which it grows to full length: a new network needs easy pictures."""

TrainStep = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def train(network: keras.Model, steps: int, after_step: Callable[[int, float], None]) -> None:
    """Train for a number of batches; after_step gets each step's number, from 1, and loss."""
    train_step = _make_train_step(network, _optimizer(steps))
    for step in range(1, steps + 1):
        pictures, labels = _batch(step, _BATCH)
        growth = min(1.0, step / (_DISTURBANCE_GROWTH * steps))
        loss = train_step(pictures, labels, tf.constant(_DISTURBANCE * growth))
        after_step(step, float(loss))


def validation_accuracy(network: keras.Model) -> float:
    """Share of undisturbed pictures, none of them used in training, that are told right."""
    pictures, labels = _batch(0, _VALIDATION_PICTURES)
    guesses = network.predict(pictures, batch_size=_BATCH, verbose=0).argmax(-1)
    return float((guesses == labels.numpy()).mean())


def _batch(number: int, count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Pictures [count, 64, 64, 3] in VALUE_RANGE and labels [count]; training starts at 1."""
    pictures, labels = synthetic_pictures((_SEED, number), count)
    low, high = VALUE_RANGE
    return tf.constant(low + (high - low) * pictures), tf.constant(labels)


def _optimizer(steps: int) -> keras.optimizers.Optimizer:
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=_LEARNING_RATE, warmup_steps=_WARMUP_STEPS
    )
    return keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY)


def _make_train_step(network: keras.Model, optimizer: keras.optimizers.Optimizer) -> TrainStep:
    """A function of (pictures, labels, length of the disturbance) that updates the network."""
    logits = keras.Model(network.input, network.get_layer("logits").output)
    variables = network.trainable_variables
    optimizer.build(variables)

    def loss_of(pictures: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits(pictures))
        return tf.reduce_mean(losses)

    def train_step(pictures: tf.Tensor, labels: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            loss = loss_of(pictures, labels)
        disturbed = _disturbed(pictures, tape.gradient(loss, pictures), length)
        with tf.GradientTape() as tape:
            loss = loss_of(disturbed, labels)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    compiled: TrainStep = tf.function(train_step)
    return compiled


def _disturbed(pictures: tf.Tensor, gradients: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """The pictures after a step of this length in the direction that raises the loss."""
    directions = tf.math.l2_normalize(gradients, axis=(1, 2, 3), epsilon=1e-20)
    return tf.clip_by_value(pictures + length * directions, *VALUE_RANGE)


def main() -> None:
    """Train, save the graphs of all ages and print the accuracy at each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the series")
    parser.add_argument("--steps", type=int, default=STEPS, help="length of the training")
    with program.run(parser) as arguments:
        _save_all_ages(arguments.out / SERIES, arguments.steps)


def _save_all_ages(folder: Path, steps: int) -> None:
    make_reproducible(_SEED, threads=1)
    network = small_network(len(CLASSES))
    folder.mkdir(parents=True, exist_ok=True)

    def save_some(step: int, loss: float) -> None:
        if step not in (*YOUNG_STEPS, steps):
            return
        path = folder / f"step_{step}.pb"
        path.write_bytes(frozen_graph(network).SerializeToString(deterministic=True))
        print(f"{path}: loss {loss:.3f}, validation accuracy {validation_accuracy(network):.3f}")

    train(network, steps, save_some)


if __name__ == "__main__":
    main()
