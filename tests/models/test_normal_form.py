"""Quirks of graphs as they are met in the wild, each in a small graph, made normal."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import EDGES
from lucid_sprites.errors import UserError
from lucid_sprites.models.catalogue import describe, pruned_to_layers
from lucid_sprites.models.graph import topology
from lucid_sprites.models.normal_form.normalize import normalize
from tiny_graphs import frozen

RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.normal(size=(3, 3, 3, 4)).astype(np.float32)
SECOND = RANDOM.normal(size=(3, 3, 4, 5)).astype(np.float32)
PICTURES = RANDOM.uniform(0, 1, (2, 8, 8, 3)).astype(np.float32)


def conv(x, kernel=KERNEL, name="conv", **options):
    return tf.nn.conv2d(x, kernel, strides=1, padding="SAME", name=name, **options)


def placeholder(shape=(None, None, None, 3), dtype=tf.float32, name="picture"):
    return tf.placeholder(dtype, shape, name=name)


def made(build, **options):
    return normalize(frozen(build), options, "graph.pb")


def run(graph, feeds, layer):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph, name="")
        return session.run(f"{layer}:0", {f"{name}:0": value for name, value in feeds.items()})


def values(form, layer, pictures=PICTURES):
    return run(form.graph, {form.picture.name: pictures}, layer)


def plain(build, layer, pictures=PICTURES):
    """What the ordinary graph that `build` makes gives."""
    return run(frozen(build), {"picture": pictures}, layer)


def layers(form):
    return {each.name: each for each in describe(form, EDGES, "graph.pb").layers}


def assert_same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def expected_conv():
    return plain(lambda: conv(placeholder()), "conv")


def test_bytes_become_floats():
    def build():
        x = tf.image.convert_image_dtype(placeholder(dtype=tf.uint8), tf.float32)
        conv(tf.transpose(x, [0, 1, 2, 3]))

    form = made(build)
    assert (form.picture.low, form.picture.high, form.picture.known["range"]) == (0, 255, "read")
    assert_same(values(form, "conv", 255 * PICTURES), expected_conv())


@pytest.mark.parametrize("dtype", [tf.float16, tf.float64])
def test_other_precisions_take_a_float_picture(dtype):
    def build():
        kernel = KERNEL.astype(dtype.as_numpy_dtype)
        tf.nn.relu(conv(placeholder(dtype=dtype), kernel), name="relu")

    form = made(build)
    found = values(form, "relu").astype(np.float32)
    np.testing.assert_allclose(found, np.maximum(expected_conv(), 0), atol=0.05)
    assert layers(form)["relu"].depth == 4


def branches(condition):
    """x + 1 or x * 2, by Switch and Merge as TensorFlow 1 wrote them."""
    x = conv(placeholder())
    off, on = tf.raw_ops.Switch(data=x, pred=condition)
    merged = tf.raw_ops.Merge(inputs=[tf.add(off, 1.0), tf.multiply(on, 2.0)])
    return tf.nn.relu(merged.output, name="relu")


def test_a_switch_of_training_is_off():
    form = made(lambda: branches(tf.placeholder(tf.bool, [], name="phase_train")))
    assert_same(values(form, "relu"), np.maximum(expected_conv() + 1, 0))
    assert form.notes == ["placeholder phase_train: false (assumed)"]
    assert not {"Switch", "Merge"} & {node.op for node in form.graph.node}


def test_a_default_of_training_is_overruled():
    form = made(lambda: branches(tf.placeholder_with_default(True, [], name="is_training")))
    assert_same(values(form, "relu"), np.maximum(expected_conv() + 1, 0))
    assert form.notes == ["placeholder is_training: false (assumed; its default is true)"]


def test_a_switch_can_be_set():
    form = made(lambda: branches(tf.placeholder(tf.bool, [], name="on")), values={"on": True})
    assert_same(values(form, "relu"), np.maximum(expected_conv() * 2, 0))


def test_a_condition_that_is_computed_from_constants_is_decided():
    form = made(lambda: branches(tf.logical_not(tf.constant(False))))
    assert_same(values(form, "relu"), np.maximum(expected_conv() * 2, 0))


@pytest.mark.parametrize(
    ("name", "value"), [("keep_prob", 1.0), ("dropout_rate", 0.0), ("retain", 1.0)]
)
def test_shares_of_dropout_are_assumed(name, value):
    form = made(lambda: tf.multiply(conv(placeholder()), tf.placeholder(tf.float32, [], name=name),
                                    name="product"))  # fmt: skip
    assert form.notes == [f"placeholder {name}: {value} (assumed)"]
    assert_same(values(form, "product"), value * expected_conv())


def test_a_value_for_what_is_no_placeholder_is_refused():
    with pytest.raises(UserError) as caught:
        made(lambda: conv(placeholder()), values={"keep": 1})
    assert "'keep' is no placeholder; there are picture" in str(caught.value)


def test_dropout_keeps_everything_and_noise_is_at_its_mean():
    def build():
        x = conv(placeholder())
        shape = tf.shape(x)
        kept = tf.floor(0.5 + tf.random_uniform(shape, seed=3, name="mask"))
        tf.add(x * kept, tf.random_normal(shape, seed=4, name="noise"), name="out")

    form = made(build)
    assert_same(values(form, "out"), expected_conv())
    assert "random numbers replaced by constants" in form.notes[0]


def test_a_batch_of_one_is_made_free():
    def build():
        x = conv(placeholder([1, 8, 8, 3]))
        flat = tf.reshape(x, [1, 8 * 8 * 4])
        tf.reshape(tf.nn.relu(flat, name="relu"), [1, -1, 4], name="rows")

    form = made(build)
    assert_same(values(form, "relu"), np.maximum(expected_conv(), 0).reshape(2, -1))
    assert values(form, "rows").shape == (2, 64, 4)
    assert layers(form)["relu"].needs


def test_a_transposed_convolution_takes_any_size():
    def build():
        kernel = np.ones((2, 2, 3, 4), np.float32)
        x = conv(placeholder([1, 8, 8, 3]))
        tf.nn.conv2d_transpose(x, kernel, [1, 16, 16, 3], [1, 2, 2, 1], name="up")

    form = made(build)
    assert values(form, "up").shape == (2, 16, 16, 3)
    large = np.zeros((3, 12, 10, 3), np.float32)
    assert values(form, "up", large).shape == (3, 24, 20, 3)
    assert layers(form)["up"].needs is None


SCALE, OFFSET = (RANDOM.uniform(0.5, 1.5, 4).astype(np.float32) for _ in range(2))


def channels_last():
    x = conv(placeholder())
    x = tf.nn.relu(tf.nn.bias_add(x, OFFSET), name="relu1")
    x, _, _ = tf.compat.v1.nn.fused_batch_norm(x, SCALE, OFFSET, OFFSET, SCALE, is_training=False)
    x = tf.nn.max_pool2d(tf.pad(x, [[0, 0], [1, 0], [0, 1], [0, 0]]), 2, 2, "VALID")
    x = tf.concat([x * SCALE, tf.nn.sigmoid(x, name="gate")], -1, name="joined")
    tf.reduce_mean(x, [1, 2], name="mean")


def channels_first():
    x = conv(placeholder([None, 3, None, None]), data_format="NCHW")
    x = tf.nn.relu(tf.nn.bias_add(x, OFFSET, data_format="NCHW"), name="relu1")
    x, _, _ = tf.compat.v1.nn.fused_batch_norm(
        x, SCALE, OFFSET, OFFSET, SCALE, is_training=False, data_format="NCHW"
    )
    x = tf.nn.max_pool2d(tf.pad(x, [[0, 0], [0, 0], [1, 0], [0, 1]]), 2, 2, "VALID", "NCHW")
    x = tf.concat([x * SCALE[:, None, None], tf.nn.sigmoid(x, name="gate")], 1, name="joined")
    tf.reduce_mean(x, [2, 3], name="mean")


@pytest.mark.parametrize("layer", ["relu1", "gate", "joined", "mean"])
def test_channels_first_give_what_channels_last_give(layer):
    form = made(channels_first)
    assert form.picture.channels == 3
    assert_same(values(form, layer), plain(channels_last, layer))


def test_transposes_around_convolutions_are_seen_through():
    def build():
        x = placeholder([1, 3, 8, 8])
        for number, kernel in enumerate((KERNEL, SECOND)):
            last = conv(tf.transpose(x, [0, 2, 3, 1]), kernel, name=f"conv{number}")
            x = tf.nn.relu(tf.transpose(last, [0, 3, 1, 2]), name=f"relu{number}")

    form = made(build)
    first = np.maximum(expected_conv(), 0)
    second = plain(lambda: tf.nn.relu(conv(placeholder((None, None, None, 4)), SECOND), name="r"),
                   "r", first)  # fmt: skip
    assert_same(values(form, "relu1"), second)
    assert {name: each.depth for name, each in layers(form).items() if "relu" in name} == {
        "relu0": 4,
        "relu1": 5,
    }


def test_bgr_and_a_mean_are_put_in_front():
    form = made(lambda: conv(placeholder()), order="bgr", mean=[0.3, 0.2, 0.1])
    turned = PICTURES[..., ::-1] - np.float32([0.1, 0.2, 0.3])
    assert_same(values(form, "conv"), plain(lambda: conv(placeholder()), "conv", turned))


def test_pictures_are_less_a_mean_and_divided_by_a_deviation_of_the_config():
    mean, deviation = [0.1, 0.2, 0.3], [0.5, 0.25, 2.0]
    form = made(lambda: conv(placeholder()), mean=mean, deviation=deviation, range=[0, 1])
    fed = (PICTURES - np.float32(mean)) / np.float32(deviation)
    assert_same(values(form, "conv"), plain(lambda: conv(placeholder()), "conv", fed))
    assert "pictures are divided by [0.5, 0.25, 2.0] for the graph" in form.notes
    with pytest.raises(UserError, match=r"input.deviation has 2 numbers .* of 3 channels"):
        made(lambda: conv(placeholder()), deviation=[1, 1])


def test_the_config_says_which_channels_are_shown():
    def bands():
        conv(placeholder((None, None, None, 5)), np.ones((3, 3, 5, 4), np.float32))

    assert made(bands).picture.shown is None
    assert "of 5 channels sprites show 0, 1, 2 as red, green, blue; " in made(bands).notes[-1]
    form = made(bands, shown=[4, 2, 0])
    assert form.picture.shown == [4, 2, 0]
    assert form.picture.as_dict()["shown"] == [4, 2, 0]
    assert "of 5 channels sprites show 4, 2, 0 as red" in form.notes[-1]
    assert made(bands, shown=[3]).notes[-1] == "of 5 channels sprites show 3, in grey"
    for shown in ([0, 1], [0, 1, 5]):
        with pytest.raises(
            UserError, match=r"input.shown is \[0, 1.*of the picture's 5, numbered from 0"
        ):
            made(bands, shown=shown)
    plain_form = made(lambda: conv(placeholder()))
    assert "shown" not in plain_form.picture.as_dict()
    assert not any("channels sprites show" in note for note in plain_form.notes)


def test_a_size_that_the_graph_does_not_say_comes_from_the_config():
    def flat():
        tf.matmul(tf.reshape(conv(placeholder()), [-1, 10 * 6 * 4]), np.ones((240, 2), np.float32),
                  name="flat")  # fmt: skip

    form = made(flat, size=[10, 6])
    assert (form.picture.height, form.picture.width) == (10, 6)
    assert form.picture.known["shape"] == "config"
    assert layers(form)["flat"].needs == [10, 6]
    assert "flat" not in layers(made(flat))


def test_a_mean_in_the_order_of_bgr_is_recognized():
    form = made(lambda: conv(placeholder() - np.float32([103.9, 116.8, 123.7])))
    assert (form.picture.order, form.picture.known["order"]) == ("bgr", "inferred")
    assert (form.picture.low, form.picture.high) == (0, 255)


def test_a_pipeline_is_cut_in_front_of_what_prepares_pictures():
    def build():
        decoded = tf.io.decode_jpeg(tf.constant(b"", name="file"), channels=3)
        resized = tf.image.resize(tf.cast(decoded, tf.float32)[None], [8, 8], name="sized")
        conv((resized - 128.0) * (1 / 128))

    form = made(build)
    assert (form.picture.low, form.picture.high) == (0.0, 255.0)
    assert_same(values(form, "conv", 128 + 128 * PICTURES), expected_conv())


def test_a_queue_is_cut():
    def build():
        queue = tf.FIFOQueue(4, [tf.float32, tf.int32], [[1, 8, 8, 3], [1]])
        pictures, _ = queue.dequeue(name="next")
        tf.nn.relu(conv(pictures), name="relu")

    form = made(build)
    assert form.picture.name == "next"
    assert_same(values(form, "relu"), np.maximum(expected_conv(), 0))


def test_function_calls_are_inlined():
    @tf.function
    def block(x):
        return tf.nn.relu(conv(x), name="relu")

    form = made(lambda: tf.identity(block(placeholder()), name="out"))
    (relu,) = [node.name for node in form.graph.node if node.op == "Relu"]
    assert_same(values(form, relu), np.maximum(expected_conv(), 0))


def swish(x):
    return tf.multiply(x, tf.nn.sigmoid(1.5 * x), name="out")


def hard_swish(x):
    return tf.multiply(x, tf.nn.relu6(x + 3.0) * (1 / 6), name="out")


def prelu(x):
    return tf.add(tf.nn.relu(x), OFFSET * (x - tf.abs(x)) * 0.5, name="out")


def leaky(x):
    return tf.maximum(x, 0.1 * x, name="out")


def gelu(x):
    return tf.multiply(0.5 * x, 1.0 + tf.math.erf(x / np.float32(np.sqrt(2))), name="out")


@pytest.mark.parametrize("nonlinearity", [swish, hard_swish, prelu, leaky, gelu])
def test_nonlinearities_that_are_written_out_are_activations(nonlinearity):
    found = layers(made(lambda: conv(nonlinearity(conv(placeholder())), SECOND, name="next")))
    kinds = {name: each.kind for name, each in found.items()}
    assert [name for name, kind in kinds.items() if kind == "activation"] == ["out"]


def test_a_residual_is_no_activation_but_what_it_adds_is():
    def build():
        x = tf.nn.relu(conv(placeholder()), name="first")
        tf.add(x, tf.nn.relu(conv(x, np.ones((1, 1, 4, 4), np.float32), "c2"), "second"), "sum")

    kinds = {name: each.kind for name, each in layers(made(build)).items()}
    assert (kinds["first"], kinds["second"], kinds["sum"]) == ("activation", "activation", "norm")


def test_layers_without_a_gradient_are_not_offered():
    def build():
        x = conv(placeholder())
        tf.nn.relu(tf.round(x, name="steps"), name="relu")

    form = made(build)
    described = describe(form, EDGES, "graph.pb")
    assert [each.name for each in described.layers] == ["conv"]
    assert described.other["relu"] == "no gradient passes steps (Round)"


def test_broken_and_silent_channels_are_counted():
    kernel = KERNEL.copy()
    kernel[0, 0, 0, 1], kernel[..., 2] = np.nan, 0
    found = layers(made(lambda: conv(placeholder(), kernel)))["conv"]
    assert (found.not_finite, found.constant) == (1, 1)


def test_a_global_mean_takes_any_size_and_a_flat_layer_its_own():
    def build():
        x = tf.nn.relu(conv(placeholder([None, 8, 8, 3])), name="relu")
        tf.matmul(tf.reduce_mean(x, [1, 2]), np.ones((4, 2), np.float32), name="free")
        tf.matmul(tf.reshape(x, [-1, 256]), np.ones((256, 2), np.float32), name="flat")

    needs = {name: each.needs for name, each in layers(made(build)).items()}
    assert (needs["relu"], needs["free"], needs["flat"]) == (None, None, [8, 8])


def test_files_are_never_read_or_written_by_a_graph(tmp_path):
    target = tmp_path / "written"

    def build():
        with tf.control_dependencies([tf.io.write_file(str(target), "x")]):
            scale = tf.constant(2.0)
        secret = tf.strings.to_number(tf.io.read_file(str(tmp_path / "secret")), tf.float32)
        conv(placeholder() * scale)
        tf.nn.relu(conv(placeholder(name="second") * secret), name="relu")

    form = made(build, name="picture")
    assert "conv" in layers(form)
    assert not target.exists()


def test_only_what_layers_need_is_kept():
    form = made(lambda: tf.nn.relu(conv(placeholder()), name="relu"))
    described = describe(form, EDGES, "graph.pb")
    kept = pruned_to_layers(form.graph, described)
    assert {node.name for node in kept.node} >= {"picture", "conv", "relu"}
    assert set(topology.by_name(kept)) <= set(topology.by_name(form.graph))


def test_a_digest_follows_what_a_layer_is_computed_from():
    def network(first, second, scope):
        def build():
            with tf.name_scope(scope):
                x = tf.nn.relu(conv(placeholder(), first, name="a"), name="relu")
                conv(x, second, name="b")

        named = layers(made(build))
        return [each.content for each in named.values()]

    base = network(KERNEL, SECOND, "one")
    assert network(KERNEL, SECOND, "other") == base
    changed_end = network(KERNEL, 2 * SECOND, "one")
    assert changed_end[:2] == base[:2] and changed_end[2] != base[2]
    changed_start = network(2 * KERNEL, SECOND, "one")
    assert not set(changed_start) & set(base)
