"""From any model that the workflow takes to its graph in normal form and its catalogue."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import NoPictureError, UserError
from lucid_sprites.models import catalogue
from lucid_sprites.models.graph import unsupported
from lucid_sprites.models.graph.large_constants import strip_large_constants
from lucid_sprites.models.loaders.load_model import Loaded
from lucid_sprites.models.normal_form.normalize import NormalForm, normalize
from lucid_sprites.models.range_evidence import settle_range
from lucid_sprites.planning.import_jobs import InputOptions
from lucid_sprites.recipe.layer_catalogue import Catalogue

_LONGEST_REASON = 300
_UNKNOWN_CAUSE = (
    "nobody foresaw that: the file may be damaged; if other programs can use this model, it is a "
    "fault of lucid-sprites: please report it, with the model or how it was made"
)
# Lines of TensorFlow's messages that say nothing by themselves.
_HEADINGS = ("Graph execution error:", "Detected at node", "Node:")


class UnforeseenError(UserError):
    """Whatever no reader expects: where it comes from is for the log."""


def convert(
    load: Callable[[], Loaded], options: InputOptions, edges: Sequence[int], name: str
) -> tuple[NormalForm, Catalogue]:
    """A model in normal form, with no more than its layers need, and its catalogue.

    Args:
        load: reads the model.
        options: the config's `input`.
        edges: of the canvases in pixels that its layers have to take.
        name: of the model, for messages.

    Raises:
        UserError: it cannot be converted; whatever else goes wrong becomes `UnforeseenError`.
        MemoryError: there is not enough.
    """
    with _doing("reading it", name):
        loaded = _light(load())
    graph = loaded.graph
    with _doing("bringing its graph into normal form", name, graph):
        normal = normalize(
            graph,
            options,
            name,
            loaded.facts,
            loaded.assumed_range,
            loaded.kinds,
            loaded.notes,
            loaded.weights,
        )
    with _doing("looking for its value range", name, graph):
        normal = settle_range(normal)
    with _doing("trying its layers on noise", name, graph):
        described = catalogue.describe(normal, edges, name)
        described = replace(described, labels=loaded.labels)
        light = catalogue.pruned_to_layers(normal.light, described)
        return replace(normal, light=light), described


def _light(loaded: Loaded) -> Loaded:
    """The same model; the graph that was read can go."""
    graph, weights = strip_large_constants(loaded.graph)
    return replace(loaded, graph=graph, weights={**loaded.weights, **weights})


@contextmanager
def _doing(what: str, name: str, graph: GraphDef | None = None) -> Iterator[None]:
    """Whatever happens on the way becomes a message that names the model and a cause."""
    try:
        yield
    except MemoryError:
        raise
    except UserError as error:
        prefix = "" if name in str(error) else f"{name}: "
        cause = graph and unsupported.cause(graph)
        kind = NoPictureError if isinstance(error, NoPictureError) else UserError
        raise kind(f"{prefix}{error}{f'; {cause}' if cause else ''}") from error
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(error.message) from error
    except Exception as error:
        cause = (graph and unsupported.cause(graph)) or _UNKNOWN_CAUSE
        raise UnforeseenError(f"{name}: {what} failed ({_reason(error)}); {cause}") from error


def _reason(error: Exception) -> str:
    """An exception's type and the first line that it says."""
    said = [line.strip() for line in str(error).splitlines()]
    lines = [line for line in said if line and not line.startswith(_HEADINGS)]
    kind = type(error).__name__
    return f"{kind}: {lines[0][:_LONGEST_REASON]}" if lines else kind
