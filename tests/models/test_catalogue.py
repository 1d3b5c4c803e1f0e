"""The layer catalogue: layers, their depth and their cost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import lucid_sprites
import plans
from imported import EDGES, describe, normal
from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256
from lucid_sprites.models.catalogue import pruned_to_layers
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.planning import catalogues
from lucid_sprites.recipe.layer_operations import LAYER_OPS
from tiny_graphs import frozen, save, small


def layer(number, name, op, kind, depth, macs, activations, needs=None):
    return {
        "number": number,
        "name": name,
        "op": op,
        "kind": kind,
        "depth": depth,
        "macs": macs,
        "activations": activations,
        "needs": needs,
    }


def numbers(described):
    """What `layer` gives, of each layer."""
    keys = layer(*range(7))
    return [{key: each[key] for key in keys} for each in described["layers"]]


@pytest.fixture
def catalogue_of(tmp_path):
    def described(build, **overrides):
        graph = frozen(build) if callable(build) else build
        return describe(str(save(graph, tmp_path / "a.pb")), overrides)

    return described


def ones(*shape):
    return np.ones(shape, np.float32)


def placeholder(*shape):
    return tf.placeholder(tf.float32, shape or [None, None, None, 3], name="picture")


# For each pixel of the picture. conv1: kernel 5 x 5 x 3 = 75, 6 channels: 450 products and 6
# numbers. The pool halves both edges: conv2 has 1/4 position for each pixel, 3 x 3 x 6 = 54
# products in each of 5 channels: 67.5 more. No later activation is larger than that of conv1.
def test_the_small_graph_is_described_in_exact_numbers(catalogue_of):
    described = catalogue_of(small())
    assert described["input"] == {
        "name": "picture",
        "height": None,
        "width": None,
        "channels": 3,
        "low": 0.0,
        "high": 1.0,
        "order": "rgb",
        "known": {"name": "read", "shape": "read", "range": "assumed", "order": "assumed"},
    }
    assert numbers(described) == [
        layer(0, "conv1/Conv2D", "Conv2D", "convolution", 6, 450.0, 6.0),
        layer(1, "conv1/BiasAdd", "BiasAdd", "norm", 6, 450.0, 6.0),
        layer(2, "conv1/Relu", "Relu", "activation", 6, 450.0, 6.0),
        layer(3, "pool", "MaxPool", "pool", 6, 450.0, 6.0),
        layer(4, "conv2/Conv2D", "Conv2D", "convolution", 5, 517.5, 6.0),
        layer(5, "conv2/Relu", "Relu", "activation", 5, 517.5, 6.0),
    ]
    assert (described["other"], described["notes"]) == ({}, [])


# On 8 x 12 = 96 pixels, of which a stride of 2 leaves 4 x 6. Depthwise: 3 x 3 products in
# each of 3 x 2 channels: 54 at a quarter of the pixels, 13.5. The mean leaves 6 numbers for
# 96 pixels, the matrix 6 x 7 products: 42 / 96 = 0.4375, rounded to three digits.
def test_fixed_sizes_strides_and_matrices_are_counted(catalogue_of):
    def build():
        picture = placeholder(1, 8, 12, 3)
        deep = tf.nn.depthwise_conv2d(picture, ones(3, 3, 3, 2), [1, 2, 2, 1], "SAME", name="deep")
        mean = tf.reduce_mean(deep, [1, 2], name="mean")
        tf.nn.softmax(tf.matmul(mean, ones(6, 7), name="product"), name="softmax")

    described = catalogue_of(build)
    assert (described["input"]["height"], described["input"]["width"]) == (8, 12)
    assert numbers(described) == [
        layer(0, "deep", "DepthwiseConv2dNative", "convolution", 6, 13.5, 1.5),
        layer(1, "mean", "Mean", "pool", 6, 13.5, 1.5),
        layer(2, "product", "MatMul", "convolution", 7, 13.938, 1.5),
        layer(3, "softmax", "Softmax", "output", 7, 13.938, 1.5),
    ]


# left: 3 products in each of 4 channels, right: 27 in each of 2.
def test_a_layer_costs_what_leads_to_it_and_no_more(catalogue_of):
    def build():
        picture = placeholder()
        left = tf.nn.conv2d(picture, ones(1, 1, 3, 4), strides=1, padding="SAME", name="left")
        right = tf.nn.conv2d(picture, ones(3, 3, 3, 2), strides=1, padding="SAME", name="right")
        tf.concat([tf.nn.relu(left, "thin"), right], -1, name="both")

    costs = {
        each["name"]: (each["depth"], each["macs"], each["activations"])
        for each in catalogue_of(build)["layers"]
    }
    assert costs == {
        "left": (4, 12.0, 4.0),
        "thin": (4, 12.0, 4.0),
        "right": (2, 54.0, 2.0),
        "both": (6, 66.0, 6.0),
    }


def test_a_kernel_behind_an_identity_is_counted(catalogue_of):
    def build():
        kernel = tf.identity(tf.constant(ones(1, 1, 3, 4)), name="read")
        tf.nn.conv2d(placeholder(), kernel, strides=1, padding="SAME", name="conv")

    assert catalogue_of(build)["layers"][0]["macs"] == 12.0


def test_what_is_no_layer_is_kept_with_the_reason(catalogue_of):
    def build():
        conv = tf.nn.conv2d(placeholder(1, 8, 8, 3), ones(1, 1, 3, 4), strides=1, padding="SAME",
                            name="conv")  # fmt: skip
        tf.reduce_mean(conv, name="total")
        tf.add(tf.reduce_sum(conv, 3), 1.0, name="map")
        tf.nn.relu(tf.constant(ones(1, 8, 8, 2)), name="anchors")

    described = catalogue_of(build)
    assert [each["name"] for each in described["layers"]] == ["conv"]
    assert described["other"] == {
        "anchors": "does not depend on the input",
        "total": "fails: its shape is [] for 3 pictures",
        "map": "fails: its shape is [3, 8, 8] for 3 pictures",
    }


def test_an_input_inside_the_graph_begins_the_catalogue(catalogue_of):
    described = catalogue_of(small(), name="pool", range=[0, 6])
    assert [(each["number"], each["name"]) for each in described["layers"]] == [
        (0, "conv2/Conv2D"),
        (1, "conv2/Relu"),
    ]
    # Each pixel of the new input has its own position: 54 products in each of 5 channels.
    assert described["layers"][0]["macs"] == 270.0
    assert described["other"]["conv1/Relu"] == "does not depend on the input"


def test_every_kind_of_layer_is_found(catalogue_of):
    def build():
        x = tf.nn.conv2d(placeholder(1, 8, 8, 3), ones(1, 1, 3, 4), strides=1, padding="SAME")
        for op in LAYER_OPS["activation"]:
            if op == "Maximum":
                x = tf.maximum(x, 0.1 * x, name=op)
            else:
                x = getattr(tf.raw_ops, op)(features=x, name=op) if op not in (
                    "Sigmoid", "Tanh",
                ) else getattr(tf.raw_ops, op)(x=x, name=op)  # fmt: skip
        x = tf.nn.avg_pool2d(tf.nn.lrn(x, name="LRN"), 2, 2, "VALID", name="AvgPool")

    kinds = {each["op"]: each["kind"] for each in catalogue_of(build)["layers"]}
    assert kinds == {
        "Conv2D": "convolution",
        **dict.fromkeys(LAYER_OPS["activation"], "activation"),
        "LRN": "norm",
        "AvgPool": "pool",
    }


def test_numbers_follow_the_flow_not_the_file(catalogue_of):
    graph = small()
    straight = catalogue_of(graph)
    nodes = list(graph.node)[::-1]
    del graph.node[:]
    graph.node.extend(nodes)
    assert [each["name"] for each in catalogue_of(graph)["layers"]] == [
        each["name"] for each in straight["layers"]
    ]


def test_a_real_network_is_described(mobilenet):
    described = describe(str(mobilenet), {})
    names = {each["name"]: each for each in described["layers"]}
    first = names["MobilenetV1/MobilenetV1/Conv2d_0/Relu6"]
    # 64 x 64 positions for 128 x 128 pixels, 27 products in each of 8 channels.
    assert (first["depth"], first["macs"], first["activations"]) == (8, 54.0, 2.0)
    depths = [names[f"MobilenetV1/MobilenetV1/Conv2d_{i}_pointwise/Relu6"]["depth"]
              for i in range(1, 14)]  # fmt: skip
    assert depths == [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256]
    assert names["MobilenetV1/Predictions/Softmax"]["depth"] == 1001
    # Smaller pictures leave nothing for the last pool, which is no fault of its weights.
    pool = names["MobilenetV1/Logits/AvgPool_1a/AvgPool"]
    assert (pool["depth"], pool["not_finite"], pool["needs"]) == (256, 0, [128, 128])
    classes = names["MobilenetV1/Logits/Conv2d_1c_1x1/convolution"]
    assert (classes["depth"], classes["not_finite"], classes["needs"]) == (1001, 0, [128, 128])


def test_only_what_the_layers_need_is_kept(tmp_path):
    form = normal(save(small(), tmp_path / "a.pb"))
    named = plans.catalogue_of(plans.layer_of(0, "conv1/Relu"), plans.layer_of(1, "pool"))
    assert {node.name for node in pruned_to_layers(form.graph, named).node} == {
        "picture",
        "conv1/Conv2D/filter",
        "conv1/Conv2D",
        "conv1/BiasAdd/bias",
        "conv1/BiasAdd",
        "conv1/Relu",
        "pool",
    }


def test_a_graph_without_layers_behind_the_input_is_refused(tmp_path):
    path = save(small(), tmp_path / "a.pb")
    with pytest.raises(UserError) as caught:
        describe(str(path), {"name": "conv2/Relu"})
    assert str(caught.value).startswith(f"{path}: no layer depends on the input 'conv2/Relu'")


def test_a_graph_that_misses_nodes_is_refused_with_the_node(tmp_path):
    graph = small()
    kept = [node for node in graph.node if node.name != "conv1/BiasAdd/bias"]
    del graph.node[:]
    graph.node.extend(kept)
    path = save(graph, tmp_path / "a.pb")
    with pytest.raises(UserError) as caught:
        describe(str(path), {})
    assert str(caught.value) == (
        f"{path}: node 'conv1/BiasAdd' reads 'conv1/BiasAdd/bias', which is not in the graph: it "
        "was cut badly; freeze it again"
    )


def run_program(*jobs):
    workflow = str(Path(lucid_sprites.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "lucid_sprites.models.import_model"],
        input=json.dumps(jobs),
        env={**os.environ, "PYTHONPATH": workflow},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_writes_every_catalogue_that_it_can(tmp_path):
    good, bad = save(small(), tmp_path / "good.pb"), tmp_path / "bad.pb"
    bad.write_bytes(b"")
    jobs = [
        {
            "origin": {"file": str(graph)},
            "input": {"range": [0, 1]},
            "edges": list(EDGES),
            "graph": str(tmp_path / "results" / f"{number}.pb"),
            "catalogue": str(tmp_path / "results" / f"{number}.json"),
            "stamp": {"size": number},
        }
        for number, graph in enumerate([good, bad, good])
    ]
    ran = run_program(*jobs)
    assert ran.returncode == 1
    assert ran.stderr.strip().split("\n")[-1] == (
        f"error: {bad}: is empty; a frozen TensorFlow graph (.pb) is needed"
    )
    assert catalogues.read(str(tmp_path / "results" / "0.json")).as_dict() == {
        **describe(str(good), {"range": [0, 1]}),
        "stamp": {"size": 0},
        "sha256": sha256(tmp_path / "results" / "0.pb"),
    }
    made = {path.name for path in (tmp_path / "results").iterdir()}
    assert made == {"0.json", "0.pb", "2.json", "2.pb"}


REAL = "pb01_aiy_ssd_person_cat_dog/mobilenet_ssd_256res_0.125_person_cat_dog.pb"


def test_a_picture_of_bytes_is_described(catalogue_of):
    def build():
        picture = tf.placeholder(tf.uint8, [None, None, None, 3], name="picture")
        floats = tf.cast(picture, tf.float32)
        tf.nn.conv2d(floats, ones(1, 1, 3, 4), strides=1, padding="SAME", name="conv")

    assert catalogue_of(build)["layers"][0]["macs"] == 12.0


def test_the_kits_own_kind_of_graph_is_described_from_its_preprocessor(shared_data):
    # lucid-spritemaps feeds SSD graphs at `Preprocessor/sub`; the size is that of image_tensor.
    names = {node.name for node in frozen_graph.read(shared_data / REAL).node}
    assert "Preprocessor/sub" in names
    described = describe(str(shared_data / REAL), {"name": "Preprocessor/sub"})
    depths = {each["name"]: each["depth"] for each in described["layers"]}
    assert depths["FeatureExtractor/MobilenetV1/MobilenetV1/Conv2d_5_pointwise/Relu6"] == 32


def test_layers_with_channels_first_have_their_channels(shared_data):
    described = describe(shared_data / "pb15_onnx_nchw_superres" / "model.pb")
    depths = {each["name"]: each["depth"] for each in described["layers"]}
    assert (depths["add_1"], depths["add_3"], depths["test_output"]) == (48, 12, 1)


def test_a_transposed_matrix_is_counted(catalogue_of):
    def build():
        mean = tf.reduce_mean(tf.nn.conv2d(placeholder(1, 4, 4, 3), ones(1, 1, 3, 4), strides=1,
                                           padding="SAME"), [1, 2])  # fmt: skip
        tf.matmul(mean, ones(7, 4), transpose_b=True, name="product")

    # 12 products for each of 16 pixels, then 4 x 7.
    assert catalogue_of(build)["layers"][-1]["macs"] == 12 + 28 / 16


def test_a_graph_with_variables_is_refused_as_not_frozen(tmp_path):
    def build():
        kernel = tf.get_variable("kernel", initializer=ones(1, 1, 3, 4), use_resource=False)
        tf.nn.conv2d(placeholder(), kernel, strides=1, padding="SAME", name="conv")

    path = save(frozen(build), tmp_path / "a.pb")
    with pytest.raises(UserError) as caught:
        describe(str(path), {})
    assert "kernel" in str(caught.value)


def test_layers_behind_a_second_placeholder_are_not_offered(catalogue_of):
    def build():
        conv = tf.nn.conv2d(placeholder(), ones(1, 1, 3, 4), strides=1, padding="SAME", name="conv")
        tf.nn.relu(conv * tf.placeholder(tf.float32, [], name="gain"), name="relu")

    described = catalogue_of(build)
    assert [each["name"] for each in described["layers"]] == ["conv"]
    assert described["other"]["relu"] == (
        "needs a value for placeholder 'gain': give it under input: {values: ...}"
    )
    given = catalogue_of(build, values={"gain": 2})
    assert [each["name"] for each in given["layers"]] == ["conv", "relu"]
    assert given["notes"] == ["placeholder gain: 2 (config)"]
