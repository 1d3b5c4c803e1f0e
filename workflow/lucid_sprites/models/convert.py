"""From any model that the workflow takes to its graph in normal form and its catalogue."""

import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.models import catalogue
from lucid_sprites.models.loaders.load import Loaded
from lucid_sprites.models.normal_form.normalize import normalize

_LONGEST_REASON = 300


def convert(
    load: Callable[[], Loaded], options: dict[str, Any], edges: Sequence[int], name: str
) -> tuple[GraphDef, dict[str, Any]]:
    """The graph of a model in normal form, with no more than its layers need, and its catalogue.

    Args:
        load: reads the model.
        options: the config's `input`.
        edges: of the canvases in pixels that its layers have to take.
        name: of the model, for messages.

    Raises:
        UserError: it cannot be converted; whatever else goes wrong becomes one, too.
        MemoryError: there is not enough.
    """
    with _doing("reading it", name):
        loaded = load()
    with _doing("bringing its graph into normal form", name):
        normal = normalize(loaded.graph, options, name, loaded.facts, loaded.assumed_range)
    with _doing("trying its layers on noise", name):
        described = catalogue.describe(normal, edges, name)
        return catalogue.pruned_to_layers(normal.graph, described), described


@contextmanager
def _doing(what: str, name: str) -> Iterator[None]:
    try:
        yield
    except (UserError, MemoryError):
        raise
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(error.message) from error
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        raise UserError(
            f"{name}: {what} ended in something that nobody foresaw ({_reason(error)}); if other "
            "programs can use this model, it is a fault of lucid-sprites: please report it, with "
            "the model or how it was made"
        ) from error


def _reason(error: Exception) -> str:
    """An exception's type and the first line that it says."""
    lines = str(error).strip().splitlines()
    kind = type(error).__name__
    return f"{kind}: {lines[0].strip()[:_LONGEST_REASON]}" if lines else kind
