"""Program: one HTML file with the viewer and the manifests of its series inside.

python -m lucid_sprites.viewer.html --manifests A.json B.json --out index.html
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from lucid_sprites import program
from lucid_sprites.errors import UserError
from lucid_sprites.files import natural_key, write_whole
from lucid_sprites.viewer import manifest
from lucid_sprites.viewer.manifest import Instance, Manifest
from lucid_sprites.viewer.script import to_json

_PAGE = Path(__file__).parent / "page"


def build(manifests: dict[str, Manifest], title: str) -> str:
    """The page.

    Args:
        manifests: by the folder of the series, as seen from the page: `` or `shapes/`.
    """
    series = [{**_light(shown), "folder": folder} for folder, shown in manifests.items()]
    html = (_PAGE / "index.html").read_text()
    html = html.replace("<title></title>", f"<title>{escape(title)}</title>")
    html = re.sub(
        r'<link rel="stylesheet" href="(\S+)">',
        lambda link: f"<style>\n{(_PAGE / link[1]).read_text()}</style>",
        html,
    )
    html = re.sub(
        r'<script src="(\S+)"></script>',
        lambda link: f"<script>\n{(_PAGE / link[1]).read_text()}</script>",
        html,
    )
    return html.replace("/* manifests */ []", to_json(series))


def _light(full: Manifest) -> dict[str, object]:
    """A manifest without the curves of whole layers, which only the plots draw."""
    return {**full, "instances": [_light_instance(instance) for instance in full["instances"]]}


def _light_instance(instance: Instance) -> dict[str, object]:
    layers = [{k: v for k, v in layer.items() if k != "loss"} for layer in instance["layers"]]
    return {**instance, "layers": layers}


def main() -> None:
    """Read the arguments, write the page."""
    parser = argparse.ArgumentParser(description="Build a page of the viewer.")
    parser.add_argument("--manifests", nargs="+", required=True, help="of the series to show")
    parser.add_argument("--out", required=True, help="HTML file to write")
    parser.add_argument("--others", nargs="*", default=[], help="shown, too, if they can be read")
    with program.run(parser) as arguments:
        here = os.path.dirname(arguments.out)
        by_path = {path: manifest.read(path) for path in arguments.manifests}
        by_path |= dict(_readable(arguments.others))
        by_name = sorted(by_path.items(), key=lambda item: natural_key(item[1]["series"]))
        manifests = {_folder(path, here): content for path, content in by_name}
        names = [content["series"] for content in manifests.values()]
        write_whole(arguments.out, build(manifests, ", ".join(names)))


def _readable(paths: list[str]) -> Iterator[tuple[str, Manifest]]:
    """Those of other configs' series that are whole, of this version, and in their own folder."""
    for path in paths:
        try:
            other = manifest.read(path, is_remade=False)
        except UserError as error:
            print(error, file=sys.stderr)
            continue
        if other["series"] == Path(path).parent.name:
            yield path, other


def _folder(manifest: str, page_folder: str) -> str:
    folder = os.path.relpath(os.path.dirname(manifest), page_folder or ".")
    return "" if folder == "." else f"{folder}/"


if __name__ == "__main__":
    main()
