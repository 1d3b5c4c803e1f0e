"""Objectives: hand-computed values on a network with known weights, and that each can be raised."""

import hashlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image

import tiny_graphs
from lucid_sprites.engine.batch_graph import BatchGraph
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.state import State
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives import OBJECTIVES, Objective, parse
from lucid_sprites.recipe.settings import DEFAULTS, Recipe
from lucid_sprites.recipe.statuses import REFUSED

PICTURE = InputSpec("picture", None, None, 3, 0.0, 1.0, {})
EDGE = 8


def recipe(**settings):
    keys = ("learning_rate", "loss_crisis", "seed")
    plain = {"scale": EDGE, "transforms": "none", "parametrization": "pixel", "decorrelate": False}
    return Recipe(**{**{key: DEFAULTS[key] for key in keys}, "attempt": 0, **plain, **settings})


def network(*layers):
    """`unit` = [2 r - g, g + b, -b] at each pixel, `wide` = 3 unit, `logits` = sums of unit."""
    kernel = np.array([[2, 0, 0], [-1, 1, 0], [0, 1, -1]], np.float32)[None, None]

    def build_graph():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        unit = tf.nn.conv2d(picture, kernel, strides=1, padding="VALID", name="unit")
        tf.multiply(unit, 3.0, name="wide")
        tf.reduce_sum(unit, axis=[1, 2], name="logits")

    return prepare(tiny_graphs.frozen(build_graph), "picture", *layers)


def data_of(line, files=None):
    """Data with photos as the config leaves them."""

    def with_content(value):
        if isinstance(value, dict):
            found = {key: with_content(item) for key, item in value.items()}
            if isinstance(found.get("photo"), str):
                file = files / found["photo"]
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                found["photo"] = {"file": str(file), "sha256": digest}
            return found
        return [with_content(item) for item in value] if isinstance(value, list) else value

    return with_content(parse(line).data if isinstance(line, str) else line.data)


def values_on(pictures, objectives, group_size=0, **settings):
    """The objectives' values for pictures [n, 8, 8, channels] in 0..1, before any update."""
    setting = recipe(**settings)
    pictures = np.asarray(pictures, float)
    logits = np.log(pictures / (1 - pictures)).astype(np.float32)
    graph = network(*build.layers(objectives[0]) or ["unit"])
    with BatchGraph(graph, PICTURE, objectives, setting, 8, group_size) as program:
        zeros = np.zeros_like(logits[0])
        program.load([State(each, zeros, zeros) for each in logits], objectives)
        (drawn,) = program.sample([(0, 0, 0)] * len(objectives), 0, 1)
        return program.advance(0, drawn)[: len(objectives)]


def flat(r, g, b):
    return np.broadcast_to(np.array([r, g, b], float), (EDGE, EDGE, 3))


def one_spot(row, column, value=0.75):
    """Grey with one pixel of another red."""
    picture = np.full((EDGE, EDGE, 3), 0.5)
    picture[row, column, 0] = value
    return picture


def noise(seed=0, channels=3):
    return np.random.RandomState(seed).uniform(0.1, 0.9, (EDGE, EDGE, channels))


GREY = np.full((EDGE, EDGE, 3), 0.5)  # unit = [0.5, 1, -0.5]

HAND_COMPUTED = [
    ('channel("unit", 0)', flat(0.5, 0.25, 0.1), 0.75),
    ('channel("logits", 1)', flat(0.5, 0.25, 0.125), 64 * 0.375),
    ('2 * channel("unit", 0) - 0.5 * channel("wide", 1)', flat(0.5, 0.25, 0.125), 1.5 - 0.5625),
    ('-channel("unit", 0) / 2 + 3', flat(0.5, 0.25, 0.1), 3 - 0.375),
    ('channel("unit", 0) * channel("wide", 1)', flat(0.5, 0.25, 0.125), 0.75 * 1.125),
    ('neuron("unit", 0, 2, 5)', one_spot(2, 5), 1.0),
    ('neuron("unit", 0, 5, 2)', one_spot(2, 5), 0.5),
    ('neuron("unit", 0)', one_spot(4, 4), 1.0),
    ('class_logit("logits", 0)', flat(0.5, 0.25, 0.1), 64 * 0.75),
    ('localized_group("unit", [0, 1], 2, 4, 1, 2)', one_spot(2, 5), (2.0 + 1.5) / 2),
    ('direction("unit", [1, 2, -1])', flat(0.5, 0.25, 0.125), 0.75 + 2 * 0.375 + 0.125),
    # The cosine is (0.5 * 3 + 1 * 4) / (5 * sqrt(1.5)).
    ('direction("unit", [3, 4, 0], 2)', GREY, 5.5 * (5.5 / (5 * np.sqrt(1.5))) ** 2),
    ('direction_cossim("unit", [3, 4, 0])', GREY, 5.5 * 5.5 / (5 * np.sqrt(1.5))),
    # Against the direction, the cosine counts as 0.1.
    ('direction_cossim("unit", [-1, 0, 0])', GREY, -0.5 * 0.1),
    ('direction_neuron("unit", [1, 0, 1], 2, 5)', one_spot(2, 5), 1.0 - 0.5),
    # The middle 2 x 2 begins at row and column 3.
    (
        'tensor_direction("unit", [[[1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 2, 0]]])',
        one_spot(3, 3),
        (1.0 + 2 * 1.0) / 4,
    ),
    ('deepdream("unit")', GREY, (0.25 + 1 + 0.25) / 3),
    ("total_variation()", one_spot(2, 5), 4 * 0.25),
    ("L1()", flat(0.5, 0.25, 0.125), 64 * 0.875),
    ("L1(constant=0.5)", flat(0.5, 0.25, 0.125), 64 * 0.625),
    ('L1("unit")', GREY, 64 * 2),
    ("L2(constant=0.25)", flat(0.5, 0.25, 0.25), np.sqrt(64 * 0.0625 + 1e-6)),
    ("blur_input_each_step()", flat(0.5, 0.25, 0.125), 0.0),
    # The blur of a spot of 1/4: 1/5 of it at the spot, half as much at its neighbours.
    ("blur_input_each_step()", one_spot(4, 4), 0.5 * (0.2**2 + 8 * 0.025**2)),
    ("penalize_boundary_complexity(1)", one_spot(4, 4), 0.0),
    ("penalize_boundary_complexity(1, 0.25)", GREY, -0.8 * 28 * 3 / 16),
]


@pytest.mark.parametrize(("line", "picture", "expected"), HAND_COMPUTED)
def test_a_value_is_the_hand_computed_one(line, picture, expected):
    (value,) = values_on([picture], [data_of(line)])
    assert value == pytest.approx(expected, rel=3e-4, abs=1e-5)


@pytest.fixture
def photo(tmp_path):
    """A photo of 8 x 8 pixels, as numbers too."""
    pixels = np.random.RandomState(1).randint(0, 256, (EDGE, EDGE, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path, pixels / 255


def unit_of(pictures):
    """What `network` computes."""
    return pictures @ np.array([[2, 0, 0], [-1, 1, 0], [0, 1, -1]], float)


def test_objectives_of_photos_see_the_photo(photo):
    folder, pixels = photo
    picture = noise()
    seen, wanted = unit_of(picture), unit_of(pixels)
    dot = (seen * wanted).sum()
    similarity = max(0.1, dot / (1e-6 + np.sqrt((seen**2).sum())))
    expected = {
        'input_diff(photo("photo.png"))': np.sqrt(((picture - pixels) ** 2).mean()),
        'caricature("unit", photo("photo.png"))': dot,
        'caricature("unit", photo("photo.png"), 2)': dot * similarity**2,
        'tensor_direction("unit", photo("photo.png"))': (seen * wanted).sum(-1).mean(),
    }
    for line, value in expected.items():
        (found,) = values_on([picture], [data_of(line, folder)])
        assert found == pytest.approx(value, rel=1e-4), line


def test_a_direction_comes_from_a_patch_of_a_photo(tmp_path):
    """The upper left of the photo is red, the rest blue; the network has no size of its own."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[..., 2] = 255
    pixels[:32, :32] = [255, 0, 0]
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    lines = [f'direction("unit", photo("photo.png", {row}, 0, 4, 4))' for row in (0, 3)]
    found = values_on([GREY, GREY], [data_of(line, tmp_path) for line in lines])
    # unit of red is [2, 0, 0], of blue [0, 1, -1].
    np.testing.assert_allclose(found, [0.5 * 2, 1 * 1 + 0.5], rtol=1e-4)


def test_values_are_each_sprites_own():
    """Channels, weights, positions and vectors differ within one batch."""
    lines = ['2 * neuron("unit", 0, 2, 5)', '-1 * neuron("unit", 1, 0, 0)']
    found = values_on([one_spot(2, 5)] * 2, [data_of(line) for line in lines])
    np.testing.assert_allclose(found, [2.0, -1.0], rtol=1e-5)
    lines = [f'direction("unit", {vector})' for vector in ("[1, 0, 0]", "[0, 1, 0]")]
    found = values_on([GREY] * 2, [data_of(line) for line in lines])
    np.testing.assert_allclose(found, [0.5, 1.0], rtol=1e-5)


def test_random_directions_follow_their_seed():
    lines = [f'direction("unit", random({seed}))' for seed in (1, 2, 1)]
    first, second, again = values_on([GREY] * 3, [data_of(line) for line in lines])
    assert first == again != second


def test_opacity_is_that_of_the_picture_and_stays_out_of_the_colours():
    picture = np.concatenate([flat(0.5, 0.25, 0.125), np.full((EDGE, EDGE, 1), 0.25)], -1)
    for line, expected in (("opacity()", 0.25), ("1 - opacity()", 0.75), ("L1()", 64 * 0.875)):
        (value,) = values_on([picture], [data_of(line)], alpha=True)
        assert value == pytest.approx(expected, rel=1e-5)
    (value,) = values_on([picture], [data_of("blur_alpha_each_step()")], alpha=True)
    assert value == pytest.approx(0, abs=1e-8)


def test_the_network_sees_a_transparent_sprite_in_front_of_its_background():
    opaque, clear = [
        np.concatenate([flat(0.5, 0.25, 0.125), np.full((EDGE, EDGE, 1), alpha)], -1)
        for alpha in (1 - 1e-7, 1e-7)
    ]
    found = values_on([opaque, clear], [data_of('channel("unit", 0)')] * 2, alpha=True)
    assert found[0] == pytest.approx(0.75, rel=1e-4)
    assert abs(found[1] - 0.75) > 1e-3


def test_diversity_is_shared_out_among_the_members():
    """Members 0 and 1 are alike, 2 has other channels; five slots are padding."""
    pictures = [flat(0.5, 0.25, 0.125), flat(0.5, 0.25, 0.125), noise(2)]
    grams = []
    for picture in pictures:
        seen = unit_of(picture).reshape(-1, 3)
        gram = seen.T @ seen
        grams.append(gram / np.sqrt((gram**2).sum()))
    similar = np.array([[(a * b).sum() for b in grams] for a in grams])
    np.fill_diagonal(similar, 0)
    found = values_on(pictures, [data_of('diversity("unit")')] * 3, group_size=3)
    np.testing.assert_allclose(found, similar.sum(axis=1) / 3, rtol=1e-4)
    assert similar[0, 1] == pytest.approx(1)


def test_alignment_is_shared_out_among_the_members():
    pictures = [flat(0.5, 0.25, 0.125), GREY, noise(3)]
    seen = [unit_of(picture) for picture in pictures]
    pair = {(a, b): ((seen[a] - seen[b]) ** 2).mean() / 3.0 ** (b - a)
            for a, b in ((0, 1), (1, 2), (0, 2))}  # fmt: skip
    expected = [-sum(v for k, v in pair.items() if i in k) / 2 for i in range(3)]
    found = values_on(pictures, [data_of('alignment("unit", 3)')] * 3, group_size=3)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


RAISED = [
    *dict.fromkeys(
        line
        for line, _, _ in HAND_COMPUTED
        # Flat and without gradient at the start, or without a way up.
        if not line.startswith("penalize") and "/ 2 + 3" not in line
    ),
    "penalize_boundary_complexity(2)",
    'direction("unit", random(3))',
]


def optimized(line, steps=(1, 40), layers=None, group_size=0, count=1, folder=None, **settings):
    data = data_of(line, folder)
    setting = recipe(learning_rate=0.1, **settings)
    tasks = [
        Task(i, setting, steps, None, data, i if group_size else None, group_size)
        for i in range(count)
    ]
    graph = network(*(layers or build.layers(data) or ["unit"]))
    return list(optimize(graph, PICTURE, "unit", tasks, 8, lambda _: None))


@pytest.mark.parametrize("line", RAISED)
def test_every_objective_raises_its_own_value(line):
    (outcome,) = optimized(line)
    assert outcome.status == "ok"
    assert outcome.losses[40] > outcome.losses[1] + 1e-4


# Sprites start alike, so only apart they can move.
@pytest.mark.parametrize("line", ['-diversity("unit")', 'alignment("unit")'])
def test_every_coupled_objective_raises_its_own_value(line):
    outcomes = optimized(line, group_size=3, count=3)
    first, last = [sum(outcome.losses[step] for outcome in outcomes) for step in (1, 40)]
    assert last > first + 1e-7


@pytest.mark.parametrize(
    "line", ['caricature("unit", photo("photo.png"))', 'input_diff(photo("photo.png"))']
)
def test_every_objective_of_a_photo_raises_its_own_value(line, photo):
    (outcome,) = optimized(line, folder=photo[0])
    assert outcome.losses[40] > outcome.losses[1] + 1e-3


@pytest.mark.parametrize("line", ["opacity()", "blur_alpha_each_step()"])
def test_every_objective_of_opacity_raises_its_own_value(line):
    (outcome,) = optimized(line, alpha=True)
    assert outcome.losses[40] > outcome.losses[1]


def test_every_objective_has_a_test():
    tested = " ".join([*RAISED, "caricature input_diff opacity blur_alpha diversity alignment"])
    missing = [name for name in OBJECTIVES if name.removesuffix("_each_step") not in tested]
    assert missing == ["channel_interpolate"]  # spelled out by the config: see test_studies


def test_a_difference_lowers_what_is_taken_away():
    """unit 1 = g + b goes down, unit 0 = 2 r - g goes up; alone, unit 0 leaves blue as it is."""
    (alone,) = optimized('channel("unit", 0)')
    (apart,) = optimized('channel("unit", 0) - channel("unit", 1)')
    first, last = [unit_of(apart.pictures[step]).mean((0, 1)) for step in (1, 40)]
    assert last[0] > first[0] + 0.5
    assert last[1] < first[1] - 0.5
    assert abs(alone.pictures[40][..., 2].mean() - 0.5) < 0.01


def test_a_sum_over_two_layers_moves_both():
    (outcome,) = optimized('channel("unit", 0) - channel("wide", 2)')
    first, last = [unit_of(outcome.pictures[step]).mean((0, 1)) for step in (1, 40)]
    assert last[0] > first[0] + 0.5
    assert -last[2] > -first[2] + 0.2


def test_weights_scale_gradients_as_written():
    """Plain gradient steps: twice the weight, twice the way."""
    moved = {}
    for weight in (1, 2, -1):
        (outcome,) = optimized(
            f'{weight} * channel("unit", 2)', steps=(1,), optimizer="sgd", start=None
        )
        state = outcome.checkpoint.state
        (still,) = optimized('0 * channel("unit", 2)', steps=(1,), optimizer="sgd")
        moved[weight] = state.parameters - still.checkpoint.state.parameters
    assert abs(moved[1]).max() > 1e-5
    np.testing.assert_allclose(moved[2], 2 * moved[1], atol=1e-7)
    np.testing.assert_allclose(moved[-1], -moved[1], atol=1e-7)


@pytest.mark.parametrize("line", ['neuron("unit", 0, 8, 0)', 'localized_group("unit", [0], 0, 8)'])
def test_a_position_beyond_the_layer_is_said(line):
    (outcome,) = optimized(line)
    assert outcome.status == REFUSED
    assert outcome.reason.startswith(f"{line}: x or y is beyond the layer")


def test_templates_leave_out_values_and_keep_the_form():
    one, other = [
        parse(f'{w} * channel("a", {n}) - neuron("b", {n}, {x}) + L1(constant={w})')
        for w, n, x in ((2, 3, 4), (0.5, 7, 1))
    ]
    assert build.template(one.data) == build.template(other.data)
    for differing in ('channel("b", 3)', 'neuron("a", 3)', 'direction("a", [1], 1)'):
        assert build.template(parse(differing).data) != build.template(
            Objective({"objective": "channel", "layer": "a", "n_channel": 3}).data
        )
