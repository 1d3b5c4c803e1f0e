"""Program: report on the models of a series, from their catalogues.

python -m lucid_sprites.models.preflight CATALOGUE ... --left-out JSON --made MARK --out FILE
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from lucid_sprites import layout, program
from lucid_sprites.files import write_whole
from lucid_sprites.made import mark
from lucid_sprites.planning import catalogues
from lucid_sprites.recipe.layer_catalogue import Catalogue, InputSpec, Layer

# Share of the channels of a layer from which on silence on noise is worth a word.
_MANY = 0.5
# Share of the layers from which on channels that are not finite are no exception.
_NEARLY_ALL = 0.8
_SHALLOW_SHARE, _DEEP_SHARE = 4, 32


def main() -> None:
    """Read the catalogues, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogues", nargs="+")
    parser.add_argument("--left-out", required=True, help="models without a picture, and why")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True)
    with program.run(parser) as arguments:
        described = {Path(path).parent.name: catalogues.read(path) for path in arguments.catalogues}
        left_out = json.loads(arguments.left_out)
        text = report(Path(arguments.out).parent.name, described, left_out)
        write_whole(arguments.out, f"<!-- {mark(arguments.made)} -->\n{text}")


def report(
    series: str, catalogues: dict[str, Catalogue], left_out: Mapping[str, str] | None = None
) -> str:
    """The report on a series as Markdown.

    Args:
        catalogues: by instance.
        left_out: instances that take no picture, and why not.
    """
    parts = [f"# Models of {series}"]
    for instance, catalogue in catalogues.items():
        parts += [f"## {instance}", _picture(catalogue), *_warnings(catalogue), _layers(catalogue)]
        parts += _others(catalogue.other)
    for instance, reason in (left_out or {}).items():
        parts += [f"## {instance}", f"Left out: {reason}"]
    return "\n\n".join(parts) + "\n"


def _picture(catalogue: Catalogue) -> str:
    picture, known = catalogue.picture, catalogue.picture.known
    size = f"{picture.height or '?'} x {picture.width or '?'} x {picture.channels}"
    rows = [
        ("node", f"`{picture.name}`", known["name"]),
        ("height x width x channels", size, known["shape"]),
        ("value range", f"{picture.low:g} to {picture.high:g}", known["range"]),
    ]
    if picture.channels == 3:
        rows.append(("order of colours", picture.order, known["order"]))
    lines = ["| picture | value | known |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _warnings(catalogue: Catalogue) -> list[str]:
    """What may be wrong, and what was done to the graph."""
    picture, layers = catalogue.picture, catalogue.layers
    lines = [f"- {note}" for note in catalogue.notes]
    if picture.is_range_assumed:
        lines.append(
            "- **The value range is assumed.** A wrong one gives poor pictures and no error: if it "
            f"is not {picture.low:g} to {picture.high:g}, say "
            "`input: {range: [low, high]}`. `snakemake preflight` shows units of the last such "
            f"instance under the ranges that people use, in `{Path(layout.RANGE_SHEET).name}` "
            "beside its catalogue: in the right one they are clear."
        )
    broken = [layer for layer in layers if layer.not_finite]
    if len(broken) >= _NEARLY_ALL * len(layers):
        lines.append(
            f"- **{len(broken)} of {len(layers)} layers give NaN or infinite values**, from "
            f"`{broken[0].name}` on: hardly a sprite can be rendered. The weights are damaged, "
            "as after a training that has diverged, or the value range is far from what the "
            "network was trained with: take an earlier state, or say `input: {range: [low, high]}`."
        )
    elif broken:
        lines.append(
            f"- {len(broken)} layers have channels with NaN or infinite values, the first "
            f"`{broken[0].name}` ({broken[0].not_finite} of {broken[0].depth}): these "
            "channels are left out."
        )
    silent = [layer for layer in layers if layer.constant > _MANY * layer.depth]
    if silent and len(silent) > _MANY * len(layers):
        lines.append(
            f"- {len(silent)} of {len(layers)} layers are mostly silent on noise: the value range "
            "may be wrong, or batch norm is dead."
        )
    return ["\n".join(lines)] if lines else []


def _layers(catalogue: Catalogue) -> str:
    lines = [
        "| layer | name | op | depth | size | values | constant on noise "
        "| not finite | suggestion |",
        "| ---: | --- | --- | ---: | --- | --- | ---: | ---: | --- |",
    ]
    for layer in catalogue.layers:
        size = f"{layer.height} x {layer.width}" if layer.height else "-"
        cells = [layer.number, f"`{layer.name}`", layer.op, layer.depth, size, _values(layer)]
        cells += [layer.constant, layer.not_finite, _suggestion(layer, catalogue.picture)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _values(layer: Layer) -> str:
    """Between which values a layer's units lie."""
    if layer.floor is None:
        return "-" if layer.ceiling is None else f"to {layer.ceiling:.4g}"
    high = "" if layer.ceiling is None else f" to {layer.ceiling:.4g}"
    return f"{layer.floor:.4g}{high}" if high else f"from {layer.floor:.4g}"


def _suggestion(layer: Layer, picture: InputSpec) -> str:
    """What to choose for a layer."""
    if layer.not_finite == layer.depth:
        return "broken weights: choose an earlier layer"
    if layer.constant == layer.depth:
        return "nothing varies on noise: check the value range"
    if layer.needs:
        return f"shown at {_needed(layer.needs, picture)}"
    if layer.height is None:
        return "`transforms: standard`"
    stride = layer.edge / max(layer.height, 1)
    if stride < _SHALLOW_SHARE:
        return "`transforms: shallow` or `standard`"
    return "`transforms: strong`" if stride >= _DEEP_SHARE else "`transforms: standard`"


def _needed(size: list[int], picture: InputSpec) -> str:
    if size == [picture.height, picture.width]:
        return f"{size[0]} x {size[1]}, the only size it takes"
    return f"{size[0]} x {size[1]}: it does not take every size"


def _others(other: dict[str, str]) -> list[str]:
    """Tensors that are no layers, by reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in other.items():
        reasons.setdefault(reason, []).append(name)
    lines = [
        f"- {reason}: {len(names)}, for example `{names[0]}`" for reason, names in reasons.items()
    ]
    return ["Not offered as layers:\n\n" + "\n".join(lines)] if lines else []


if __name__ == "__main__":
    main()
