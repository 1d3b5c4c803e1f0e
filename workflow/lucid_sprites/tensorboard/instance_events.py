"""Program: write an instance's sprites, losses and pictures as TensorBoard event files.

python -m lucid_sprites.tensorboard.instance_events --spec JSON --out FOLDER
"""

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path

from lucid_sprites import layout, program
from lucid_sprites.made import write_beside
from lucid_sprites.planning.images import EventsSpec
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.size import Size
from lucid_sprites.sprites import png


def main() -> None:
    """Read the arguments, write the event file."""
    parser = argparse.ArgumentParser(description="Write event files for TensorBoard.")
    parser.add_argument("--spec", required=True, help="what to write, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="folder of the event file")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        write(json.loads(arguments.spec), arguments.out)
        write_beside(arguments.out, arguments.made)


def write(spec: EventsSpec, folder: str) -> None:
    """Write one event file.

    Tags are `<image>/<method>/<layer>` for views; `sprites <layer>/<index>` and, for their losses,
    `loss <layer>/<index>`, over the thresholds.

    Args:
        spec: `results`, `series`, `instance`; `layers`: names by number; `sprites`: lists of
            `{number, threshold, scale, indexes}`; `views`: lists of `{of, views}`, pairs of image
            and method and what was made of each.

    Raises:
        UserError: a picture cannot be read.
    """
    from lucid_sprites.tensorboard.event_file import EventFile

    with EventFile(folder) as events:
        for layer, index, threshold, path in _sprites(spec):
            _, record = png.read(path)
            name = f"{_tag(spec, layer)}/i_{index}"
            events.image(f"sprites {name}", Path(path).read_bytes(), threshold)
            loss = record["loss"]
            if loss is not None and math.isfinite(loss):
                events.scalar(f"loss {name}", loss, threshold)
        for image, method, view, path in _views(spec):
            number, _, channel = view.removeprefix("l_").partition("_")
            name = f"{image}/{method}/{_tag(spec, int(number))}{f' {channel}' if channel else ''}"
            events.image(name, _read(path))


def _tag(spec: EventsSpec, layer: int) -> str:
    """A layer's name without the slashes by which TensorBoard makes groups."""
    return f"l_{layer} {spec['layers'][str(layer)].replace('/', '.')}"


def _read(path: str) -> bytes:
    png.read(path)
    return Path(path).read_bytes()


def _sprites(spec: EventsSpec) -> Iterator[tuple[int, int, int, str]]:
    """(layer, index, threshold, file)"""
    for group in spec["sprites"]:
        for index in index_ranges.parse(group["indexes"]):
            path = f"{spec['results']}/{layout.SPRITE}".format(
                series=spec["series"],
                instance=spec["instance"],
                layer=group["number"],
                index=index,
                threshold=group["threshold"],
                scale=Size.of(group["scale"]),
            )
            yield group["number"], index, group["threshold"], path


def _views(spec: EventsSpec) -> Iterator[tuple[str, str, str, str]]:
    """(image, method, view, file)"""
    for group in spec["views"]:
        for image, method in group["of"]:
            for view in group["views"]:
                path = f"{spec['results']}/{layout.PICTURE}".format(
                    series=spec["series"],
                    instance=spec["instance"],
                    image=image,
                    method=method,
                    view=view,
                )
                yield image, method, view, path


if __name__ == "__main__":
    main()
