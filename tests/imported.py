"""Models as the workflow imports them, without Snakemake."""

from pathlib import Path
from typing import Any

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models import catalogue
from lucid_sprites.models.loaders.load_model import load
from lucid_sprites.models.normal_form.normalize import NormalForm, normalize
from lucid_sprites.models.range_evidence import settle_range
from lucid_sprites.recipe.layer_catalogue import InputSpec

# Of the canvases of 64 pixels under the standard transforms.
EDGES = (68, 77, 84)


def normal(path: Path | str, options: dict[str, Any] | None = None) -> NormalForm:
    """The normal form of a model file."""
    loaded = load({"file": str(path)})
    return normalize(
        loaded.graph, options or {}, str(path), loaded.facts, loaded.assumed_range, loaded.kinds,
        loaded.notes, loaded.weights,
    )  # fmt: skip


def describe(
    path: Path | str, options: dict[str, Any] | None = None, edges: tuple[int, ...] = EDGES
) -> dict[str, Any]:
    """The catalogue of a model file as plain data."""
    settled = settle_range(normal(path, options))
    return catalogue.describe(settled, edges, str(path)).as_dict()


def picture(graph: GraphDef, options: dict[str, Any] | None = None) -> InputSpec:
    """The picture that a graph expects."""
    return normalize(graph, options or {}, "graph.pb").picture
