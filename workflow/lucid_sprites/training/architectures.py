"""The networks that can be trained: convolutions of a known topology and a head of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from lucid_sprites.training.googlenet import googlenet_features
from lucid_sprites.training.small import INPUT, small_features

Features = Callable[[keras.KerasTensor], keras.KerasTensor]

_CAFFE_MEAN = np.array([103.939, 116.779, 123.68], np.float32)
"""Mean blue, green and red of ImageNet, which VGG's published weights expect to be taken off."""


@dataclass(frozen=True)
class Architecture:
    """One kind of network.

    Attributes:
        features: its convolutions, from pictures [batch, height, width, 3] in -1..1.
        pretrained: the Keras application whose ImageNet weights fit; None: there is none.
    """

    features: Features
    pretrained: Callable[..., keras.Model] | None = None


def _vgg16(pictures: keras.KerasTensor) -> keras.KerasTensor:
    blue_green_red = keras.ops.flip(pictures, axis=-1)
    x = blue_green_red * 127.5 + (127.5 - _CAFFE_MEAN)
    return _application(keras.applications.VGG16, x)


def _application(
    application: Callable[..., keras.Model], x: keras.KerasTensor
) -> keras.KerasTensor:
    return application(include_top=False, weights=None, input_tensor=x).output


ARCHITECTURES: dict[str, Architecture] = {
    "small": Architecture(small_features),
    "googlenet": Architecture(googlenet_features),
    "inceptionv3": Architecture(
        lambda x: _application(keras.applications.InceptionV3, x),
        keras.applications.InceptionV3,
    ),
    "vgg16": Architecture(_vgg16, keras.applications.VGG16),
    "mobilenet": Architecture(
        lambda x: _application(keras.applications.MobileNet, x), keras.applications.MobileNet
    ),
}


def build(topology: str, classes: int, multi_label: bool) -> keras.Model:
    """A network with random weights, which `keras.utils.set_random_seed` decides.

    Input `input` [batch, height, width, 3] in -1..1, any size that the topology can take;
    output [batch, classes]: `softmax` probabilities, or, where a picture can have several labels,
    `sigmoid` ones.
    """
    # Keras numbers layers without a name over all networks of a process.
    keras.utils.clear_session(free_memory=False)
    pictures = keras.Input((None, None, 3), name=INPUT)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(ARCHITECTURES[topology].features(pictures))
    x = keras.layers.Dense(classes, name="logits")(x)
    activation = "sigmoid" if multi_label else "softmax"
    x = keras.layers.Activation(activation, name=activation)(x)
    return keras.Model(pictures, x, name=topology)
