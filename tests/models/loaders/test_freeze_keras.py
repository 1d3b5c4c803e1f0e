"""Frozen Keras models compute what the models do, under the names of their layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.freeze_keras import freeze, freeze_light


@pytest.fixture(autouse=True)
def same_weights():
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)


def run(graph_def, tensor, feed):
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(tensor, feed)


def pictures(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def disturbed_batch_norms(model):
    """Moving averages as after training, so that inference differs from training."""
    random = np.random.default_rng(3)
    for weight in model.weights:
        if "moving" in weight.path or "gamma" in weight.path:
            weight.assign(random.uniform(0.5, 2, weight.shape))
    return model


def everything():
    x = picture = keras.Input((24, 24, 3), name="picture")
    x = keras.layers.Rescaling(2.0, -1, name="rescale")(x)
    x = keras.layers.RandomRotation(0.5)(x)
    x = keras.layers.Conv2D(4, 3, name="conv2d", activation="swish")(x)
    x = keras.layers.BatchNormalization(name="bn")(x)
    x = keras.layers.Conv2D(4, 3, name="conv2d_1", activation="relu")(x)
    x = keras.layers.SeparableConv2D(5, 3, name="separable", activation="relu")(x)
    inner = keras.Sequential(
        [keras.Input((18, 18, 5)), keras.layers.Conv2D(6, 3, name="deep")], name="inner"
    )
    x = keras.layers.Dropout(0.9)(inner(x))
    x = keras.layers.LeakyReLU(name="leaky")(x)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    x = keras.layers.Dense(3, activation="softmax", name="out")(x)
    return disturbed_batch_norms(keras.Model(picture, x, name="everything"))


def test_frozen_model_computes_what_the_model_does_in_inference():
    model = everything()
    batch = pictures(5, 24, 24, 3)
    frozen = run(freeze(model), "out/Softmax:0", {"picture:0": batch})
    np.testing.assert_allclose(frozen, model(batch, training=False), atol=1e-6)
    assert np.abs(frozen - np.asarray(model(batch, training=True))).max() > 1e-3


def test_nodes_are_called_after_their_layers():
    graph = freeze(everything())
    ops = {node.name: node.op for node in graph.node}
    assert ops["picture"] == "Placeholder"
    assert ops["conv2d/convolution"] == ops["conv2d_1/convolution"] == "Conv2D"
    assert ops["conv2d_1/Relu"] == ops["separable/Relu"] == "Relu"
    assert ops["separable/separable_conv2d/depthwise"] == "DepthwiseConv2dNative"
    assert ops["inner/deep/convolution"] == "Conv2D"
    assert ops["leaky/LeakyRelu"] == "LeakyRelu"
    assert not [name for name in ops if name.startswith("everything")]


def test_graph_is_plain():
    graph = freeze(everything())
    assert not graph.library.function
    ops = {node.op for node in graph.node}
    assert not ops & {"IdentityN", "NoOp", "StatefulPartitionedCall", "VarHandleOp", "While", "If"}
    assert not [node.name for node in graph.node if "_gradient_op_type" in node.attr]
    assert [node.name for node in graph.node if node.op == "Placeholder"] == ["picture"]


def test_swish_has_its_own_gradient():
    x = picture = keras.Input((4, 4, 1), name="picture")
    model = keras.Model(picture, keras.layers.Activation("swish", name="swish")(x))
    batch = pictures(1, 4, 4, 1)
    with tf.Graph().as_default() as graph:
        fed = tf.constant(batch)
        (out,) = tf.import_graph_def(
            freeze(model), {"picture": fed}, return_elements=["swish/IdentityN:0"], name=""
        )
        (gradient,) = tf.gradients(tf.reduce_sum(out), fed)
        with tf.compat.v1.Session(graph=graph) as session:
            value = session.run(gradient)
    sigmoid = 1 / (1 + np.exp(-batch))
    np.testing.assert_allclose(value, sigmoid * (1 + batch * (1 - sigmoid)), atol=1e-5)


def test_a_layer_that_is_used_twice_keeps_one_scope():
    picture = keras.Input((8, 8, 2), name="picture")
    shared = keras.layers.Conv2D(2, 3, padding="same", name="shared", activation="relu")
    model = keras.Model(picture, shared(shared(picture)))
    graph = freeze(model)
    ops = {node.name: node.op for node in graph.node}
    assert ops["shared/Relu"] == ops["shared/Relu_1"] == "Relu"
    batch = pictures(2, 8, 8, 2)
    np.testing.assert_allclose(
        run(graph, "shared/Relu_1:0", {"picture:0": batch}), model(batch), atol=1e-6
    )


def test_several_inputs_and_outputs():
    left, right = keras.Input((6, 6, 1), name="left"), keras.Input((6, 6, 1), name="right")
    total = keras.layers.Add(name="total")([left, right])
    product = keras.layers.Multiply(name="product")([left, right])
    model = keras.Model({"left": left, "right": right}, [total, product])
    feed = {"left:0": pictures(1, 6, 6, 1), "right:0": 2 * pictures(1, 6, 6, 1)}
    names = {node.op: f"{node.name}:0" for node in freeze(model).node}
    added, multiplied = run(freeze(model), [names["AddV2"], names["Mul"]], feed)
    np.testing.assert_allclose(added, 3 * feed["left:0"], atol=1e-6)
    np.testing.assert_allclose(multiplied, 2 * feed["left:0"] ** 2, atol=1e-6)


@keras.saving.register_keras_serializable("tests")
class Loop(keras.layers.Layer):
    """Doubles until the mean is above 1: control flow that depends on the input."""

    def call(self, x):
        return tf.while_loop(lambda y: tf.reduce_mean(y) < 1, lambda y: [2 * y], [x])[0]


def test_control_flow_is_lowered():
    picture = keras.Input((4, 4, 1), name="picture", batch_size=1)
    loop = Loop(name="loop")
    doubled = loop(picture)
    model = keras.Model(picture, keras.layers.ReLU(name="relu")(doubled))
    graph = freeze(model)
    assert not graph.library.function
    assert "Switch" in {node.op for node in graph.node}
    frozen = run(graph, "relu/Relu:0", {"picture:0": np.full((1, 4, 4, 1), 0.3, np.float32)})
    np.testing.assert_allclose(frozen, np.full((1, 4, 4, 1), 1.2), rtol=1e-6)


def test_keras_2_models_freeze_too():
    tf_keras = pytest.importorskip("tf_keras")
    model = tf_keras.Sequential(
        [
            tf_keras.layers.Conv2D(3, 3, activation="relu", name="conv", input_shape=(9, 9, 1)),
            tf_keras.layers.BatchNormalization(name="bn"),
        ],
        name="old",
    )
    graph = freeze(model)
    ops = {node.name: node.op for node in graph.node}
    assert ops["conv/Relu"] == "Relu"
    (placeholder,) = (name for name, op in ops.items() if op == "Placeholder")
    batch = pictures(2, 9, 9, 1)
    batch_norm = next(name for name, op in ops.items() if op.startswith("FusedBatchNorm"))
    np.testing.assert_allclose(
        run(graph, f"{batch_norm}:0", {f"{placeholder}:0": batch}), model(batch), atol=1e-6
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16", "float64"])
def test_large_weights_of_every_type(policy):
    wide = keras.layers.Dense(300, name="wide", dtype=keras.DTypePolicy(policy))
    model = keras.Sequential([keras.Input((300,), name="vector"), wide], name="m")
    batch = pictures(2, 300)
    (name,) = (node.name for node in freeze(model).node if node.op.startswith("BiasAdd"))
    frozen = run(freeze(model), f"{name}:0", {"vector:0": batch})
    np.testing.assert_allclose(
        frozen.astype(np.float32), np.asarray(model(batch)).astype(np.float32), rtol=1e-2, atol=1e-2
    )


def test_what_is_frozen_stays_when_the_model_is_trained_on():
    model = keras.Sequential([keras.Input((300,), name="vector"), keras.layers.Dense(300)])
    light, weights = freeze_light(model)
    (before,) = (np.array(value) for value in weights.values())
    model.layers[0].kernel.assign(np.zeros((300, 300)))
    np.testing.assert_array_equal(*weights.values(), before)
    assert light.ByteSize() < 10_000


def test_freezing_twice_gives_the_same_bytes_and_leaves_keras_as_it_was():
    model = everything()
    scope = keras.layers.Layer._open_name_scope
    first, second = (freeze(model).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second
    assert keras.layers.Layer._open_name_scope is scope


def test_a_model_without_a_known_input_is_refused():
    class Unbuilt(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(UserError, match="'nameless' does not know the shape of its input"):
        freeze(Unbuilt(name="nameless"))


def test_a_sequential_model_from_a_file(tmp_path):
    picture, conv = keras.Input((9, 9, 1), name="picture"), keras.layers.Conv2D(2, 3, name="conv")
    keras.Sequential([picture, conv]).save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", compile=False)
    batch = pictures(2, 9, 9, 1)
    graph = freeze(model)
    (placeholder,) = (node.name for node in graph.node if node.op == "Placeholder")
    frozen = run(graph, "conv/BiasAdd:0", {f"{placeholder}:0": batch})
    np.testing.assert_allclose(frozen, model(batch), atol=1e-6)
