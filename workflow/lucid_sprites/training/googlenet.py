"""GoogLeNet (InceptionV1) with batch norm, written with Keras layers.

Szegedy et al., "Going deeper with convolutions" (2014), in the form of TensorFlow's slim models:
3x3 where the paper has 5x5 kernels, batch norm without scale behind every convolution. Layers are
called as in the Inception literature: `Mixed_4c_Branch_3_b_1x1_act`.
"""

import keras

BLOCKS: dict[str, tuple[int, int, int, int, int, int]] = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}
"""Channels of each block: 1x1; 1x1 and 3x3; 1x1 and 3x3; 1x1 behind the pool."""

_EPSILON = 1e-3
_POOLS_BEFORE = {"3b": ("3a", 3), "4b": ("4a", 3), "5b": ("5a", 2)}
"""Pool in front of a block: its number and the edge of its window."""


def googlenet_features(pictures: keras.KerasTensor) -> keras.KerasTensor:
    """[batch, height, width, 3] in -1..1 to [batch, height / 32, width / 32, 1024]."""
    x = _convolution(pictures, "Conv2d_1a_7x7", 64, 7, strides=2)
    x = _pool(x, "2a", 3)
    x = _convolution(x, "Conv2d_2b_1x1", 64, 1)
    x = _convolution(x, "Conv2d_2c_3x3", 192, 3)
    for block, channels in BLOCKS.items():
        if block in _POOLS_BEFORE:
            x = _pool(x, *_POOLS_BEFORE[block])
        x = _mixed(x, f"Mixed_{block}", channels)
    return x


def slim_scope(convolution: str) -> str:
    """Where slim's checkpoint keeps the convolution with this name (without `_conv`, `_bn`)."""
    block, branch, rest = convolution.partition("_Branch_")
    if not branch:
        return f"InceptionV1/{convolution}"
    number, letter, kernel = rest.split("_")
    # Slim's own slip of the pen.
    if (block, number, letter) == ("Mixed_5b", "2", "b"):
        letter = "a"
    return f"InceptionV1/{block}/Branch_{number}/Conv2d_0{letter}_{kernel}"


def _mixed(x: keras.KerasTensor, name: str, channels: tuple[int, ...]) -> keras.KerasTensor:
    single, before_first, first, before_second, second, pooled = channels
    branch = f"{name}_Branch"
    branches = [_convolution(x, f"{branch}_0_a_1x1", single, 1)]
    for number, before, after in ((1, before_first, first), (2, before_second, second)):
        reduced = _convolution(x, f"{branch}_{number}_a_1x1", before, 1)
        branches.append(_convolution(reduced, f"{branch}_{number}_b_3x3", after, 3))
    pool = keras.layers.MaxPooling2D(3, 1, padding="same", name=f"{branch}_3_a_max")(x)
    branches.append(_convolution(pool, f"{branch}_3_b_1x1", pooled, 1))
    return keras.layers.Concatenate(name=f"{name}_Concatenated")(branches)


def _pool(x: keras.KerasTensor, number: str, edge: int) -> keras.KerasTensor:
    name = f"MaxPool_{number}_{edge}x{edge}"
    return keras.layers.MaxPooling2D(edge, 2, padding="same", name=name)(x)


def _convolution(
    x: keras.KerasTensor, name: str, channels: int, kernel: int, strides: int = 1
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(
        channels, kernel, strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    x = keras.layers.BatchNormalization(scale=False, epsilon=_EPSILON, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_act")(x)
