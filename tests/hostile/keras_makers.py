"""What honest Keras files look like, written with json, zipfile and h5py alone."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Config = dict[str, Any]


def old_layer(class_name: str, **config: Any) -> Config:
    """A layer as Keras 1 and 2 write it."""
    return {"class_name": class_name, "config": {"name": f"a_{class_name.lower()}", **config}}


def new_layer(class_name: str, module: str = "keras.layers", **config: Any) -> Config:
    """A layer as Keras 3 writes it."""
    return old_layer(class_name, **config) | {"module": module, "registered_name": None}


def old_model(*layers: Config) -> Config:
    first = old_layer("InputLayer", batch_input_shape=[None, 8, 8, 3])
    return old_layer("Sequential", layers=[first, *layers])


def new_model(*layers: Config) -> Config:
    first = new_layer("InputLayer", batch_shape=[None, 8, 8, 3])
    return new_layer("Sequential", "keras", layers=[first, *layers])


def convolution(make: Callable[..., Config] = new_layer, **config: Any) -> Config:
    return make("Conv2D", filters=2, kernel_size=[3, 3], **config)


def called(function: str, *arguments: Any, **named: Any) -> Config:
    """A Keras 2 model that calls a function of TensorFlow on its picture."""
    picture = old_layer("InputLayer", batch_input_shape=[None, 8, 8, 3])
    call = old_layer("TFOpLambda", function=function)
    nodes = [[*(arguments or ("picture", 0, 0)), named]]
    return old_layer(
        "Functional",
        layers=[
            picture | {"name": "picture", "inbound_nodes": []},
            call | {"name": "call", "inbound_nodes": nodes},
        ],
        input_layers=[["picture", 0, 0]],
        output_layers=[["call", 0, 0]],
    )


def hdf5(folder: Path, config: Any) -> Path:
    """A file of Keras 2 with a configuration, or its text, and the weights of a convolution."""
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"a_conv2d"]
        layer = weights.create_group("a_conv2d")
        layer.attrs["weight_names"] = [b"kernel", b"bias"]
        layer["kernel"] = np.ones((3, 3, 3, 2), np.float32)
        layer["bias"] = np.ones(2, np.float32)
    return path


def weights_file(folder: Path) -> Path:
    """The weights of a convolution, as in an archive of Keras 3."""
    path = folder / "weights"
    with h5py.File(path, "w") as file:
        variables = file.create_group("layers/conv2d/vars")
        variables["0"] = np.ones((3, 3, 3, 2), np.float32)
        variables["1"] = np.ones(2, np.float32)
    return path


def archive(folder: Path, config: Any, **members: bytes) -> Path:
    """A `.keras` archive with a configuration, or its text, and more files."""
    path = folder / "model.keras"
    weights = weights_file(folder)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        file.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        file.write(weights, "model.weights.h5")
        for name, content in members.items():
            file.writestr(name, content)
    weights.unlink()
    return path
