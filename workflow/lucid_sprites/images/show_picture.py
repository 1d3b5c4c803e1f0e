"""Program: show one picture to one network by one method, and write all views as a ZIP.

python -m lucid_sprites.images.show_picture --spec JSON --made MARK --out ZIP
"""

import argparse
import json
import logging
import zipfile
from collections.abc import Iterator
from typing import Any

from lucid_sprites import layout, program
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole
from lucid_sprites.made import mark
from lucid_sprites.planning.images import ArchiveSpec, ShownLayer, view_identity


def main() -> None:
    """Read the arguments, write the ZIP."""
    parser = argparse.ArgumentParser(description="Make the views of one picture.")
    parser.add_argument("--spec", required=True, help="what to make, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="ZIP to write")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        program.log_to_stderr()
        spec = json.loads(arguments.spec)
        save_whole(arguments.out, lambda path: _write(path, spec, arguments.made))


def _write(path: str, spec: ArchiveSpec, made: str) -> None:
    from lucid_sprites.sprites import png

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(mark(made)), b"")
        for layer, channel, (levels, record) in _views(spec):
            told = {
                "picture": spec["picture"],
                "image": spec["image"],
                "method": spec["method"],
                "number": layer["number"],
                "layer": layer["name"],
                "variant": spec["variant"],
            }
            content = png.encode_levels(levels, {**told, **record})
            # Without the time of day, equal views make equal files.
            view = layout.view(layer["number"], channel)
            marked = png.marked(content, view_identity(spec, view))
            archive.writestr(zipfile.ZipInfo(f"{view}.png"), marked)
            logging.info("%s: layer %d (%s)", spec["method"], layer["number"], layer["name"])


def _views(spec: ArchiveSpec) -> Iterator[tuple[ShownLayer, int | None, Any]]:
    """(layer, channel where the view is of one, view) of all layers.

    Raises:
        UserError: the picture or the graph cannot be read, or there is too little memory.
    """
    from tensorflow import errors

    from lucid_sprites import photos
    from lucid_sprites.images import network_input
    from lucid_sprites.images.methods import METHODS, Shown
    from lucid_sprites.models.loaders import frozen_graph
    from lucid_sprites.recipe.layer_catalogue import InputSpec

    picture = InputSpec(**spec["input"])
    image = photos.read(spec["picture"]).on_white()
    graph = frozen_graph.read(spec["graph"])
    for group in spec["groups"]:
        layers, settings = {layer["name"]: layer for layer in group["layers"]}, group["settings"]
        levels = network_input.fit(image, picture, settings["size_limit"], settings["stretch"])
        shown = Shown(graph, picture, image, levels)
        try:
            for name, channel, view in METHODS[spec["method"]](shown, list(layers), settings):
                yield layers[name], channel, view
        except errors.ResourceExhaustedError as error:
            raise UserError(
                f"{spec['picture']}: not enough memory for {spec['method']} at "
                f"{levels.shape[1]} x {levels.shape[0]} pixels; lower `size_limit`"
            ) from error


if __name__ == "__main__":
    main()
