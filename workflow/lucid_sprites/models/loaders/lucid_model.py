"""Models of lucid: graphs with lucid's metadata inside, and those of its model zoo."""

import contextlib
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.config import labels
from lucid_sprites.errors import UserError, nearest
from lucid_sprites.files import sha256, write_whole
from lucid_sprites.models.known_networks import Facts
from lucid_sprites.planning.import_jobs import LABELS_SUFFIX

# lucid.modelzoo.util.metadata_node_name
_METADATA_NODE = "lucid_metadata_json"
_TIMEOUT_SECONDS = 60


def facts_inside(graph: GraphDef, source: str) -> Facts | None:
    """What `lucid.modelzoo.vision_models.Model.save` has written into a graph, if it has.

    Raises:
        UserError: the metadata cannot be read.
    """
    nodes = [node for node in graph.node if node.name == _METADATA_NODE]
    if not nodes:
        return None
    try:
        metadata = json.loads(nodes[0].attr["value"].tensor.string_val[0])
        low, high = metadata["image_value_range"]
        order = "bgr" if metadata.get("is_BGR") else None
        return Facts("read", (low, high), order, name=metadata["input_name"])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{source}: its node {_METADATA_NODE} is not what lucid writes ({error!r}); remove the "
            "node, or save the model again with lucid"
        ) from error


def zoo_facts(name: str) -> Facts:
    """What lucid says of a model of its zoo."""
    model = _zoo_model(name)
    order = "bgr" if getattr(model, "is_BGR", False) else "rgb"
    return Facts("read", tuple(model.image_value_range), order, name=model.input_name)


def download(name: str, path: str, expected: str | None) -> None:
    """Fetch the frozen graph of a model of lucid's zoo.

    Args:
        path: to write; beside it, `<path>.sha256` keeps the checksum, and `<path>.labels` the names
            of the classes, where lucid has them.
        expected: SHA-256 that it must have, None if the user gives none.

    Raises:
        UserError: unknown model, no network, or another checksum.
    """
    model = _zoo_model(name)
    url = _address(model.model_path)
    try:
        data = _fetched(url)
    except (urllib.error.URLError, OSError) as error:
        raise UserError(
            f"{url}: lucid's model {name} cannot be downloaded ({error}); without a network, get "
            f"the file elsewhere and name it: {{lucid: {name}, file: <path>.pb}}"
        ) from error
    write_whole(path, data)
    digest = sha256(path)
    if expected is not None and digest != expected:
        Path(path).unlink()
        raise UserError(f"{url}: SHA-256 is {digest}, not {expected} as config.yaml says")
    write_whole(f"{path}.sha256", f"{digest}  {Path(path).name}\n")
    if getattr(model, "labels_path", None):
        # A network without names is as good.
        with contextlib.suppress(OSError):
            write_whole(path + LABELS_SUFFIX, _fetched(_address(model.labels_path)))


def labels_beside(path: str | None) -> tuple[str, ...]:
    """The names of classes that were downloaded; none where the file is not there or damaged."""
    with contextlib.suppress(UserError):
        return labels.read(path, "lucid") if path else ()
    return ()


def _address(path: str) -> str:
    return path.replace("gs://", "https://storage.googleapis.com/", 1)


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
        content: bytes = response.read()
    return content


def _zoo_model(name: str) -> Any:
    # Imported here: importing lucid changes what `import tensorflow` means.
    from lucid_sprites import lucid_compat  # noqa: F401, I001
    from lucid.modelzoo import vision_models

    if name not in vision_models.__all__:
        raise UserError(
            f"lucid's model zoo has no {name!r}; nearest: {nearest(name, vision_models.__all__)}"
        )
    return getattr(vision_models, name)
