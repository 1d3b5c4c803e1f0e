"""What the layers of a graph give for noise, at different sizes of picture."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.models.graph import constants, topology
from lucid_sprites.models.graph.large_constants import Weights, feed_large_constants
from lucid_sprites.models.graph.shapes import import_at
from lucid_sprites.recipe.layer_catalogue import InputSpec

# Lines of an error message that only say where.
_FRAME = re.compile(r"Graph execution error|Detected at node|Node: |\s")
PICTURES = 3
"""Tried at once: a number that no fixed reshape divides its features into by chance."""

_PARTS = ("shape", "unknown", "low", "high")
_Summary = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
# Edges of the squares of the noise, in pixels.
_SQUARES = (1, 4, 16)


@dataclass(frozen=True)
class Observation:
    """A layer on noise.

    Attributes:
        height, width: of the layer, None where it has none.
        finite: bool [depth], channels without NaN and infinite values.
        varies: bool [depth], channels that are not the same everywhere.
    """

    height: int | None
    width: int | None
    finite: np.ndarray
    varies: np.ndarray

    @property
    def constant(self) -> int:
        """How many channels are finite and the same everywhere."""
        return int((self.finite & ~self.varies).sum())

    @property
    def not_finite(self) -> int:
        """How many channels have NaN or infinite values."""
        return int((~self.finite).sum())


class Probe(Closing):
    """A graph that noise is fed to; use it as a context manager."""

    def __init__(
        self, light: GraphDef, weights: Weights, picture: InputSpec, layers: Sequence[str]
    ) -> None:
        """Import a graph that TensorFlow accepts for pictures of any size.

        Args:
            light: its large constants are empty.
            weights: these constants.
        """
        self._source = light
        self._picture = picture
        self._graph = tf.Graph()
        fed, self._weights = feed_large_constants(light, weights)
        with self._graph.as_default():
            size = (PICTURES, None, None, picture.channels)
            self._pictures = import_at(fed, picture.name, size)
            self._fetches = _summaries(self._graph, layers)
            self._windows = _windows(light, self._graph)
            self._session = tf.Session(config=tensorflow_start.session_config())

    def close(self) -> None:
        self._session.close()

    def observe(
        self, layers: Sequence[str], height: int, width: int
    ) -> tuple[dict[str, Observation], dict[str, str]]:
        """Noise of one size through `layers`; those that do not work at it with the reason."""
        noise = _noise((PICTURES, height, width, self._picture.channels))
        feed = {self._pictures: self._picture.in_range(noise), **self._weights}
        failed: dict[str, str] = {}
        while True:
            wanted = [name for name in layers if name not in failed]
            windows = [window for window in self._windows if not window.behind.isdisjoint(wanted)]
            fetches = [self._fetches[name] for name in wanted], [window.size for window in windows]
            try:
                values, sizes = self._session.run(fetches, feed)
            except tf.errors.OpError as error:
                failed |= self._behind(error, wanted)
                continue
            failed |= _behind_windows(windows, sizes, wanted)
            fine = [pair for pair in zip(wanted, values, strict=True) if pair[0] not in failed]
            return _observations(fine, failed)

    def _behind(self, error: tf.errors.OpError, wanted: list[str]) -> dict[str, str]:
        """The layers behind the node at which a run failed."""
        culprit = error.op.name if error.op is not None else ""
        if culprit not in topology.by_name(self._source):
            return dict.fromkeys(wanted, _what_happened(error))
        behind = topology.descendants(self._source, culprit)
        reason = f"{culprit}: {_what_happened(error)}"
        return {name: reason for name in wanted if name in behind}


def _what_happened(error: tf.errors.OpError) -> str:
    """The line of TensorFlow's message that says it."""
    lines = [line for line in error.message.splitlines() if line and not _FRAME.match(line)]
    return lines[0] if lines else type(error).__name__


@dataclass(frozen=True)
class _Window:
    """A convolution without padding.

    Attributes:
        node: its name.
        reach: height and width of its kernel, with what lies between.
        size: shape of what it looks at.
        behind: names of all nodes that depend on it, its own with them.
    """

    node: str
    reach: tuple[int, int]
    size: tf.Tensor
    behind: set[str]


def _windows(source: GraphDef, graph: tf.Graph) -> list[_Window]:
    nodes = topology.by_name(source)
    windows = []
    for node in source.node:
        kernel = constants.shape(node.input[1], nodes) if node.op in _CONVOLUTIONS else None
        if kernel is None or node.attr["padding"].s != b"VALID":
            continue
        dilations = [*node.attr["dilations"].list.i, 1, 1, 1, 1][1:3]
        height, width = (
            (edge - 1) * (step or 1) + 1 for edge, step in zip(kernel[:2], dilations, strict=True)
        )
        if max(height, width) > 1:
            size = tf.shape(graph.get_operation_by_name(node.name).inputs[0])
            behind = topology.descendants(source, node.name)
            windows.append(_Window(node.name, (height, width), size, behind))
    return windows


def _behind_windows(
    windows: list[_Window], sizes: list[np.ndarray], wanted: list[str]
) -> dict[str, str]:
    """The layers behind convolutions that are larger than what is left of the picture.

    Some of TensorFlow's kernels give something there, others fail.
    """
    failed: dict[str, str] = {}
    for window, size in zip(windows, sizes, strict=True):
        if size[1] < window.reach[0] or size[2] < window.reach[1]:
            reason = (
                f"{window.node}: its kernel of {window.reach[0]} x {window.reach[1]} is larger "
                f"than the {size[1]} x {size[2]} that are left of the picture"
            )
            failed |= {name: reason for name in wanted if name in window.behind}
    return failed


def _observations(
    values: list[tuple[str, _Summary]], failed: dict[str, str]
) -> tuple[dict[str, Observation], dict[str, str]]:
    observations = {}
    for name, (shape, unknown, low, high) in values:
        if len(shape) not in (2, 4) or shape[0] != PICTURES:
            failed[name] = f"its shape is {shape.tolist()} for {PICTURES} pictures"
            continue
        if 0 in shape:
            failed[name] = "nothing is left of the picture"
            continue
        finite = np.isfinite(low) & np.isfinite(high) & ~unknown
        height, width = map(int, shape[1:3]) if len(shape) == 4 else (None, None)
        observations[name] = Observation(height, width, finite, finite & (high > low))
    return observations, failed


def _summaries(graph: tf.Graph, layers: Sequence[str]) -> dict[str, list[tf.Tensor]]:
    """Of each layer its shape and, of each channel, whether it has any NaN, and its extremes.

    Written as a graph and imported at once: made one by one, the operations of a thousand layers
    take longer than all the rest.
    """
    summary = GraphDef()
    summary.node.extend([constants.node("zero", np.int32(0)), constants.node("one", np.int32(1))])
    tensors = [graph.get_tensor_by_name(f"{name}:0") for name in layers]
    for number, tensor in enumerate(tensors):
        summary.node.extend(_summary_nodes(number, tensor.dtype))
    inputs = {f"layer{number}:0": tensor for number, tensor in enumerate(tensors)}
    wanted = [f"{part}{number}:0" for number in range(len(tensors)) for part in _PARTS]
    results = tf.import_graph_def(summary, inputs, wanted, name="summary") if tensors else []
    count = len(_PARTS)
    return {name: results[count * n : count * (n + 1)] for n, name in enumerate(layers)}


def _summary_nodes(number: int, kind: tf.DType) -> Iterator[NodeDef]:
    """What is computed of one layer; the channels are its last axis."""
    given, layer, axes = f"layer{number}", f"values{number}", f"axes{number}"
    yield _operation(f"shape{number}", "Shape", given, T=kind)
    yield _operation(f"rank{number}", "Rank", given, T=kind)
    yield _operation(f"last{number}", "Sub", f"rank{number}", "one", T=tf.int32)
    yield _operation(f"before{number}", "Maximum", f"last{number}", "zero", T=tf.int32)
    yield _operation(axes, "Range", "zero", f"before{number}", "one", Tidx=tf.int32)
    yield _operation(layer, "Cast", given, SrcT=kind, DstT=tf.float32)
    yield _operation(f"nan{number}", "IsNan", layer, T=tf.float32)
    yield _operation(f"unknown{number}", "Any", f"nan{number}", axes, Tidx=tf.int32)
    yield _operation(f"low{number}", "Min", layer, axes, T=tf.float32, Tidx=tf.int32)
    yield _operation(f"high{number}", "Max", layer, axes, T=tf.float32, Tidx=tf.int32)


def _operation(name: str, operation: str, *inputs: str, **types: tf.DType) -> NodeDef:
    node = NodeDef(name=name, op=operation, input=inputs)
    for key, kind in types.items():
        node.attr[key].type = kind.as_datatype_enum
    return node


def _noise(size: tuple[int, int, int, int]) -> np.ndarray:
    """Pictures of coloured squares in 0..1."""
    _, height, width, channels = size
    random = np.random.default_rng(0)
    pictures = []
    for square in _SQUARES:
        coarse = random.random((-(-height // square), -(-width // square), channels), np.float32)
        pictures.append(coarse.repeat(square, 0).repeat(square, 1)[:height, :width])
    return np.stack(pictures)
