"""From whatever a model comes as to its frozen graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.files import GRAPH, MODEL, TEXT, check_input
from lucid_sprites.models.graph.large_constants import Weights
from lucid_sprites.models.known_networks import Facts
from lucid_sprites.models.loaders import frozen_graph, lucid_model, saved_model
from lucid_sprites.models.loaders.kinds import KERAS_SUFFIXES, ONNX_SUFFIX
from lucid_sprites.planning.import_jobs import Origin
from lucid_sprites.recipe import value_ranges

# Most people divide bytes by 255; of networks that take -1..1 most are known by their names.
_USUAL_RANGE = value_ranges.UNIT
# Most PyTorch networks take pictures less ImageNet's mean and divided by its deviation.
_ONNX_RANGE = value_ranges.NORMALIZED


@dataclass(frozen=True)
class Loaded:
    """A model as a frozen graph.

    Attributes:
        graph: still as the model's author left it.
        facts: what its kind of file says of the picture, if anything.
        assumed_range: of pictures of three colours, if nothing tells.
        kinds: of its layers by name, where its file says what is a layer.
        notes: what was left out on the way, for people.
        weights: constants that are kept apart from `graph`.
        labels: names of its classes, in their order.
    """

    graph: GraphDef
    facts: Facts | None = None
    assumed_range: value_ranges.Range = _USUAL_RANGE
    kinds: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()
    weights: Weights = field(default_factory=dict)
    labels: tuple[str, ...] = ()


def _keras_application(source: Origin) -> Loaded:
    from lucid_sprites.models.loaders import keras_application

    name, said = source["keras_application"], source["weights"]
    graph, weights, facts = keras_application.load(name, said)
    labels = keras_application.labels(said)
    return Loaded(graph, facts, weights=weights, labels=labels)


def _lucid(source: Origin) -> Loaded:
    graph, facts = frozen_graph.read(Path(source["file"])), lucid_model.zoo_facts(source["lucid"])
    return Loaded(graph, facts, labels=lucid_model.labels_beside(source.get("labels")))


def _saved_model(source: Origin) -> Loaded:
    graph, weights = saved_model.load(Path(source["file"]))
    return Loaded(graph, weights=weights)


def _onnx(source: Origin) -> Loaded:
    from lucid_sprites.models.loaders.onnx import import_onnx

    model = import_onnx.load(Path(source["file"]))
    notes = tuple(model.notes)
    return Loaded(model.graph, model.facts, _ONNX_RANGE, model.kinds, notes, labels=model.labels)


def _keras(source: Origin) -> Loaded:
    from lucid_sprites.models.loaders import freeze_keras, keras_file

    model = keras_file.load(Path(source["file"]), source.get("trust", False), source.get("code"))
    graph, weights = freeze_keras.freeze_light(model)
    return Loaded(graph, weights=weights)


def _frozen_graph(source: Origin) -> Loaded:
    path = Path(source["file"])
    graph = frozen_graph.read(path)
    return Loaded(graph, lucid_model.facts_inside(graph, str(path)))


@dataclass(frozen=True)
class Format:
    """A kind of model.

    Attributes:
        fits: whether a source is of it.
        load: raises UserError, which says what the model is and what to do, if it cannot be loaded.
        suffixes: of its files.
    """

    fits: Callable[[Origin], bool]
    load: Callable[[Origin], Loaded]
    suffixes: tuple[str, ...] = ()


def _of_suffix(load: Callable[[Origin], Loaded], suffixes: tuple[str, ...]) -> Format:
    return Format(lambda source: source["file"].endswith(suffixes), load, suffixes)


FORMATS = (
    Format(lambda source: "keras_application" in source, _keras_application),
    Format(lambda source: "lucid" in source, _lucid),
    Format(lambda source: Path(source["file"]).is_dir(), _saved_model),
    _of_suffix(_onnx, (ONNX_SUFFIX,)),
    _of_suffix(_keras, KERAS_SUFFIXES),
    # A file of any other name is tried as one.
    Format(lambda source: True, _frozen_graph, (".pb", ".pbtxt")),
)
"""The first that fits is taken."""


def load(source: Origin) -> Loaded:
    """The model that a source of `planning.sources` stands for.

    Args:
        source: `file`, a path, with `trust` and `code` for Keras files; or `keras_application`, a
            class name, with `weights`; or `lucid`, a name of lucid's model zoo, with `file`.

    Raises:
        UserError: it cannot be loaded; says what it is and what to do.
    """
    if "keras_application" in source:
        _check_weights(source)
    else:
        _check_files(Path(source["file"]), source.get("code"))
    return next(kind for kind in FORMATS if kind.fits(source)).load(source)


def _check_weights(source: Origin) -> None:
    if source["weights"] not in ("imagenet", "none"):
        check_input(
            source["weights"],
            MODEL,
            f"keras.applications {source['keras_application']}: weights (choose `imagenet`, "
            "`none` or a file)",
        )


def _check_files(path: Path, code: str | None) -> None:
    """Raise UserError for what can only hang or kill its reader."""
    if path.is_dir():
        for file in [*path.glob("saved_model.pb*"), *path.glob("variables/*")]:
            check_input(file, MODEL)
    else:
        check_input(path, MODEL if path.name.endswith(KERAS_SUFFIXES) else GRAPH)
    if code is not None:
        check_input(code, TEXT)
