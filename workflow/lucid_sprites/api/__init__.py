"""Feature visualization from Python: the workflow's engine on one model.

from lucid_sprites.api import load

model = load("model.keras")
[layer["name"] for layer in model.layers]
sprite, other = model.render(['channel("conv2d_1/Relu", 3)', '-channel("conv2d_1/Relu", 3)'])
sprite.image()
"""

from lucid_sprites.api.cnnvis import (
    activation_visualization,
    deconv_visualization,
    deepdream_visualization,
)
from lucid_sprites.api.model import Model, Sprite, load, on_layer
from lucid_sprites.images.grid import convert_into_grid, image_normalization
from lucid_sprites.recipe.objectives import objective

__all__ = [
    "Model",
    "Sprite",
    "activation_visualization",
    "convert_into_grid",
    "deconv_visualization",
    "deepdream_visualization",
    "image_normalization",
    "load",
    "objective",
    "on_layer",
]
