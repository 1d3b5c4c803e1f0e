"""From whatever a model comes as to its frozen graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.files import GRAPH, MODEL, TEXT, check_input
from lucid_sprites.models.known_networks import Facts
from lucid_sprites.models.loaders import frozen_graph, lucid_model, saved_model
from lucid_sprites.models.loaders.kinds import KERAS_SUFFIXES, ONNX_SUFFIX
from lucid_sprites.planning.import_jobs import Origin

# Most Keras models divide bytes by 255 before the first layer sees them.
_KERAS_RANGE = (0.0, 1.0)
_FROZEN_RANGE = (-1.0, 1.0)
# Most PyTorch networks take pictures less ImageNet's mean and divided by its deviation.
_ONNX_RANGE = (-2.12, 2.64)


@dataclass(frozen=True)
class Loaded:
    """A model as a frozen graph.

    Attributes:
        graph: still as the model's author left it.
        facts: what its kind of file says of the picture, if anything.
        assumed_range: of the picture, if nothing tells.
        kinds: of its layers by name, where its file says what is a layer.
        notes: what was left out on the way, for people.
    """

    graph: GraphDef
    facts: Facts | None = None
    assumed_range: tuple[float, float] = _FROZEN_RANGE
    kinds: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()


def load(source: Origin) -> Loaded:
    """The model that a source of `planning.sources` stands for.

    Args:
        source: `file`, a path, with `trust` and `code` for Keras files; or `keras_application`, a
            class name, with `weights`; or `lucid`, a name of lucid's model zoo, with `file`.

    Raises:
        UserError: it cannot be loaded; says what it is and what to do.
    """
    if "keras_application" in source:
        from lucid_sprites.models.loaders import keras_application

        if source["weights"] not in ("imagenet", "none"):
            check_input(
                source["weights"],
                MODEL,
                f"keras.applications {source['keras_application']}: weights (choose `imagenet`, "
                "`none` or a file)",
            )
        graph, facts = keras_application.load(source["keras_application"], source["weights"])
        return Loaded(graph, facts, _KERAS_RANGE)
    path = Path(source["file"])
    _check_files(path, source.get("code"))
    if "lucid" in source:
        return Loaded(frozen_graph.read(path), lucid_model.zoo_facts(source["lucid"]))
    if path.is_dir():
        return Loaded(saved_model.load(path), None, _KERAS_RANGE)
    if path.name.endswith(ONNX_SUFFIX):
        from lucid_sprites.models.loaders.onnx import import_onnx as onnx_file

        model = onnx_file.load(path)
        return Loaded(model.graph, model.facts, _ONNX_RANGE, model.kinds, tuple(model.notes))
    if path.name.endswith(KERAS_SUFFIXES):
        from lucid_sprites.models.loaders import freeze_keras, keras_file

        model = keras_file.load(path, source.get("trust", False), source.get("code"))
        return Loaded(freeze_keras.freeze(model), None, _KERAS_RANGE)
    graph = frozen_graph.read(path)
    return Loaded(graph, lucid_model.facts_inside(graph, str(path)))


def _check_files(path: Path, code: str | None) -> None:
    """Raise UserError for what can only hang or kill its reader."""
    if path.is_dir():
        for file in [*path.glob("saved_model.pb*"), *path.glob("variables/*")]:
            check_input(file, MODEL)
    else:
        check_input(path, MODEL if path.name.endswith(KERAS_SUFFIXES) else GRAPH)
    if code is not None:
        check_input(code, TEXT)
