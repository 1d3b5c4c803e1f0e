"""Objectives as text: what is read, what is refused and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lucid_sprites.errors import UserError
from lucid_sprites.recipe.objectives import (
    OBJECTIVES,
    Objective,
    objective,
    parse,
    text,
    without_paths,
)
from lucid_sprites.recipe.objectives.vocabulary import ALONE

A = {"objective": "channel", "layer": "a", "n_channel": 17}
B = {"objective": "channel", "layer": "b/Relu6", "n_channel": 3}


def number(value):
    return {"objective": "number", "value": value}


def of(kind, *parts):
    return {"objective": kind, "of": list(parts)}


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ('channel("a", 17)', A),
        ("channel('a', n_channel=17)", A),
        ('  channel ( n_channel = 17 , layer = "a" ) ', A),
        (
            'channel("a", 17) - 0.5 * channel("b/Relu6", 3)',
            of("sum", A, of("product", number(-0.5), B)),
        ),
        ('-channel("a", 17)', of("product", number(-1), A)),
        ('--channel("a", 17)', A),
        ('channel("a", 17) / 4 * 2', of("product", number(0.5), A)),
        ('2 * 3 * channel("a", 17)', of("product", number(6), A)),
        ('channel("a", 17) + 1 - 3', of("sum", A, number(-2))),
        (
            '2 * (channel("a", 17) + channel("b/Relu6", 3))',
            of("product", number(2), of("sum", A, B)),
        ),
        ('channel("a", 17) * channel("b/Relu6", 3)', of("product", A, B)),
        ("1e-3", number(0.001)),
        ('class_logit("a", 3)', {"objective": "class_logit", "layer": "a", "label": 3}),
        ('class_logit("a", "tabby")', {"objective": "class_logit", "layer": "a", "label": "tabby"}),
        ('class_logit("tabby")', {"objective": "class_logit", "layer": None, "label": "tabby"}),
        ('class_logit(label="a b")', {"objective": "class_logit", "layer": None, "label": "a b"}),
        ("L1()", {"objective": "L1", "layer": "input", "constant": 0}),
        (
            'neuron(12, 3, y=4)',
            {"objective": "neuron", "layer": 12, "n_channel": 3, "x": None, "y": 4},
        ),
        (
            'direction("a", [1, -2.5, 1e-1])',
            {"objective": "direction", "layer": "a", "vec": [1, -2.5, 0.1], "cossim_pow": 0},
        ),
        (
            'direction("a", vec=random(7))',
            {"objective": "direction", "layer": "a", "vec": {"random": [7]}, "cossim_pow": 0},
        ),
        (
            'input_diff(photo("p.jpg"))',
            {"objective": "input_diff", "orig_img": {"photo": "p.jpg"}},
        ),
    ],
)  # fmt: skip
def test_a_line_is_read(line, data):
    assert parse(line).data == data


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        ('channel("a" 3)', 'expected ")" or ","', 13),
        ('channel("a", 3', "expected", 15),
        ("", "expected", 1),
        ('channel("a", 3) 4', "expected", 17),
        ('channel("a", 3) ** 2', "expected", 18),
        ('__import__("os").system("ls")', "expected", 17),
        ('open("/etc/passwd")', "unknown objective 'open'", 1),
        ("lambda: 0", "expected", 7),
        ('1 + chanel("a", 3)', "did you mean channel?", 5),
        ('channel("a", -1)', "n_channel is the number of a channel, not -1", 1),
        ('channel("a", 1.5)', "not 1.5", 1),
        ('channel("a")', "needs 'n_channel'", 1),
        ('channel("a", 1, 2)', "takes 2 values, not 3", 1),
        ('channel("a", 1, n_channel=2)', "is given 'n_channel' twice", 1),
        ('channel("a", n_channel=1, n_channel=2)', "n_channel is given twice", 27),
        ('channel("a", n=1)', "has no parameter 'n'", 1),
        ('channel(n_channel=1, "a")', "a value without a name", 22),
        ('channel("a", 1) / channel("a", 2)', "only be divided by a number", 19),
        ('channel("a", 1) / 0', "that is not 0", 19),
        ('direction("a", noise(3))', "random(seed) or photo(file)", 16),
        ('direction("a", random(3, 4))', "vec is a list of numbers", 1),
        ('direction("a", [])', "vec is a list of numbers", 1),
        ('tensor_direction("a", [[[1, 2], [3]]])', "vec is rows of columns", 1),
        ('caricature("a", "p.jpg")', "orig_img is photo(file), not 'p.jpg'", 1),
    ],
)
def test_what_is_outside_is_refused_with_a_caret(line, reason, column):
    with pytest.raises(UserError) as caught:
        parse(line, "config.yaml: study s, objectives 1")
    message = str(caught.value)
    first, *shown, caret = message.split("\n")
    assert first.startswith("config.yaml: study s, objectives 1: ")
    assert reason in first
    assert shown == [f"  {line}"]
    assert caret == "  " + " " * (column - 1) + "^"


units = st.builds(
    lambda layer, channel: objective("channel", layer, channel),
    st.sampled_from(["a", "b/Relu:0", "c + -d"]),
    st.integers(0, 999),
)
numbers = st.one_of(st.integers(-9, 9), st.sampled_from([0.5, -2.25, 1e-05]))
sums = st.recursive(
    units,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, st.one_of(inner, numbers)),
        st.builds(lambda a, b: a - b, inner, st.one_of(inner, numbers)),
        st.builds(lambda a, b: b * a, inner, st.one_of(inner, numbers)),
    ),
    max_leaves=6,
)


@given(sums)
def test_the_text_of_an_objective_is_read_as_the_same_objective(made):
    assert parse(text(made.data)) == made


def test_python_and_text_say_the_same():
    a, b = objective("channel", "a", 17), objective("channel", layer="b/Relu6", n_channel=3)
    assert a - 0.5 * b == parse('channel("a", 17) - 0.5 * channel("b/Relu6", 3)')
    assert -a / 2 + 1 == parse('-channel("a", 17) / 2 + 1')
    assert 1 - a == parse('1 - channel("a", 17)')
    assert sum([a, b]) == a + b == Objective(of("sum", A, B))
    with pytest.raises(UserError, match="unknown objective"):
        objective("chanel", "a", 1)


def test_defaults_and_photos_are_shown_as_they_are_written():
    for line in (
        'neuron("a", 3, y=4)',
        'direction("a", random(3), 2)',
        "L2(constant=0.5)",
        'tensor_direction("a", random(1, 2, 3))',
        'direction("a", photo("p.jpg", 0, 1, 4, 4))',
        'class_logit("tabby")',
        'class_logit("a", "tabby")',
    ):
        assert text(parse(line).data) == line
    resolved = {"objective": "input_diff", "orig_img": {"photo": {"file": "p", "sha256": "0"}}}
    assert text(resolved) == 'input_diff(photo("p"))'
    assert without_paths(resolved)["orig_img"] == {"photo": {"sha256": "0"}}


def test_every_default_is_accepted():
    for name, parameters in OBJECTIVES.items():
        names = [parameter.name for parameter in parameters]
        assert len(set(names)) == len(names)
        required = [parameter.required for parameter in parameters]
        # A value without a name is for the first parameter, or for that which may stand alone.
        assert required == sorted(required, reverse=True) or [
            parameter.name for parameter in parameters if parameter.required
        ] == [ALONE[name]]
