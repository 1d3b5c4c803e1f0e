"""What is found out about the picture that a graph expects."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import picture as find
from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe.layer_catalogue import InputSpec
from tiny_graphs import frozen, small

MEAN = np.array([123.15, 115.9, 103.06], np.float32)


def placeholder(name="picture", shape=(None, None, None, 3), dtype=tf.float32):
    return tf.placeholder(dtype, shape, name=name)


def convolve(pictures, channels=3):
    kernel = np.ones((3, 3, channels, 2), np.float32)
    return tf.nn.conv2d(pictures, kernel, strides=1, padding="SAME")


def found(build, overrides=None) -> InputSpec:
    return find(frozen(build), overrides)


def message(build, overrides=None) -> str:
    with pytest.raises(UserError) as caught:
        found(build, overrides)
    return str(caught.value)


def test_a_plain_graph_is_read_and_its_range_assumed():
    picture = find(small())
    known = {"name": "read", "shape": "read", "range": "assumed", "order": "assumed"}
    assert picture == InputSpec("picture", None, None, 3, 0.0, 1.0, known)


def test_plain_data_make_the_same_input_again():
    picture = find(small())
    assert InputSpec(**picture.as_dict()) == picture


@pytest.mark.parametrize(
    ("between", "low", "high", "known"),
    [
        (lambda x: x, 0, 1, "assumed"),
        (lambda x: tf.identity(x), 0, 1, "assumed"),
        # Means and scales that only bytes have.
        (lambda x: x - MEAN, 0, 255, "inferred"),
        (lambda x: x + -MEAN, 0, 255, "inferred"),
        (lambda x: tf.nn.bias_add(x, -MEAN), 0, 255, "inferred"),
        (lambda x: (x - 128.0) / 128.0, 0, 255, "inferred"),
        (lambda x: x / 127.5 - 1.0, 0, 255, "inferred"),
        (lambda x: x * (2 / 255) - 1.0, 0, 255, "inferred"),
        (lambda x: (2 / 255) * x - 1.0, 0, 255, "inferred"),
        # Means and scales of pictures in 0..1.
        (lambda x: x - MEAN / 255, 0, 1, "inferred"),
        (lambda x: (x - 0.5) * 2.0, 0, 1, "inferred"),
        (lambda x: x * 2.0 - 1.0, 0, 1, "inferred"),
        (lambda x: (x - 0.5) / 0.5, 0, 1, "inferred"),
        (lambda x: x * 255.0 - MEAN, 0, 1, "inferred"),
        # What stands before the arithmetic without changing values.
        (lambda x: tf.pad(tf.identity(x), [[0, 0], [1, 1], [1, 1], [0, 0]]) - MEAN, 0, 255,
         "inferred"),
        (lambda x: x - tf.reshape(tf.identity(tf.constant(MEAN)), [1, 1, 1, 3]), 0, 255,
         "inferred"),
        # Arithmetic behind the first convolution says nothing about the picture.
        (lambda x: convolve(x) * 0.001 - 100.0, 0, 1, "assumed"),
        # Nor does what is not constant.
        (lambda x: x - tf.reduce_mean(x), 0, 1, "assumed"),
    ],
)  # fmt: skip
def test_the_range_follows_from_the_arithmetic_on_the_picture(between, low, high, known):
    def build():
        before = between(placeholder())
        convolve(before, before.shape[-1])

    picture = found(build)
    assert (picture.low, picture.high, picture.known["range"]) == (low, high, known)


def test_bytes_are_read_as_bytes():
    picture = found(lambda: convolve(tf.cast(placeholder(dtype=tf.uint8), tf.float32)))
    assert (picture.low, picture.high, picture.known["range"]) == (0, 255, "read")


@pytest.mark.parametrize(
    ("shape", "channels", "expected", "known"),
    [
        ((1, 480, 640, 3), 3, (480, 640, 3), "read"),
        ((None, 64, None, 1), 1, (64, None, 1), "read"),
        # Channels by the kernel where the placeholder does not tell.
        ((None, None, None, None), 4, (None, None, 4), "inferred"),
        (None, 1, (None, None, 1), "inferred"),
    ],
)
def test_size_and_channels_are_read_or_taken_from_the_kernel(shape, channels, expected, known):
    picture = found(lambda: convolve(placeholder(shape=shape), channels))
    assert (picture.height, picture.width, picture.channels) == expected
    assert picture.known["shape"] == known


def test_the_kernel_may_stand_behind_identities():
    def build():
        kernel = tf.identity(tf.identity(np.ones((3, 3, 5, 2), np.float32)), name="read")
        tf.nn.conv2d(placeholder(shape=None), kernel, strides=1, padding="SAME")

    assert found(build).channels == 5


def test_the_kernel_of_a_depthwise_convolution_tells_channels_too():
    def build():
        kernel = np.ones((3, 3, 4, 2), np.float32)
        tf.nn.depthwise_conv2d(placeholder(shape=None), kernel, [1, 1, 1, 1], "SAME")

    assert found(build).channels == 4


def test_three_channels_are_assumed_for_want_of_a_kernel():
    def build():
        kernel = tf.placeholder(tf.float32, [3, 3, None, 2], name="kernel")
        tf.nn.conv2d(placeholder(shape=None), kernel, strides=1, padding="SAME")

    picture = found(build, {"name": "picture"})
    assert (picture.channels, picture.known["shape"]) == (3, "assumed")


def test_the_placeholder_before_most_convolutions_is_the_picture():
    def build():
        mask = convolve(placeholder("mask"))
        picture = convolve(convolve(placeholder("photo")), 2)
        keep = tf.placeholder(tf.float32, [], name="keep")
        tf.add(mask, picture * keep)

    picture = found(build)
    assert (picture.name, picture.known["name"]) == ("photo", "inferred")


def test_placeholders_that_lead_to_no_convolution_leave_no_doubt():
    def build():
        keep = tf.placeholder(tf.float32, [], name="keep")
        tf.multiply(convolve(placeholder()), keep)

    picture = found(build)
    assert (picture.name, picture.known["name"]) == ("picture", "read")


def test_a_placeholder_with_a_default_can_be_the_picture():
    def build():
        convolve(tf.placeholder_with_default(np.zeros((1, 8, 9, 3), np.float32), [None, 8, 9, 3],
                                             name="picture"))  # fmt: skip

    picture = found(build)
    assert (picture.name, picture.height, picture.width) == ("picture", 8, 9)


def test_what_the_config_says_wins():
    picture = find(small(), {"name": "pool", "range": [0, 255]})
    known = {"name": "config", "shape": "read", "range": "config", "order": "assumed"}
    # The pool is read by a convolution of 6 channels.
    assert picture == InputSpec("pool", None, None, 6, 0.0, 255.0, known)


def test_the_range_of_the_config_wins_over_the_arithmetic():
    picture = found(lambda: convolve(placeholder() - MEAN), {"range": [-2, 2.5]})
    assert (picture.low, picture.high, picture.known["range"]) == (-2.0, 2.5, "config")


def test_a_tensors_name_stands_for_its_node():
    assert find(small(), {"name": "picture:0"}).name == "picture"


def test_an_unknown_name_is_refused_with_the_choices():
    text = message(lambda: convolve(placeholder()), {"name": "Conv"})
    assert text.startswith(
        "graph.pb: input node 'Conv' does not exist; the placeholders are picture; "
        "nearest names: Conv2D"
    )


@pytest.mark.parametrize("limits", [[1, 1], [255, 0]])
def test_an_empty_range_is_refused_with_its_value(limits):
    assert message(lambda: convolve(placeholder()), {"range": limits}) == (
        f"graph.pb: input range {limits} is empty; give [low, high]"
    )


def test_a_graph_without_a_picture_is_refused_with_its_placeholders(shared_data):
    path = shared_data / "bad_inputs" / "no_image_graph.pb"
    with pytest.raises(UserError) as caught:
        find(frozen_graph.read(path))
    assert str(caught.value) == (
        "graph.pb: no placeholder leads to a convolution, so there is no picture to optimize; "
        "placeholders: x, y; if the graph has a picture input, name it in config.yaml under "
        "input: {name: ...}"
    )


def test_a_graph_without_placeholders_is_refused():
    text = message(lambda: convolve(tf.zeros([1, 8, 8, 3])))
    assert "no placeholder leads to a convolution" in text
    assert "placeholders: none;" in text


REAL = {
    "mobilenet_v1_025_128/imagenet.pb": ("input", 128, 128, 3, -1, 1, "inferred"),
    "pb22_mobilenetv2_finger/finger_frozen_model.pb": ("input", 480, 640, 3, 0, 255, "inferred"),
    "pb23_mobilenetv2_document/doc_frozen_model.pb": ("input", 800, 600, 3, 0, 255, "inferred"),
    "series01_fer_mini_xception/frozen/fer_mini_xception_epoch102.pb": (
        "input_1", 64, 64, 1, -1, 1, "inferred",
    ),
    "pb01_aiy_ssd_person_cat_dog/mobilenet_ssd_256res_0.125_person_cat_dog.pb": (
        "Preprocessor/map/TensorArrayStack/TensorArrayGatherV3", None, None, 3, 0, 255, "inferred",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_inputs_of_real_graphs_are_found(shared_data, name):
    picture = find(frozen_graph.read(shared_data / name))
    place = picture.name, picture.height, picture.width, picture.channels
    assert (*place, picture.low, picture.high, picture.known["range"]) == REAL[name]


def test_a_string_is_no_picture(shared_data):
    path = shared_data / "pb10_faced_corrector" / "face_corrector.pb"
    picture = find(frozen_graph.read(path))
    assert (picture.name, picture.height, picture.width, picture.channels) == ("img", 50, 50, 3)


def test_pictures_with_channels_first_are_understood(shared_data):
    path = shared_data / "pb15_onnx_nchw_superres" / "model.pb"
    picture = find(frozen_graph.read(path))
    assert (picture.height, picture.width, picture.channels) == (128, 128, 1)


def test_a_range_that_is_no_number_is_refused():
    assert "nan" in message(lambda: convolve(placeholder()), {"range": [float("nan"), 1.0]})


def flat_classifier(pictures):
    """Convolutions, and a dense layer that needs one size of picture."""
    features = tf.nn.relu(convolve(pictures))
    size = int(np.prod(features.shape[1:]))
    return tf.matmul(tf.reshape(features, [-1, size]), np.ones((size, 2), np.float32), name="end")


def test_an_iterator_says_the_size_of_its_pictures():
    def build():
        data = tf.data.Dataset.from_tensor_slices(np.zeros((4, 48, 40, 3), np.float32))
        pictures = tf.data.make_one_shot_iterator(data.batch(2)).get_next()
        flat_classifier(pictures)

    picture = found(build)
    assert (picture.height, picture.width, picture.channels) == (48, 40, 3)
    assert picture.known["shape"] == "read"


def test_an_iterator_whose_pictures_are_prepared_says_it_too():
    def build():
        data = tf.data.Dataset.from_tensor_slices(np.zeros((4, 48, 40, 3), np.uint8))
        pictures = tf.data.make_one_shot_iterator(data.batch(2)).get_next()
        flat_classifier(tf.cast(pictures, tf.float32) / 127.5 - 1.0)

    picture = found(build)
    assert (picture.height, picture.width) == (48, 40)


def test_what_a_preprocessor_resizes_to_is_the_size():
    def build():
        text = tf.placeholder(tf.string, [], name="file")
        decoded = tf.image.decode_jpeg(text, channels=3)
        resized = tf.image.resize_bilinear(decoded[None], [72, 64])
        flat_classifier(resized / 255.0)

    picture = found(build)
    assert (picture.height, picture.width, picture.channels) == (72, 64, 3)


def test_a_size_that_nothing_tells_stays_open():
    def build():
        text = tf.placeholder(tf.string, [], name="file")
        decoded = tf.cast(tf.image.decode_jpeg(text, channels=3), tf.float32)
        convolve(decoded[None] / 255.0)

    picture = found(build)
    assert (picture.height, picture.width, picture.channels) == (None, None, 3)
