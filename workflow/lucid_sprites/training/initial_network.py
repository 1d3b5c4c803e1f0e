"""The compiled network as it is before training."""

import sys

import keras

from lucid_sprites.errors import UserError
from lucid_sprites.planning.training import TrainingSpec
from lucid_sprites.training import architectures, initial_weights
from lucid_sprites.training.dataset import Dataset


def make_network(spec: TrainingSpec, dataset: Dataset) -> keras.Model:
    """The topology with its given weights, its first layers cut off from training, compiled.

    Args:
        spec: of the training: `topology`, `weights`, `cutoff`, `optimizer`, `learning_rate`,
            `optimizer_options`.
        dataset: decides the head.

    Raises:
        UserError: weights, cutoff or options of the optimizer that do not fit.
    """
    network = architectures.build(spec["topology"], len(dataset.classes), dataset.multi_label)
    _load(network, spec["weights"])
    _cut_off(network, spec["cutoff"])
    optimizer = _optimizer(spec)
    if dataset.multi_label:
        loss, accuracy = "binary_crossentropy", "binary_accuracy"
    else:
        loss, accuracy = "sparse_categorical_crossentropy", "sparse_categorical_accuracy"
    # One library of kernels at every step: XLA would be another arithmetic.
    network.compile(optimizer, loss, metrics=[accuracy], jit_compile=False)
    optimizer.build(network.trainable_variables)
    return network


def _load(network: keras.Model, given: str) -> None:
    """Fill the network, and say in the log which layers keep their random weights."""
    filled = initial_weights.load(network, given)
    left = initial_weights.left_out(network, filled)
    if filled and left:
        print(f"{given}: no weights of these names and shapes: {', '.join(left)}", file=sys.stderr)


def _cut_off(network: keras.Model, cutoff: int | str) -> None:
    """Keep the first layers as they are: so many, or all before the one with this name."""
    names = [layer.name for layer in network.layers]
    if isinstance(cutoff, str):
        if cutoff not in names:
            raise UserError(f"cutoff {cutoff!r} is no layer of {network.name}: {', '.join(names)}")
        cutoff = names.index(cutoff)
    for layer in network.layers[:cutoff]:
        layer.trainable = False
    if not network.trainable_variables:
        raise UserError(
            f"cutoff {cutoff} leaves nothing to train: {network.name} has {len(names)} layers, "
            f"the last with weights is {names[-2]}"
        )


def _optimizer(spec: TrainingSpec) -> keras.optimizers.Optimizer:
    # YAML has whole numbers, which Keras refuses.
    options = {"learning_rate": float(spec["learning_rate"]), **spec["optimizer_options"]}
    try:
        return keras.optimizers.get({"class_name": spec["optimizer"], "config": options})
    except (TypeError, ValueError) as error:
        raise UserError(f"optimizer {spec['optimizer']} with {options}: {error}") from error
