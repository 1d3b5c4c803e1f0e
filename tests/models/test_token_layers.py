"""Layers of tokens are pictures whose pixels stand where the tokens' patches are."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from imported import EDGES
from lucid_sprites.models.catalogue import describe
from lucid_sprites.models.normal_form.normalize import normalize
from lucid_sprites.models.normal_form.token_layers import Places, find_places
from tiny_graphs import frozen

RANDOM = np.random.default_rng(0)
PATCHES, QUERY, KEY, VALUE, MIXED, WIDE = (
    RANDOM.normal(size=shape).astype(np.float32) / 3
    for shape in ((4, 4, 3, 8), (8, 8), (8, 8), (8, 8), (8, 8), (8, 20))
)
CLASS = np.full((1, 1, 8), 5, np.float32)
PICTURES = RANDOM.normal(size=(2, 16, 24, 3)).astype(np.float32)


def dense(x, weights, name):
    """As Keras does on tokens: one product for all positions of all pictures."""
    with tf.name_scope(name):
        shape = tf.shape(x)
        flat = tf.matmul(tf.reshape(x, [-1, weights.shape[0]]), weights)
        return tf.reshape(flat, tf.concat([shape[:2], [weights.shape[1]]], 0), name="Tensordot")


def heads(x, weights, name):
    """Two heads of four channels."""
    with tf.name_scope(name):
        return tf.add(tf.reshape(tf.matmul(x, weights[None]), [-1, 25, 2, 4]), 0.5, name="Add")


def transformer():
    picture = tf.placeholder(tf.float32, [None, 16, 24, 3], name="picture")
    tokens = tf.nn.conv2d(picture, PATCHES, 4, "VALID", name="patches")
    tokens = tf.reshape(tokens, [-1, 24, 8])
    tokens = tf.concat([tf.zeros_like(tokens[:, :1]) + CLASS, tokens], 1)
    query, key, value = (
        heads(tokens, weights, name)
        for weights, name in ((QUERY, "query"), (KEY, "key"), (VALUE, "value"))
    )
    weights = tf.nn.softmax(tf.einsum("nqhc,nkhc->nhqk", query, key), name="weights")
    found = tf.reshape(tf.einsum("nhqk,nkhc->nqhc", weights, value), [-1, 25, 8], name="heads")
    tokens = tf.add(tokens, tf.matmul(found, MIXED[None], name="mixed"), name="residual")
    wide = dense(tokens, WIDE, "wide")
    tf.nn.relu(wide, name="relu")
    tf.reduce_mean(tokens[:, 0], 1, name="out")


@pytest.fixture(scope="module")
def form():
    return normalize(frozen(transformer), {}, "graph.pb")


@pytest.fixture(scope="module")
def described(form):
    return describe(form, EDGES, "graph.pb")


def run(graph, layer):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph, name="")
        return session.run(f"{layer}:0", {"picture:0": PICTURES})


def test_every_layer_of_tokens_is_there(described):
    assert [(layer.name, layer.op, layer.kind, layer.depth) for layer in described.layers] == [
        ("patches", "Conv2D", "convolution", 8),
        ("concat", "ConcatV2", "merge", 8),
        ("query/MatMul", "BatchMatMulV2", "convolution", 8),
        ("query/Add", "AddV2", "norm", 8),
        ("key/MatMul", "BatchMatMulV2", "convolution", 8),
        ("key/Add", "AddV2", "norm", 8),
        ("value/MatMul", "BatchMatMulV2", "convolution", 8),
        ("value/Add", "AddV2", "norm", 8),
        ("heads", "Reshape", "attention", 8),
        ("mixed", "BatchMatMulV2", "convolution", 8),
        ("residual", "AddV2", "norm", 8),
        ("wide/Tensordot", "Reshape", "convolution", 20),
        ("relu", "Relu", "activation", 20),
    ]
    assert {(layer.height, layer.width) for layer in described.layers[1:]} == {(4, 6)}
    assert described.other["weights"].startswith("holds the weights of attention")
    assert "25 tokens are shown as 4 x 6 positions, without the first 1" in described.notes


@pytest.mark.parametrize("layer", ["concat", "heads", "residual", "wide/Tensordot", "relu"])
def test_tokens_stand_where_their_patches_are(form, layer):
    tokens = run(frozen(transformer), layer)
    np.testing.assert_allclose(
        run(form.graph, layer), tokens[:, 1:].reshape(2, 4, 6, -1), rtol=1e-4, atol=1e-5
    )


def test_heads_stand_side_by_side_in_the_channels(form):
    tokens = run(frozen(transformer), "value/Add")
    picture = run(form.graph, "value/Add")
    np.testing.assert_allclose(picture[1, 2, 3, 4 + 1], tokens[1, 1 + 2 * 6 + 3, 1, 1], rtol=1e-5)


def test_a_class_token_stays_in_the_network(form):
    """What is behind it is as before, since only the layers leave it out."""
    other = run(frozen(transformer), "out")
    whole = normalize(frozen(transformer), {}, "graph.pb")
    np.testing.assert_allclose(run(whole.graph, "out"), other, rtol=1e-5)


@pytest.mark.parametrize(
    ("count", "size", "places"),
    [
        (196, (224, 224), Places(14, 14, 0)),
        (197, (224, 224), Places(14, 14, 1)),
        (198, (224, 224), Places(14, 14, 2)),
        (261, (224, 224), Places(16, 16, 5)),
        (50, (224, 224), Places(7, 7, 1)),
        (24, (16, 24), Places(4, 6, 0)),
        (100, (224, 224), None),
        (7, (224, 224), None),
        (1, (224, 224), None),
        (150, (32, 48), None),
    ],
)
def test_tokens_are_the_equal_square_patches_of_a_picture(count, size, places):
    assert find_places(count, size) == places


def test_tokens_of_pictures_of_any_size_form_a_column():
    kernel = RANDOM.normal(size=(8, 5)).astype(np.float32)

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        patches = tf.nn.conv2d(picture, PATCHES, 4, "VALID", name="patches")
        shape = tf.shape(patches)
        dense(tf.reshape(patches, [shape[0], shape[1] * shape[2], 8]), kernel, "some")

    form = normalize(frozen(build), {}, "graph.pb")
    layer = {each.name: each for each in describe(form, (64, 68), "graph.pb").layers}
    assert (layer["some/Tensordot"].height, layer["some/Tensordot"].width) == (17 * 17, 1)
    assert layer["some/Tensordot"].needs is None
    tokens = run(frozen(build), "some/Tensordot")
    np.testing.assert_allclose(run(form.graph, "some/Tensordot"), tokens[:, :, None], rtol=1e-4)


def test_tokens_without_a_grid_form_a_column():
    kernel = RANDOM.normal(size=(8, 5)).astype(np.float32)

    def build():
        picture = tf.placeholder(tf.float32, [None, 16, 16, 3], name="picture")
        tokens = tf.reshape(tf.nn.conv2d(picture, PATCHES, 4, "VALID", name="patches"), [-1, 16, 8])
        dense(tokens[:, 3:14], kernel, "some")

    layers = describe(normalize(frozen(build), {}, "graph.pb"), EDGES, "graph.pb").layers
    assert {layer.name: (layer.height, layer.width) for layer in layers}["some/Tensordot"] == (
        11,
        1,
    )
