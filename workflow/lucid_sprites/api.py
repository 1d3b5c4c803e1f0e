"""Feature visualization from Python: the workflow's engine on one model.

from lucid_sprites.api import load

model = load("model.keras")
[layer["name"] for layer in model.layers]
sprite, other = model.render(['channel("conv2d_1/Relu", 3)', '-channel("conv2d_1/Relu", 3)'])
sprite.image()
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine.optimize import Progress
from lucid_sprites.engine.visualize import visualize
from lucid_sprites.errors import UserError
from lucid_sprites.images.cnnvis import (
    activation_visualization,
    deconv_visualization,
    deepdream_visualization,
)
from lucid_sprites.images.grid import convert_into_grid, image_normalization
from lucid_sprites.models import catalogue
from lucid_sprites.models.loaders.load import Loaded
from lucid_sprites.models.loaders.load import load as load_file
from lucid_sprites.models.normal_form.normalize import normalize
from lucid_sprites.objectives import Objective, objective

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
]

# Of the canvases of 64 pixels under the standard transforms: what layers have to take.
_EDGES = (68, 77, 84)


@dataclass(frozen=True)
class Sprite:
    """What the optimization of one objective gave.

    Attributes:
        status: `ok`, or what went wrong (README, "What you get").
        pictures: float32 [height, width, channels] in 0..1, by threshold.
        losses: value of the objective, by threshold.
    """

    status: str
    pictures: dict[int, np.ndarray]
    losses: dict[int, float]

    def image(self, threshold: int | None = None) -> Image.Image:
        """The picture of a threshold, by default the last.

        Raises:
            UserError: there is none.
        """
        if not self.pictures or (threshold or max(self.pictures)) not in self.pictures:
            raise UserError(
                f"no picture of threshold {threshold or ''} ({self.status}); there are "
                f"{', '.join(map(str, self.pictures)) or 'none'}"
            )
        picture = self.pictures[threshold or max(self.pictures)]
        levels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
        return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)


@dataclass(frozen=True)
class Model:
    """A model that can be visualized.

    Attributes:
        graph: in normal form.
        catalogue: what it offers (see `models.catalogue.describe`).
    """

    graph: GraphDef
    catalogue: dict[str, Any]

    @property
    def layers(self) -> list[dict[str, Any]]:
        """The layers, inputs first: `number`, `name`, `op`, `kind`, `depth`, and more."""
        return self.catalogue["layers"]

    @property
    def picture(self) -> dict[str, Any]:
        """The picture that the model expects, and how each fact about it is known."""
        return self.catalogue["input"]

    def render(
        self,
        objectives: str | Objective | list[str | Objective] | dict[str, Any],
        progress: Progress = lambda _: None,
        **settings: Any,
    ) -> list[Sprite]:
        """Optimize pictures with the engine of the workflow.

        Args:
            objectives: one, a list of them, or a study as under `studies` in config.yaml.
            progress: called with the number of sprites that have advanced by a step.
            settings: of config.yaml: `thresholds`, `scale`, `transforms`, `seed`, ...

        Returns:
            a sprite for each objective, in their order.

        Raises:
            UserError: unknown layer or channel, or settings that do not fit.
        """
        study = [objectives] if isinstance(objectives, str | Objective) else objectives
        outcomes = visualize(self.graph, self.catalogue, study, progress, **settings)
        return [Sprite(each.status, each.pictures, each.losses) for each in outcomes]


def load(
    model: str | Path | GraphDef | Any,
    *,
    input: dict[str, Any] | None = None,
    trust: bool = False,
    code: str | None = None,
) -> Model:
    """A model from a file or folder that the workflow takes, a GraphDef, or a Keras model.

    Args:
        input: what is known of the picture, as `input` in config.yaml: `name`, `range`, ...
        trust: run functions that are stored in a Keras file.
        code: a Python file with a Keras model's custom layers.

    Raises:
        UserError: it cannot be loaded, or has no picture or no layer.
    """
    loaded, name = _loaded(model, trust, code)
    normal = normalize(
        loaded.graph, input or {}, name, loaded.facts, loaded.assumed_range, loaded.kinds,
        loaded.notes,
    )  # fmt: skip
    described = catalogue.describe(normal, _EDGES, name)
    return Model(catalogue.pruned_to_layers(normal.graph, described), described)


def _loaded(model: Any, trust: bool, code: str | None) -> tuple[Loaded, str]:
    if isinstance(model, GraphDef):
        return Loaded(model), "the graph"
    if isinstance(model, str | Path):
        origin = {"file": str(model), "trust": trust}
        return load_file(origin | ({"code": code} if code else {})), str(model)
    if hasattr(model, "layers") and callable(model):
        from lucid_sprites.models.keras_model import freeze

        return Loaded(freeze(model), None, (0.0, 1.0)), f"the model {model.name}"
    raise UserError(f"{model!r} is no path, GraphDef or Keras model")
