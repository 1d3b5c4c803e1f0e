"""A picture reconstructed from each feature map of a layer.

The picture goes forward once. What the backward pass needs of that (gates, switches, shapes) is
held and repeated for a batch of feature maps, which then go backward together: the forward pass and
the search for switches are paid once for a layer, not once for a map.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.images import backprop_rules
from lucid_sprites.models.graph.forward import layer_tensors

BATCH = 16
"""Feature maps that go backward together; more are not faster."""

HELD_BYTES = 256 * 2**20
"""What the held tensors of a batch may take; large networks get smaller batches."""

_SCOPE = "network"
# These work on the forward pass although a backward pass made them.
_SHAPES = ("Shape", "ShapeN")
_FORWARD = (*_SHAPES, "MaxPoolWithArgmax")
# Tensors are fed without a copy if they start at a multiple of this.
_ALIGNMENT = 64


@dataclass(frozen=True)
class Task:
    """A method for a layer.

    Attributes:
        network: prepared for `layer` (see `models.graph.prepare`).
        input_name: node that the picture is fed to.
        layer: node whose feature maps are looked at; its last axis is the depth.
        method: one of `backward.METHODS`.
    """

    network: GraphDef
    input_name: str
    layer: str
    method: str


@dataclass(frozen=True)
class Passes:
    """The pass forward and the pass backward, for any number of pictures.

    Attributes:
        picture: placeholder of the pictures.
        features: the layer for them; one that is bounded by 6, before that bound.
        signal: placeholder of what goes backward from the layer.
        result: what arrives at the pictures; None if nothing can.
    """

    picture: tf.Tensor
    features: tf.Tensor
    signal: tf.Tensor
    result: tf.Tensor | None


def passes(task: Task, shape: tuple[int, ...]) -> Passes:
    """Both passes in a new graph, for pictures of one shape [height, width, channels]."""
    with tf.Graph().as_default() as graph:
        picture = tf.placeholder(tf.float32, [None, *shape], name="picture")
        with backprop_rules.rules(graph, task.method):
            (features,) = layer_tensors(
                task.network, task.input_name, [task.layer], picture, _SCOPE
            )
            if features.op.type == "Relu6":
                # A gradient does not pass where the layer is full, which is where the picture
                # excites it most.
                features = tf.nn.relu(features.op.inputs[0], name=f"{_SCOPE}/unbounded")
        signal = tf.placeholder(tf.float32, [None, *features.shape[1:]], name="signal")
        (result,) = tf.gradients(features, picture, grad_ys=signal)
    return Passes(picture, features, signal, result)


class Reconstructor(Closing):
    """One layer, one picture and one method; use it as a context manager.

    Attributes:
        task, value: what it was made with.
        passes: what it runs.
        features: the layer for the picture, float32 [..., depth] without the batch axis; a layer
            that is bounded by 6, before that bound.
    """

    def __init__(
        self, network: GraphDef, input_name: str, layer: str, method: str, value: np.ndarray
    ) -> None:
        """Build the two passes and go forward.

        Args:
            network: prepared for `layer` (see `models.graph.prepare`).
            input_name: node that the picture is fed to.
            layer: node whose feature maps are looked at; its last axis is the depth.
            method: one of `backward.METHODS`.
            value: the picture in the network's range, float32 [height, width, channels].
        """
        self.task = Task(network, input_name, layer, method)
        self.value = value
        self.passes = passes(self.task, value.shape)
        self._result = self.passes.result
        picture = self.passes.picture
        self._held = [] if self._result is None else _held(self._result, picture)
        self._session = tf.Session(graph=picture.graph, config=tensorflow_start.session_config())
        forward = self._session.run([self.passes.features, *self._held], {picture: value[None]})
        self.features = forward[0][0]
        self._values = forward[1:]
        size = sum(held.nbytes for held in self._values)
        self._run: Callable[..., np.ndarray] | None = None
        self.batch = int(min(BATCH, max(1, HELD_BYTES // max(1, size))))

    def close(self) -> None:
        self._session.close()

    def reconstruct(self, signals: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """The reconstruction for each signal, in order.

        Args:
            signals: what goes backward from the layer, float32 of the shape of `features`.

        Yields:
            float32 [height, width, channels], unbounded; zeros where a signal is zero.
        """
        waiting: list[np.ndarray] = []
        blank: list[bool] = []
        for signal in signals:
            blank.append(self._result is None or not signal.any())
            if not blank[-1]:
                waiting.append(signal)
            if len(waiting) == self.batch:
                yield from self._in_order(waiting, blank)
                waiting, blank = [], []
        yield from self._in_order(waiting, blank)

    def _in_order(self, signals: list[np.ndarray], blank: list[bool]) -> Iterator[np.ndarray]:
        results = iter(self._backward(signals))
        for empty in blank:
            yield np.zeros(self.value.shape, np.float32) if empty else next(results)

    def _backward(self, signals: list[np.ndarray]) -> Iterable[np.ndarray]:
        if not signals:
            return []
        try:
            return self._call(np.stack(signals))
        except tf.errors.InvalidArgumentError:
            if len(signals) == 1:
                raise
            # Some graphs fix the batch at 1, by a constant of a Reshape for example.
            self.batch = 1
            return [self._call(signal[None])[0] for signal in signals]

    def _call(self, signals: np.ndarray) -> np.ndarray:
        if self._run is None:
            self._run = self._session.make_callable(self._result, [self.passes.signal, *self._held])
            self._repeated = [
                _repeated(value, tensor, len(signals))
                for value, tensor in zip(self._values, self._held, strict=True)
            ]
        held = [
            _first(repeated, value, tensor, len(signals))
            for repeated, value, tensor in zip(
                self._repeated, self._values, self._held, strict=True
            )
        ]
        results: np.ndarray = self._run(signals, *held)
        return results


def whole_maps(features: np.ndarray, maps: Sequence[int], method: str) -> Iterator[np.ndarray]:
    """Signals of whole feature maps.

    Deconvolution starts from the map itself, rectified as the paper's maps are; the other methods
    take the gradient of its sum. Where a map is zero everywhere the signal is zero, too: no
    gradient passes a rectifier that is off.
    """
    for channel in maps:
        signal = np.zeros_like(features)
        values = features[..., channel]
        if method == "deconvolution":
            signal[..., channel] = np.maximum(values, 0)
        else:
            signal[..., channel] = values.any()
        yield signal


def strongest_activations(
    features: np.ndarray, maps: Sequence[int], method: str
) -> Iterator[np.ndarray]:
    """Signals of the strongest single activation of each feature map, as in the paper's figures."""
    for channel, whole in zip(maps, whole_maps(features, maps, method), strict=True):
        signal = np.zeros_like(features)
        position = np.unravel_index(features[..., channel].argmax(), features.shape[:-1])
        signal[..., channel][position] = whole[..., channel][position]
        yield signal


def strongest_maps(features: np.ndarray, count: int | None = None) -> list[int]:
    """Feature maps by falling strongest activation; all in their own order if `count` is None."""
    depth = features.shape[-1]
    if count is None or count >= depth:
        return list(range(depth))
    peaks = np.nan_to_num(features.reshape(-1, depth).max(axis=0), nan=-np.inf)
    return [int(channel) for channel in np.argsort(-peaks, kind="stable")[:count]]


def _held(result: tf.Tensor, picture: tf.Tensor) -> list[tf.Tensor]:
    """Tensors of the forward pass that the backward pass to `result` reads."""
    dependent = {picture.op}
    for op in picture.graph.get_operations():
        if any(tensor.op in dependent for tensor in op.inputs):
            dependent.add(op)
    held: dict[str, tf.Tensor] = {}
    stack, seen = [result.op], {result.op}
    while stack:
        for tensor in stack.pop().inputs:
            if _is_forward(tensor.op, picture):
                if tensor.op in dependent:
                    held[tensor.name] = tensor
            elif tensor.op not in seen:
                seen.add(tensor.op)
                stack.append(tensor.op)
    return list(held.values())


def _is_forward(op: tf.Operation, picture: tf.Tensor) -> bool:
    return op is picture.op or op.name.startswith(f"{_SCOPE}/") or op.type in _FORWARD


def _repeated(value: np.ndarray, tensor: tf.Tensor, batch: int) -> np.ndarray:
    """What `tensor` would be, had the picture gone forward `batch` times in one batch."""
    if not _has_batch(value, tensor):
        return value
    size = value.nbytes * batch
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    repeated = memory[start : start + size].view(value.dtype)
    repeated.reshape(batch, *value.shape)[:] = value
    return repeated.reshape(batch * value.shape[0], *value.shape[1:])


def _first(repeated: np.ndarray, value: np.ndarray, tensor: tf.Tensor, batch: int) -> np.ndarray:
    """The part of a repeated value that belongs to the first `batch` pictures."""
    if tensor.op.type in _SHAPES:
        return np.concatenate([value[:1] * batch, value[1:]])
    return repeated[: batch * value.shape[0]] if _has_batch(value, tensor) else value


def _has_batch(value: np.ndarray, tensor: tf.Tensor) -> bool:
    return value.ndim > 0 and tensor.dtype != tf.int32
