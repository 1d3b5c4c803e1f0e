"""Weights that a network starts from: ImageNet's, or those in a file."""

import os
import tarfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from lucid_sprites.errors import UserError
from lucid_sprites.files import MODEL, check_input
from lucid_sprites.models.loaders import frozen_graph, keras_file
from lucid_sprites.training.architectures import ARCHITECTURES
from lucid_sprites.training.frozen_weights import find, frozen_weights
from lucid_sprites.training.googlenet import slim_scope

IMAGENET, RANDOM = "imagenet", "none"

_SLIM = "inception_v1_2016_08_28.tar.gz"
_SLIM_ADDRESS = f"http://download.tensorflow.org/models/{_SLIM}"
_SLIM_FILE = "inception_v1.ckpt"


def load(network: keras.Model, weights: str) -> list[str]:
    """Fill a network with weights; the head only where it has the same name and shape.

    Args:
        network: of `architectures.build`.
        weights: `none`, `imagenet`, or a file: `.weights.h5`, `.h5` or `.keras` of Keras, `.pb`, a
            frozen graph, or (googlenet) a checkpoint of TensorFlow's slim models, `.ckpt`.

    Returns:
        names of the layers that were filled.

    Raises:
        UserError: weights that cannot be had or read, or of which none fits.
    """
    if weights == RANDOM:
        return []
    if weights == IMAGENET:
        return _imagenet(network)
    return from_file(network, weights)


def from_file(network: keras.Model, path: str) -> list[str]:
    """Fill a network from a file; see `load`."""
    if path.endswith(".ckpt"):
        return _from_slim(network, path)
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file of weights")
    check_input(path, MODEL)
    before = network.get_weights()
    # What is still NaN afterwards was not in the file.
    network.set_weights([np.full_like(weight, np.nan) for weight in before])
    try:
        _read(network, path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: weights cannot be read: {error}") from error
    after = network.get_weights()
    loaded = [not np.isnan(weight).any() for weight in after]
    network.set_weights(
        [new if there else old for old, new, there in zip(before, after, loaded, strict=True)]
    )
    if not any(loaded):
        raise UserError(
            f"{path}: none of its weights fits the names and shapes of {network.name}'s layers"
        )
    parts = zip(network.weights, loaded, strict=True)
    filled = {weight.path.split("/")[-2] for weight, there in parts if there}
    return [layer.name for layer in network.layers if layer.name in filled]


def left_out(network: keras.Model, filled: list[str]) -> list[str]:
    """Names of the layers with weights that `load` did not fill."""
    return [layer.name for layer in network.layers if layer.weights and layer.name not in filled]


def _read(network: keras.Model, path: str) -> None:
    """Let Keras fill what fits; the rest of the network stays as it is."""
    if path.endswith(".weights.h5"):
        network.load_weights(path, skip_mismatch=True)
    elif path.endswith(".keras"):
        _copy(keras_file.load(Path(path), trust=False, code=None), network)
    elif path.endswith((".h5", ".hdf5")):
        network.load_weights(path, by_name=True, skip_mismatch=True)
    elif path.endswith(".pb"):
        _read_frozen(network, path)
    else:
        raise UserError(
            f"{path}: weights are read from .weights.h5, .h5, .hdf5, .keras, .pb and .ckpt files"
        )


def _read_frozen(network: keras.Model, path: str) -> None:
    """Fill what has the same role, shape and name of the layer in a frozen graph."""
    given = frozen_weights(frozen_graph.read(path))
    for weight in network.weights:
        layer, role = weight.path.split("/")[-2:]
        value = find(given, _scopes(network, layer), role, tuple(weight.shape))
        if value is not None:
            weight.assign(value)


def _scopes(network: keras.Model, layer: str) -> tuple[str, ...]:
    """Name scopes that a layer may have in a graph: its own, and that of TensorFlow's slim."""
    if network.name != "googlenet" or not layer.endswith(("_conv", "_bn")):
        return (layer,)
    return layer, slim_scope(layer.rpartition("_")[0])


def _imagenet(network: keras.Model) -> list[str]:
    if network.name == "small":
        raise UserError("topology small has no ImageNet weights; choose weights none or a file")
    application = ARCHITECTURES[network.name].pretrained
    try:
        if application is None:
            return _from_slim(network, _downloaded_slim())
        source = application(include_top=False, weights=IMAGENET)
    except Exception as error:  # Keras raises nothing narrower when a download fails
        raise UserError(
            f"weights imagenet of {network.name} cannot be downloaded ({error}); run once where "
            f"the network can be reached, which keeps them in {_cache()}, copy that folder here, "
            "or name a file as `weights`"
        ) from error
    return _copy(source, network)


def _cache() -> Path:
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"


def _downloaded_slim() -> str:
    archive = keras.utils.get_file(_SLIM, _SLIM_ADDRESS, cache_subdir="models")
    with tarfile.open(archive) as packed:
        packed.extract(_SLIM_FILE, _cache(), filter="data")
    return str(_cache() / _SLIM_FILE)


def _copy(source: keras.Model, network: keras.Model) -> list[str]:
    """Copy the weights of layers that have the same name and shapes."""
    by_name = {layer.name: layer for layer in network.layers}
    copied = []
    for layer in source.layers:
        values = layer.get_weights()
        target = by_name.get(layer.name)
        if values and target and _shapes(values) == _shapes(target.get_weights()):
            target.set_weights(values)
            copied.append(layer.name)
    return copied


def _shapes(values: list[np.ndarray]) -> list[tuple[int, ...]]:
    return [value.shape for value in values]


def _from_slim(network: keras.Model, path: str) -> list[str]:
    if network.name != "googlenet":
        raise UserError(f"{path}: a .ckpt file holds weights of googlenet, not of {network.name}")
    try:
        checkpoint = tf.train.load_checkpoint(path)
        convolutions = [layer.name for layer in network.layers if layer.name.endswith("_conv")]
        for layer in convolutions:
            name = layer.removesuffix("_conv")
            scope = slim_scope(name)
            network.get_layer(layer).set_weights([checkpoint.get_tensor(f"{scope}/weights")])
            statistics = ("beta", "moving_mean", "moving_variance")
            network.get_layer(f"{name}_bn").set_weights(
                [checkpoint.get_tensor(f"{scope}/BatchNorm/{part}") for part in statistics]
            )
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: not a slim checkpoint of InceptionV1: {error}") from error
    return convolutions
