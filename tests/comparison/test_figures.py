"""Figures show the right sprite in the right place."""

import numpy as np
import pytest
from PIL import Image

from comparison.series import plain, write_state
from lucid_sprites.comparison.figures import write_all
from lucid_sprites.comparison.states import read_states
from lucid_sprites.errors import UserError

SPEC = {"neurons": 2, "cell": None, "before": "young", "after": "old", "animation": "webp"}
RED, GREEN, BLUE = (1, 0, 0), (0, 1, 0), (0, 0, 1)
YELLOW, CYAN, MAGENTA = (1, 1, 0), (0, 1, 1), (1, 0, 1)


@pytest.fixture
def states(tmp_path):
    young = {"conv": {0: plain(RED), 1: plain(GREEN), 2: plain(BLUE)}, "deep": {5: plain(RED)}}
    old = {"conv": {0: plain(YELLOW), 1: None, 2: plain(CYAN)}, "deep": {5: plain(MAGENTA)}}
    return read_states([*write_state(tmp_path, "young", young), *write_state(tmp_path, "old", old)])


def cells(image, colours):
    """Boxes of the areas of each colour, (left, top), in the order of reading."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    found = []
    for colour in colours:
        ys, xs = np.nonzero((np.abs(pixels - np.array(colour) * 255) < 3).all(-1))
        if len(ys):
            assert (np.ptp(ys) + 1, np.ptp(xs) + 1) == (16, 16), colour
            found.append((ys.min(), xs.min(), colour))
    return [colour for _, _, colour in sorted(found)]


ALL = (RED, GREEN, BLUE, YELLOW, CYAN, MAGENTA)


def test_rows_are_states_and_columns_neurons(states, tmp_path):
    write_all(states, SPEC, tmp_path)
    figure = Image.open(tmp_path / "states_l_0.png")
    assert cells(figure, ALL) == [RED, GREEN, YELLOW]


def test_rows_are_layers(states, tmp_path):
    write_all(states, SPEC, tmp_path)
    figure = Image.open(tmp_path / "layers_old.png")
    assert cells(figure, ALL) == [YELLOW, MAGENTA]


def test_every_neuron_before_and_after(states, tmp_path):
    write_all(states, SPEC, tmp_path)
    figure = Image.open(tmp_path / "before_after_l_0.png")
    assert cells(figure, ALL) == [RED, GREEN, BLUE, YELLOW, CYAN]


def test_layers_in_pairs_of_states(states, tmp_path):
    write_all(states, SPEC, tmp_path)
    figure = Image.open(tmp_path / "before_after.png")
    assert cells(figure, ALL[1:]) == [GREEN, YELLOW, MAGENTA]


def test_of_one_state_there_are_its_layers(states, tmp_path):
    write_all({"old": states["old"]}, {**SPEC, "before": "old"}, tmp_path)
    assert [path.name for path in tmp_path.glob("*.png")] == ["layers_old.png"]


def test_states_of_several_series_are_called_with_their_series(tmp_path):
    sheets = [
        *write_state(tmp_path / "one", "final", {"conv": {0: plain(RED)}}, series="one"),
        *write_state(tmp_path / "two", "final", {"conv": {0: plain(CYAN)}}, series="two"),
    ]
    states = read_states(sheets)
    write_all(states, {**SPEC, "before": "one/final", "after": "two/final"}, tmp_path / "out")
    assert cells(Image.open(tmp_path / "out/before_after.png"), ALL) == [RED, CYAN]
    assert (tmp_path / "out/layers_two_final.png").exists()


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_the_animation_has_a_frame_for_each_state(states, tmp_path, kind):
    write_all(states, {**SPEC, "animation": kind}, tmp_path)
    moving = Image.open(tmp_path / f"states_l_0.{kind}")
    assert moving.n_frames == 2
    shown = []
    for frame in range(2):
        moving.seek(frame)
        shown.append(cells(moving, ALL))
    assert shown == [[RED, GREEN], [YELLOW]]


def test_cells_have_the_size_that_is_asked_for(states, tmp_path):
    write_all(states, SPEC, tmp_path / "own")
    write_all(states, {**SPEC, "cell": 40}, tmp_path / "wide")
    own, wide = (Image.open(tmp_path / size / "states_l_0.png") for size in ("own", "wide"))
    assert wide.height - own.height >= 2 * 24


def test_the_catalogue_goes_on_in_further_rows(tmp_path):
    many = {"conv": {index: plain((index / 40, 0, 0)) for index in range(20)}}
    states = read_states(
        [*write_state(tmp_path, "young", many), *write_state(tmp_path, "old", many)]
    )
    write_all(states, SPEC, tmp_path)
    figure = np.asarray(Image.open(tmp_path / "before_after_l_0.png"))
    shown = {round(value / 255 * 40) for value in np.unique(figure[..., 0])
             if (figure[..., 0] == value)[figure[..., 1] == 0].sum() >= 2 * 256}  # fmt: skip
    assert shown == set(range(20))


def test_a_torn_sheet_is_named(tmp_path):
    (tmp_path / "sheet.json").write_text("{")
    with pytest.raises(UserError, match=r"sheet\.json: is damaged"):
        read_states([str(tmp_path / "sheet.json")])
