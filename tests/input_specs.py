"""What a network expects as its picture, for tests."""

from lucid_sprites.recipe.layer_catalogue import InputSpec


def input_spec(name="picture", height=None, width=None, channels=3, low=0.0, high=1.0):
    """Free size, colours and the range 0..1 unless said otherwise."""
    return InputSpec(
        name=name, height=height, width=width, channels=channels, low=low, high=high, known={}
    )
