"""One model, and what it can be asked to render."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from PIL import Image
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.api.visualize import visualize
from lucid_sprites.config import labels as labels_file
from lucid_sprites.engine.objectives.functions import ObjectiveFunction
from lucid_sprites.engine.optimize import Progress
from lucid_sprites.errors import UserError
from lucid_sprites.models.convert import convert
from lucid_sprites.models.loaders.load_model import Loaded
from lucid_sprites.models.loaders.load_model import load as load_file
from lucid_sprites.planning.class_names import ClassNames, NamedLayers, named_layers
from lucid_sprites.planning.import_jobs import InputOptions, Origin
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.objectives import Objective

# Of the canvases of 64 pixels under the standard transforms: what layers have to take.
_EDGES = (68, 77, 84)


AnyObjective = str | Objective | ObjectiveFunction


def on_layer(layer: str, function: Callable[[tf.Tensor], tf.Tensor]) -> ObjectiveFunction:
    """An objective from a function of one layer's tensor, [1, height, width, depth]."""
    return lambda layers: function(layers(layer))


@dataclass(frozen=True)
class Sprite:
    """What the optimization of one objective gave.

    Attributes:
        status: `ok`, or what went wrong (README, "What you get").
        reason: in words, of an objective that the network refuses.
        pictures: float32 [height, width, channels] in 0..1, by threshold.
        losses: value of the objective, by threshold.
    """

    status: str
    pictures: dict[int, np.ndarray]
    losses: dict[int, float]
    reason: str = ""

    def image(self, threshold: int | None = None) -> Image.Image:
        """The picture of a threshold, by default the last.

        Raises:
            UserError: there is none.
        """
        if not self.pictures or (threshold or max(self.pictures)) not in self.pictures:
            there = ", ".join(map(str, self.pictures)) or "none"
            raise UserError(
                f"no picture of threshold {threshold or ''} ({self.reason or self.status}); "
                f"there are {there}"
            )
        picture = self.pictures[threshold or max(self.pictures)]
        levels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
        return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)


@dataclass(frozen=True)
class Model:
    """A model that can be visualized.

    Attributes:
        graph: in normal form.
        catalogue: what it offers.
        named: the layers whose units have the names of classes, if there are any.
    """

    graph: GraphDef
    catalogue: Catalogue
    named: NamedLayers | None = None

    @property
    def layers(self) -> list[dict[str, Any]]:
        """The layers, inputs first: `number`, `name`, `op`, `kind`, `depth`, and more."""
        return [layer.as_dict() for layer in self.catalogue.layers]

    @property
    def picture(self) -> dict[str, Any]:
        """The picture that the model expects, and how each fact about it is known."""
        return {**self.catalogue.picture.as_dict()}

    def render(
        self,
        objectives: AnyObjective | list[AnyObjective] | dict[str, Any],
        progress: Progress = lambda _: None,
        **settings: Any,
    ) -> list[Sprite]:
        """Optimize pictures with the engine of the workflow, with all attempts that it makes.

        Args:
            objectives: one, a list of them, or a study as under `studies` in config.yaml. One is a
                line of text, an `objective`, or a function `T -> tensor` as lucid's (see
                `on_layer`), whose mean is raised.
            progress: called with the number of sprites that have advanced by a step.
            settings: of config.yaml: `thresholds`, `scale`, `transforms`, `seed`, ...

        Returns:
            a sprite for each objective, in their order.

        Raises:
            UserError: unknown layer, channel or setting, or settings that do not fit.
        """
        study = objectives if isinstance(objectives, list | dict) else [objectives]
        outcomes = visualize(self.graph, self.catalogue, study, progress, self.named, **settings)
        return [
            Sprite(outcome.final_status, outcome.pictures, outcome.losses, outcome.reason)
            for outcome in outcomes
        ]


def load(
    model: str | Path | GraphDef | Any,
    *,
    input: InputOptions | None = None,
    trust: bool = False,
    code: str | None = None,
    labels: str | Path | Sequence[str] | None = None,
) -> Model:
    """A model from a file or folder that the workflow takes, a GraphDef, or a Keras model.

    Args:
        input: what is known of the picture, as `input` in config.yaml: `name`, `range`, ...
        trust: run functions that are stored in a Keras file.
        code: a Python file with a Keras model's custom layers.
        labels: names of the classes, or a file of them, as `labels` in config.yaml: objectives may
            ask for a class by its name.

    It is read in this process: what holds for its code and operations holds here, too, but there
    are no limits of memory and time, and nothing else is forbidden (docs/models.md, "Safety").

    Raises:
        UserError: it cannot be loaded, or has no picture or no layer, or none for the labels.
        MemoryError: it is too large.
    """
    normal, described = convert(
        lambda: _loaded(model, trust, code), input or {}, _EDGES, _name(model)
    )
    named = named_layers(_class_names(labels), described, _name(model), "load")
    return Model(normal.graph, described, named)


def _class_names(said: str | Path | Sequence[str] | None) -> ClassNames | None:
    if said is None:
        return None
    if isinstance(said, str | Path):
        return ClassNames.of_file(str(said), "load: labels")
    return ClassNames(labels_file.names_of(list(said), "load: labels"), "the list", "")


def _loaded(model: Any, trust: bool, code: str | None) -> Loaded:
    if isinstance(model, GraphDef):
        return Loaded(model)
    if isinstance(model, str | Path):
        origin: Origin = {"file": str(model), "trust": trust}
        if code:
            origin["code"] = code
        return load_file(origin)
    if hasattr(model, "layers") and callable(model):
        from lucid_sprites.models.loaders.freeze_keras import freeze_light

        graph, weights = freeze_light(model)
        return Loaded(graph, weights=weights)
    raise UserError(f"{model!r} is no path, GraphDef or Keras model")


def _name(model: Any) -> str:
    """What messages call a model."""
    if isinstance(model, GraphDef):
        return "the graph"
    if isinstance(model, str | Path):
        return str(model)
    return f"the model {getattr(model, 'name', type(model).__name__)}"
