"""Objectives on layers that need pictures of the network's own size, and lines that fail alone."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.api import load
from lucid_sprites.errors import UserError
from lucid_sprites.recipe.statuses import OK, REFUSED
from tiny_graphs import frozen

EDGE = 24
LOGIT = 'class_logit("logits", 3)'
FEW = {"thresholds": [4, 16], "scale": 16}


def classifier():
    """picture [24, 24, 3] -> conv (4 channels) -> logits, of a fixed size, and their softmax."""
    random = np.random.RandomState(0)
    kernel = random.normal(size=(3, 3, 3, 4)).astype(np.float32) / 3
    weights = random.normal(size=(EDGE * EDGE * 4, 5)).astype(np.float32) / EDGE

    def build():
        picture = tf.placeholder(tf.float32, [None, EDGE, EDGE, 3], name="picture")
        conv = tf.nn.relu(tf.nn.conv2d(picture, kernel, strides=1, padding="SAME"), name="conv")
        flat = tf.reshape(conv, [-1, EDGE * EDGE * 4])
        logits = tf.matmul(flat, weights, name="logits")
        tf.nn.softmax(logits, name="shares")

    return frozen(build)


@pytest.fixture(scope="module")
def model():
    found = load(classifier(), input={"range": [0, 1]})
    needs = {layer["name"]: layer["needs"] for layer in found.layers}
    assert needs == {"Conv2D": None, "conv": None, "logits": [24, 24], "shares": [24, 24]}
    return found


@pytest.mark.parametrize(
    "line",
    [
        LOGIT,
        'class_logit("shares", 3)',
        f'{LOGIT} - 0.1 * channel("conv", 1)',
        f'channel("conv", 1) + {LOGIT} - total_variation("conv") * 0.00001',
        'direction("logits", [1, 0, 0, -1, 0])',
        'neuron("logits", 2)',
    ],
)
@pytest.mark.parametrize("transforms", ["standard", "none"])
def test_a_fixed_layer_gets_the_size_that_it_needs(model, line, transforms):
    (sprite,) = model.render(line, **FEW, transforms=transforms)
    assert sprite.status == OK, sprite.reason
    assert sprite.losses[16] > sprite.losses[4]
    assert sprite.pictures[16].shape == (16, 16, 3)


def test_the_pictures_of_lines_without_such_layers_stay_as_they_were(model):
    (alone,) = model.render('channel("conv", 1)', **FEW)
    beside, _ = model.render(['channel("conv", 1)', LOGIT], **FEW)
    np.testing.assert_array_equal(beside.pictures[16], alone.pictures[16])


def test_only_the_line_that_the_network_refuses_fails(model):
    good = ['neuron("conv", 1, 3, 3)', 'neuron("conv", 2, 5, 5)', LOGIT]
    bad = [
        'neuron("conv", 1, 99, 3)',
        'localized_group("conv", [1], 99, 0, 1, 1)',
        'tensor_direction("conv", random(0, 99, 99))',
    ]
    lines = [good[0], bad[0], good[1], bad[1], good[2], bad[2]]
    sprites = dict(zip(lines, model.render(lines, **FEW), strict=True))
    harmless = [line if line in good else 'channel("conv", 0)' for line in lines]
    for line, wanted in zip(lines, model.render(harmless, **FEW), strict=True):
        if line in good:
            np.testing.assert_array_equal(sprites[line].pictures[16], wanted.pictures[16])
    for line in bad:
        assert sprites[line].status == REFUSED
        assert sprites[line].reason.startswith(line.split("(")[0])
        assert "\n" not in sprites[line].reason and "[[" not in sprites[line].reason
        with pytest.raises(UserError, match=r"there are none") as caught:
            sprites[line].image()
        assert sprites[line].reason in str(caught.value)
    assert "ncompatible shapes" in sprites[bad[2]].reason


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": [4]}, "'threshold' .* did you mean thresholds?"),
        ({"sclae": 32}, "'sclae' .* did you mean scale?"),
        ({"learning_rate": "fast"}, "learning_rate: 'fast' is not a number"),
        ({"scale": [16, 16, 16]}, r"scale: \[16, 16, 16\]"),
    ],
)
def test_unknown_and_wrong_settings_are_refused(model, settings, message):
    with pytest.raises(UserError, match=f"^render: .*{message}"):
        model.render('channel("conv", 1)', **{**FEW, **settings})


def test_tuples_are_lists(model):
    (one,) = model.render('channel("conv", 1)', thresholds=(2, 4), scale=(8, 16))
    assert one.pictures[4].shape == (8, 16, 3)
    with pytest.raises(UserError, match="unknown key 'objective'"):
        model.render({"objective": ['channel("conv", 1)']})
