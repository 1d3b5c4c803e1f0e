"""What `make zoo` renders of a network, and how it tells it."""

import zoo

from lucid_sprites.recipe.layer_catalogue import Catalogue, InputSpec, Layer
from plans import layer_of


def layers(*kinds: str) -> list[Layer]:
    return [layer_of(n, f"layer{n}", kind=kind, depth=8) for n, kind in enumerate(kinds)]


def chosen(*kinds: str) -> list[int]:
    return [layer.number for layer in zoo.choose(layers(*kinds))]


def test_a_shallow_a_middle_and_a_deep_activation_are_chosen():
    assert chosen(*["convolution", "activation"] * 20) == [7, 21, 35]
    assert chosen("convolution", "activation", "activation", "activation") == [1, 2, 3]


def test_a_network_of_few_activations_shows_its_other_layers():
    assert chosen("convolution", "norm", "activation", "convolution") == [0, 2, 3]
    assert chosen("convolution") == [0]


def test_a_row_tells_what_became_of_the_units():
    counts = {"ok": 15, "constant_output": 8, "no_gradient": 1}
    row = zoo.Row(
        "net", 40, 12, 17.6, 611.2, ["a", "b", "c"], counts, ["any size", "0 to 1 (read)"]
    )
    assert row.living == 16
    text = zoo.markdown([row])
    assert "| net | 40 | 12 | 18 | 611 | 15 | 8 | 1 no_gradient | any size; 0 to 1 (read) |" in text
    assert "1 networks: 15 of 16 units that are not constant are fine." in text


def test_what_is_special_of_a_picture_is_told():
    known = {"range": "assumed"}
    picture = InputSpec("x", None, None, 7, -2.118, 2.64, known)
    notes = zoo.special(Catalogue(picture, ["grouped"], [], {}))
    assert notes == ["any size, 7 channels", "-2.118 to 2.64 (assumed)", "grouped"]
    fixed = InputSpec("x", 96, 64, 3, 0.0, 255.0, known)
    assert zoo.special(Catalogue(fixed, [], [], {})) == ["96 x 64", "0 to 255 (assumed)"]
