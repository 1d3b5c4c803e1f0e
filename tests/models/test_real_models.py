"""Every real model of the test data is imported, or refused with the way out."""

import pytest

from imported import describe
from lucid_sprites.errors import UserError

# Of each: the layers that its users would choose, by depth; height, width and channels of the
# picture; its value range.
MODELS = {
    "mobilenet_v1_025_128/imagenet.pb": (
        {"MobilenetV1/MobilenetV1/Conv2d_8_pointwise/Relu6": 128}, (128, 128, 3), (-1, 1)),
    # Bytes, loops, and a preprocessor that is cut off.
    "pb01_aiy_ssd_person_cat_dog/mobilenet_ssd_256res_0.125_person_cat_dog.pb": (
        {"FeatureExtractor/MobilenetV1/MobilenetV1/Conv2d_11_pointwise/Relu6": 64},
        (None, None, 3), (0, 255)),
    # BGR; ReLUs without "Relu" in their names.
    "pb04_azure_squeezenet_catdog/catdog_model.pb": (
        {"conv1/conv1": 64, "fire9_expand3x3/fire9_expand3x3": 256}, (227, 227, 3), (0, 255)),
    # Placeholders with defaults, a decoy, LeakyReLU written out.
    "pb10_faced_corrector/face_corrector.pb": (
        {"conv2d/LeakyRelu/Maximum": 8, "dense/LeakyRelu/Maximum": 64}, (50, 50, 3), (0, 1)),
    # Channels first, PReLU written out.
    "pb15_onnx_nchw_superres/model.pb": (
        {"add_1": 48, "add_10": 48, "test_output": 1}, (128, 128, 1), (0, 1)),
    # Batch fixed at 1, not square, a mean subtracted inside.
    "pb22_mobilenetv2_finger/finger_frozen_model.pb": (
        {"MobilenetV2/expanded_conv_13/expand/Relu6": 288}, (480, 640, 3), (0, 255)),
    "pb23_mobilenetv2_document/doc_frozen_model.pb": (
        {"MobilenetV2/expanded_conv_13/expand/Relu6": 288}, (800, 600, 3), (0, 255)),
    "series01_fer_mini_xception/frozen/fer_mini_xception_epoch102.pb": (
        {"model_1_1/activation_6_1/Relu": 128}, (64, 64, 1), (-1, 1)),
    # An optimizer that Keras 3 does not know.
    "keras01_fer_gender_xception/gender_mini_XCEPTION.21-0.95.hdf5": (
        {"activation_6/Relu": 128, "conv2d_1/convolution": 8}, (64, 64, 1), (-1, 1)),
    "keras01_fer_gender_xception/tiny_XCEPTION_KDEF.hdf5": (
        {"activation_6/Relu": 64}, (64, 64, 1), (-1, 1)),
    "keras04_cifar10_keras_v3/cifar10_model.keras": (
        {"conv2d_2/Relu": 64, "dense/Relu": 128}, (32, 32, 3), (0, 1)),
    "keras07_sudoku_digit_h5/digit_classifier.h5": (
        {"conv2d/Relu": 60, "dense/Relu": 65}, (28, 28, 1), (0, 1)),
    # Convolutions inside functions.
    "sm01_chess_cnn/saved_model": (
        {"activation_38/Relu": 64, "activation_39/Relu": 64}, (50, 50, 1), (0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_real_model_offers_its_layers(shared_data, name):
    described = describe(shared_data / name)
    wanted, size, limits = MODELS[name]
    picture = described["input"]
    assert (picture["height"], picture["width"], picture["channels"]) == size
    assert (picture["low"], picture["high"]) == limits
    layers = {layer["name"]: layer for layer in described["layers"]}
    assert {layer: layers[layer]["depth"] for layer in wanted} == wanted
    assert all(
        layers[layer]["kind"] == "activation" for layer in wanted if "conv2d_1/" not in layer
    )


def test_the_same_convolutions_have_the_same_digest(shared_data):
    contents = [
        {
            layer["name"]: layer["content"]
            for layer in describe(shared_data / "mobilenet_v1_025_128" / file)["layers"]
        }
        for file in ("imagenet.pb", "flowers.pb")
    ]
    shared = contents[0].keys() & contents[1].keys()
    convolutions = [name for name in shared if "Conv2d" in name]
    assert len(convolutions) > 80
    assert all(contents[0][name] == contents[1][name] for name in convolutions)


REFUSED = {
    "git_lfs_pointer.pb": "Git LFS pointer",
    "html_page.pb": "HTML page",
    "savedmodel_without_variables.pb": "saved_model.pb without its variables",
    "pytorch_zip.pb": "zip archive",
    "no_image_graph.pb": "no placeholder leads to a convolution",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_model_is_refused(shared_data, name):
    path = shared_data / "bad_inputs" / name
    with pytest.raises(UserError) as caught:
        describe(path)
    assert str(path) in str(caught.value)
    assert REFUSED[name] in str(caught.value)
