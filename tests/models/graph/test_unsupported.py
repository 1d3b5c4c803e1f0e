"""Graphs that cannot be visualized: the cause is named, with a way out."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.models.convert import UnforeseenError, convert
from lucid_sprites.models.graph import unsupported
from lucid_sprites.models.loaders.load_model import Loaded
from tiny_graphs import frozen, small

KERNEL = np.random.RandomState(0).normal(size=(3, 3, 3, 3)).astype(np.float32) / 5


@pytest.fixture(params=[False, True], ids=["frames", "functions"])
def loops_as_functions(request) -> bool:
    """Both ways in which TensorFlow writes loops; the default comes back afterwards."""
    (tf.enable_control_flow_v2 if request.param else tf.disable_control_flow_v2)()
    yield request.param
    tf.enable_control_flow_v2()


def pyramid() -> GraphDef:
    """As MTCNN: a loop looks at the picture in several sizes."""

    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")

        def look(step: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            scaled = tf.image.resize_bilinear(picture, [16 + 8 * step, 16 + 8 * step])
            seen = tf.nn.relu(tf.nn.conv2d(scaled, KERNEL, strides=1, padding="SAME"))
            return step + 1, total + tf.reduce_mean(seen)

        tf.while_loop(lambda step, _: step < 3, look, [tf.constant(0), tf.constant(0.0)])

    return frozen(build)


def beside_a_loop() -> GraphDef:
    """As a detector of the Object Detection API: loops before and behind the layers."""

    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        prepared = tf.map_fn(lambda each: each / 2, picture)
        seen = tf.nn.relu(tf.nn.conv2d(prepared, KERNEL, strides=1, padding="SAME"))
        tf.map_fn(lambda each: each * 2, seen)

    return frozen(build)


def quantized() -> GraphDef:
    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, 32, 32, 3], name="picture")
        numbers, low, high = tf.quantize(picture, -1.0, 1.0, tf.quint8)
        kernel = tf.bitcast(tf.constant(np.ones((3, 3, 3, 4), np.uint8)), tf.quint8)
        tf.raw_ops.QuantizedConv2D(
            input=numbers,
            filter=kernel,
            min_input=low,
            max_input=high,
            min_filter=-1.0,
            max_filter=1.0,
            strides=[1, 1, 1, 1],
            padding="SAME",
        )

    return frozen(build)


def fake_quantized() -> GraphDef:
    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = tf.quantization.fake_quant_with_min_max_args(KERNEL)
        tf.nn.relu(tf.nn.conv2d(picture, kernel, strides=1, padding="SAME"))

    return frozen(build)


def converted(graph: GraphDef, load: Callable[[], Loaded] | None = None) -> list[str]:
    """The layers of a graph as the import finds them."""
    _, catalogue = convert(load or (lambda: Loaded(graph)), {}, [68], "net.pb")
    return [layer.op for layer in catalogue.layers]


def test_a_loop_around_the_layers_is_named(loops_as_functions):
    with pytest.raises(UserError) as caught:
        converted(pyramid())
    assert str(caught.value).startswith("net.pb: ")
    assert "layers of the graph lie inside a loop (`" in str(caught.value)
    assert "export the network inside the loop" in str(caught.value)
    assert "Graph execution error" not in str(caught.value)


def test_loops_that_hold_no_layers_are_no_cause(loops_as_functions):
    assert unsupported.cause(beside_a_loop()) is None


def test_a_quantized_graph_is_named():
    message = r"net\.pb: .*; the graph is quantized \(QuantizedConv2D\): .* in floats"
    with pytest.raises(UserError, match=message):
        converted(quantized())


def test_a_graph_of_quantization_aware_training_is_taken():
    assert "Conv2D" in converted(fake_quantized())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("odd\nmore"), "(ValueError: odd)"),
        (ZeroDivisionError(), "(ZeroDivisionError)"),
        (RecursionError("too deep"), "(RecursionError: too deep)"),
    ],
)
def test_what_nobody_foresaw_is_one_message(error, said):
    def fail() -> Loaded:
        raise error

    with pytest.raises(UnforeseenError) as caught:
        converted(small(), fail)
    message = str(caught.value)
    assert message.startswith(f"net.pb: reading it failed {said}; nobody foresaw that")
    assert "please report it" in message
    assert "\n" not in message


def test_exhausted_memory_stays_what_it_is():
    def fail() -> Loaded:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    with pytest.raises(MemoryError, match="OOM"):
        converted(small(), fail)
