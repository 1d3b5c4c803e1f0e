"""Whatever a line of a study says: an objective that its own text gives again, or a message."""

import json
import math

import pytest
from hypothesis import strategies as st
from shares import fuzz

from lucid_sprites.errors import UserError
from lucid_sprites.planning import study_kinds
from lucid_sprites.recipe.objectives import OBJECTIVES, parse, text

LINES = (
    'channel("mixed4a", 17) - 0.5 * channel(3, n_channel=2) / (1 + 1e-3)',
    'neuron("a", 1, x=None, y=2) + -direction("b", [1, -2.5e3, .5], cossim_pow=2)',
    'tensor_direction("c", random(3, 4, 5)) * 2 - caricature("d", photo("cat.jpg"))',
    "localized_group('e', [1, 2], 3, 4) - L1(constant=.1) + 7 * opacity()",
    'class_logit("tabby") - class_logit("logits", "tiger cat") + class_logit(layer=3, label=2)',
    'direction_neuron("f", photo("cat.jpg", 1, 2, 3, 4)) - diversity("g")',
)
_TOKENS = st.sampled_from(
    [*OBJECTIVES, "(", ")", "[", "]", ",", "=", "+", "-", "*", "/", "None", "random", "photo",
     '"a"', "'b'", "x", "0", "1", "17", ".5", "1e308", "1e-320", "1e999", "9" * 400, "²", "٣", '"',
     "\\", "\0", "#", "_"]
)  # fmt: skip
_WORDS = st.lists(_TOKENS, max_size=14).map(" ".join)


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A line with tokens put in, or parts of it cut out or repeated."""
    line = draw(st.sampled_from(LINES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, len(line)))
        middle = draw(_TOKENS | st.just(line[start:end] * 2) | st.text(max_size=4))
        line = line[:start] + middle + line[draw(st.sampled_from([start, end])) :]
    return line


@fuzz(share=3, line=changed() | _WORDS | st.text(max_size=40))
def test_a_line_is_an_objective_or_refused(line):
    try:
        data = parse(line, "here").data
    except UserError as error:
        assert str(error).startswith("here: ")
        return
    json.dumps(data, allow_nan=False)
    assert parse(text(data)).data == data


_LINE = changed() | _WORDS
_SOME = st.lists(_LINE, min_size=1, max_size=3)
_STUDIES = st.one_of(
    st.fixed_dictionaries({"objectives": _SOME}),
    st.fixed_dictionaries(
        {"interpolate": st.fixed_dictionaries(
            {"from": _LINE, "to": _LINE, "steps": st.integers(2, 32)})}),
    st.fixed_dictionaries(
        {"pairs": st.fixed_dictionaries(
            {"first": _SOME, "second": _SOME, "weight": st.floats(allow_nan=False)})}),
    st.fixed_dictionaries(
        {"diversity": st.fixed_dictionaries(
            {"objective": _LINE, "layer": st.integers(0, 9), "weight": st.floats(0, 1e308)})}),
)  # fmt: skip


@fuzz(study=_STUDIES)
def test_a_study_is_spelled_out_or_refused(study):
    """What fits the schema, with lines of any kind."""
    try:
        cells = study_kinds.expand(study, "here").cells
    except UserError as error:
        assert str(error).startswith("here, ")
    else:
        json.dumps([cell.objective.data for cell in cells], allow_nan=False)


@pytest.mark.parametrize(
    "line",
    ["(1 + 2 * " * 3_000 + "1" + ")" * 3_000, "-" * 3_000 + "1", "[" * 3_000,
     'direction("a", ' + "[" * 5_000 + "]" * 5_000 + ")"],
    ids=["brackets", "signs", "open", "lists"],
)  # fmt: skip
def test_a_line_that_is_nested_without_end_is_refused(line):
    with pytest.raises(UserError, match=r"^here: ") as caught:
        parse(line, "here")
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    "line", ['channel("a", 1) * 1e200 * 1e200', "1e999", f"{'9' * 400} * 1.5", f"1 - {'9' * 5000}",
             "1e308 + 1e308", "1 / 1e-320"],
)  # fmt: skip
def test_numbers_beyond_all_bounds_are_refused(line):
    with pytest.raises(UserError, match=r"^here: .*too large"):
        parse(line, "here")


def test_the_lines_are_right_before_they_are_changed():
    for line in LINES:
        data = parse(line).data
        assert parse(text(data)).data == data
        assert not math.isnan(json.loads(json.dumps(data)).get("value", 0))
