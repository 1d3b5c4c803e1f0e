"""Program: draw the comparison figures of a series.

    python -m lucid_sprites.comparison.figures --spec JSON --out FOLDER --sheets SHEET.json ...

Writes into the folder, for each layer `<n>` and state `<s>`:
`states_l_<n>.png` rows are states, columns neurons; `states_l_<n>.webp` (or `.gif`) the same as one
row that moves; `layers_<s>.png` rows are layers; `before_after.png` rows are layers, in pairs of
states; `before_after_l_<n>.png` every neuron in pairs. Of one state there is only `layers_<s>.png`.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from lucid_sprites import program
from lucid_sprites.comparison import labelled_grid
from lucid_sprites.comparison.labelled_grid import Row
from lucid_sprites.comparison.states import (
    Layer,
    Sprite,
    State,
    common_layers,
    common_neurons,
    read_states,
)
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole
from lucid_sprites.made import write_beside
from lucid_sprites.planning.comparison import FiguresSpec
from lucid_sprites.recipe.size import Size

_MILLISECONDS = 700
"""For which an animation shows each state."""

_PAIRS = 16
"""Neurons side by side in the before/after catalogue."""


def states_by_neurons(
    states: dict[str, State], name: str, neurons: int, cell: int | None = None
) -> Image.Image:
    """Rows = states, columns = the first neurons of a layer."""
    layers = {instance: state[name] for instance, state in states.items()}
    chosen = common_neurons(list(layers.values()))[:neurons]
    rows = [Row(instance, _sprites(layer, chosen)) for instance, layer in layers.items()]
    return labelled_grid.draw(name, _labels(chosen), rows, _cell(layers.values(), cell))


def layers_by_neurons(
    instance: str, state: State, neurons: int, cell: int | None = None
) -> Image.Image:
    """Rows = layers, columns = their first neurons, for one state."""
    chosen = {name: common_neurons([layer])[:neurons] for name, layer in state.items()}
    width = max(map(len, chosen.values()))
    rows = [_row(name, layer, chosen[name], width) for name, layer in state.items()]
    columns = _common_labels(list(chosen.values()))
    return labelled_grid.draw(instance, columns, rows, _cell(state.values(), cell))


def layers_in_pairs(
    states: dict[str, State], pair: tuple[str, str], neurons: int, cell: int | None = None
) -> Image.Image:
    """Rows = layers, each in two states, one above the other; columns = their first neurons."""
    both = [states[instance] for instance in pair]
    chosen = {
        name: common_neurons([state[name] for state in both])[:neurons]
        for name in common_layers(dict(zip(pair, both, strict=True)))
    }
    width = max(map(len, chosen.values()))
    rows = [
        _row(label, state[name], indexes, width)
        for name, indexes in chosen.items()
        for label, state in zip((name, ""), both, strict=True)
    ]
    size = _cell((layer for state in both for layer in state.values()), cell)
    title = "above: {}, below: {}".format(*pair)
    return labelled_grid.draw(title, _common_labels(list(chosen.values())), rows, size)


def _row(label: str, layer: Layer, indexes: list[int], width: int) -> Row:
    return Row(label, [*_sprites(layer, indexes), *[None] * (width - len(indexes))])


def _common_labels(chosen: list[list[int]]) -> list[str]:
    """Labels of the columns; none if other neurons were rendered of some layers."""
    longest = max(chosen, key=len)
    common = all(indexes == longest[: len(indexes)] for indexes in chosen)
    return _labels(longest) if common else [""] * len(longest)


def before_after(
    states: dict[str, State], pair: tuple[str, str], name: str, cell: int | None = None
) -> Image.Image:
    """Every neuron of a layer in two states, one above the other."""
    layers = [states[instance][name] for instance in pair]
    indexes = common_neurons(layers)
    parts = []
    for first in range(0, len(indexes), _PAIRS):
        chosen = indexes[first : first + _PAIRS]
        rows = [Row(i, _sprites(layer, chosen)) for i, layer in zip(pair, layers, strict=True)]
        title = name if first == 0 else ""
        parts.append(labelled_grid.draw(title, _labels(chosen), rows, _cell(layers, cell)))
    return labelled_grid.stack(parts)


def animation(
    states: dict[str, State], name: str, neurons: int, cell: int | None = None
) -> list[Image.Image]:
    """A layer's first neurons in one row; a frame for each state."""
    layers = {instance: state[name] for instance, state in states.items()}
    chosen = common_neurons(list(layers.values()))[:neurons]
    size = _cell(layers.values(), cell)
    frames = [
        labelled_grid.draw(name, _labels(chosen), [Row(instance, _sprites(layer, chosen))], size)
        for instance, layer in layers.items()
    ]
    # The labels are on the left; the sprites must not jump.
    width = max(frame.width for frame in frames)
    return [_right_aligned(frame, width) for frame in frames]


def _right_aligned(frame: Image.Image, width: int) -> Image.Image:
    wide = Image.new("RGB", (width, frame.height), "white")
    wide.paste(frame, (width - frame.width, 0))
    return wide


def _sprites(layer: Layer, indexes: list[int]) -> list[Sprite]:
    return [layer.sprites[index] for index in indexes]


def _labels(indexes: list[int]) -> list[str]:
    return [str(index) for index in indexes]


def _cell(layers: Iterable[Layer], longest: int | None) -> Size:
    """What the sprites of all layers fit into, with a longest edge in pixels if one is wanted."""
    size = Size.around(layer.cell for layer in layers)
    return size.with_longest(longest) if longest else size


def write_all(states: dict[str, State], spec: FiguresSpec, folder: Path) -> None:
    """All figures.

    Args:
        spec: `neurons` in a row, `before` and `after`, `cell` in pixels or None, `animation`:
            webp or gif.
    """
    neurons, cell = spec["neurons"], spec["cell"]
    for instance, state in states.items():
        file = folder / f"layers_{instance.replace('/', '_')}.png"
        _save(layers_by_neurons(instance, state, neurons, cell), file)
    if len(states) == 1:
        return
    common = common_layers(states)
    if not common:
        raise UserError(
            f"states {', '.join(states)} have no layer of the same name in common, so there is "
            "nothing to compare"
        )
    pair = spec["before"], spec["after"]
    _save(layers_in_pairs(states, pair, neurons, cell), folder / "before_after.png")
    for name in common:
        number = next(iter(states.values()))[name].number
        _save(states_by_neurons(states, name, neurons, cell), folder / f"states_l_{number}.png")
        _save(before_after(states, pair, name, cell), folder / f"before_after_l_{number}.png")
        path = folder / f"states_l_{number}.{spec['animation']}"
        _save_animation(animation(states, name, neurons, cell), path)


def _save(image: Image.Image, path: Path) -> None:
    save_whole(path, lambda temporary: image.save(temporary, "PNG"))


def _save_animation(frames: list[Image.Image], path: Path) -> None:
    options = {"save_all": True, "append_images": frames[1:], "duration": _MILLISECONDS, "loop": 0}
    kind = path.suffix[1:].upper()
    lossless = {"lossless": True} if kind == "WEBP" else {}
    save_whole(path, lambda temporary: frames[0].save(temporary, kind, **options, **lossless))


def main() -> None:
    """Read the arguments, draw the figures."""
    parser = argparse.ArgumentParser(description="Draw the comparison figures of a series.")
    parser.add_argument("--spec", required=True, help="what to draw, as JSON")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, type=Path, help="folder to write into")
    parser.add_argument("--sheets", required=True, nargs="+", help="JSON files of the sheets")
    with program.run(parser) as arguments:
        write_all(read_states(arguments.sheets), json.loads(arguments.spec), arguments.out)
        write_beside(arguments.out, arguments.made)


if __name__ == "__main__":
    main()
