"""What reconstruction methods put in place of the gradients of a network's ops.

- `gradient`: nothing (Simonyan et al. 2013, arXiv:1312.6034).
- `deconvolution`: a rectifier rectifies the signal that comes back, and does not look at what went
  forward (Zeiler & Fergus 2013, arXiv:1311.2901).
- `guided_backpropagation`: both, the signal that comes back and the forward gate (Springenberg et
  al. 2014, arXiv:1412.6806). tf_cnnvis calls this one deconvolution.

The transposed filters are the ordinary gradient of a convolution, and unpooling by switches is the
gradient of max pooling. Contrast normalization (LRN) lets the signal pass in the last two, as in
tf_cnnvis. Everything else (average pooling, batch norm, saturating functions) keeps its gradient.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow.compat.v1 as tf

METHODS = ("gradient", "deconvolution", "guided_backpropagation")

_Gradient = Callable[[tf.Operation, tf.Tensor], tf.Tensor]

# Gradients of rectifiers, with their forward gates. That of ReLU6 is open where the layer is full:
# what excites it most must not be what guided backpropagation leaves out.
_GATES: dict[str, _Gradient] = {
    "Relu": lambda op, signal: tf.raw_ops.ReluGrad(gradients=signal, features=op.outputs[0]),
    "Relu6": lambda op, signal: tf.raw_ops.ReluGrad(gradients=signal, features=op.outputs[0]),
    "LeakyRelu": lambda op, signal: tf.raw_ops.LeakyReluGrad(
        gradients=signal, features=op.inputs[0], alpha=op.get_attr("alpha")
    ),
    "Elu": lambda op, signal: tf.raw_ops.EluGrad(gradients=signal, outputs=op.outputs[0]),
    "Selu": lambda op, signal: tf.raw_ops.SeluGrad(gradients=signal, outputs=op.outputs[0]),
    "Softplus": lambda op, signal: tf.raw_ops.SoftplusGrad(gradients=signal, features=op.inputs[0]),
}


@contextmanager
def rules(graph: tf.Graph, method: str) -> Iterator[None]:
    """Ops that are made inside have the gradients of `method`, one of `METHODS`."""
    overrides = {"MaxPool": "LucidSpritesSwitches"}
    if method != "gradient":
        overrides |= {op: f"LucidSprites_{method}_{op}" for op in _GATES}
        overrides |= {"LRN": "LucidSpritesPass", "Maximum": "LucidSpritesRectifiedMaximum"}
    with graph.gradient_override_map(overrides):
        yield


@tf.RegisterGradient("LucidSpritesSwitches")  # type: ignore[untyped-decorator]
def _switches(op: tf.Operation, signal: tf.Tensor) -> tf.Tensor:
    """The gradient of max pooling, but the switches are found once and not in each backward pass:
    a third of the time of TensorFlow's own MaxPoolGrad, with the same values."""
    window = {
        "ksize": op.get_attr("ksize"),
        "strides": op.get_attr("strides"),
        "padding": op.get_attr("padding").decode(),
    }
    if op.get_attr("data_format") != b"NHWC" or window["padding"] == "EXPLICIT":
        return tf.raw_ops.MaxPoolGrad(
            orig_input=op.inputs[0],
            orig_output=op.outputs[0],
            grad=signal,
            data_format=op.get_attr("data_format").decode(),
            explicit_paddings=op.get_attr("explicit_paddings"),
            **window,
        )
    switches = tf.raw_ops.MaxPoolWithArgmax(input=op.inputs[0], **window).argmax
    # Only the shape of `input` is looked at.
    shaped = tf.raw_ops.Empty(shape=tf.shape(op.inputs[0]), dtype=tf.float32)
    return tf.raw_ops.MaxPoolGradWithArgmax(input=shaped, grad=signal, argmax=switches, **window)


@tf.RegisterGradient("LucidSpritesPass")  # type: ignore[untyped-decorator]
def _pass(_: tf.Operation, signal: tf.Tensor) -> tf.Tensor:
    return signal


@tf.RegisterGradient("LucidSpritesRectifiedMaximum")  # type: ignore[untyped-decorator]
def _maximum(op: tf.Operation, signal: tf.Tensor) -> list[tf.Tensor | None]:
    """A leaky ReLU written out, max(x, a * x): rectified, and gated as in the forward pass."""
    first, second = op.inputs
    rectified = tf.nn.relu(signal)
    gate = tf.cast(first >= second, signal.dtype)
    shares = [rectified * gate, rectified * (1 - gate)]
    return [
        None if tensor.op.type == "Const" else share
        for tensor, share in zip(op.inputs, shares, strict=True)
    ]


def _register(kind: str, gate: _Gradient) -> None:
    @tf.RegisterGradient(f"LucidSprites_deconvolution_{kind}")  # type: ignore[untyped-decorator]
    def _deconvolution(_: tf.Operation, signal: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(signal)

    @tf.RegisterGradient(f"LucidSprites_guided_backpropagation_{kind}")  # type: ignore[untyped-decorator]
    def _guided(op: tf.Operation, signal: tf.Tensor) -> tf.Tensor:
        return gate(op, tf.nn.relu(signal))


for _kind, _gate in _GATES.items():
    _register(_kind, _gate)
