"""Program: a series as one ZIP, to publish or to pass on.

python -m lucid_sprites.viewer.bundle --manifest manifest.json --tables name=CSV ... --out ZIP

Unpacked anywhere, on a disk or on a static host, its `index.html` shows the series. Not in it
are the single sprites (all are on the sheets) and what only the workflow needs.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lucid_sprites import layout, program
from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input, save_whole
from lucid_sprites.viewer import table
from lucid_sprites.viewer.manifest import Manifest, read
from lucid_sprites.viewer.script import script

_PACKED = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
"""Files that are compressed already."""

_ELSEWHERE = "pictures"
"""Folder in the bundle for pictures that lie outside the series' folder."""

Entries = dict[str, Path | bytes]
"""The files of a bundle, or their content, by the path in it."""


def files(manifest: Manifest) -> Iterator[str]:
    """Paths of the page and its data, from the series' folder; without what tables bring."""
    yield Path(layout.PAGE).name
    yield Path(layout.MANIFEST).name
    paths = manifest["paths"]
    for instance in manifest["instances"]:
        name = instance["name"]
        yield from (paths[kind].format(instance=name) for kind in ("catalogue", "losses"))
        for layer in instance["layers"]:
            wildcards = {"instance": name, "layer": layer["number"]}
            yield from (paths[kind].format(**wildcards) for kind in ("cells", "details"))
            for threshold in layer["thresholds"]:
                for kind in ("sheet", "records", "pixels"):
                    yield paths[kind].format(**wildcards, threshold=threshold)


def table_files(manifest: Manifest, folder: Path, name: str, source: str) -> Entries:
    """A table's script and the pictures that it shows.

    Raises:
        UserError: the table or one of its pictures is not there.
    """
    content = table.read(source)
    entries: Entries = {}
    moved = {}
    for number, path in enumerate(sorted(table.pictures(content))):
        if not (folder / path).is_file():
            raise UserError(f"{source}: there is no picture {folder / path}")
        check_input(folder / path, PICTURE, source)
        picture = PurePosixPath(path)
        if picture.is_absolute() or ".." in picture.parts:
            moved[path] = f"{_ELSEWHERE}/{name}_{number}_{picture.name}"
        entries[moved.get(path, path)] = folder / path
    data = script(f"{manifest['series']}/tables/{name}", table.relocated(content, moved))
    return {**entries, manifest["paths"]["table"].format(table=name): data.encode()}


def write(path: str, entries: Entries) -> None:
    """A ZIP of the entries; equal ones give equal bytes.

    Raises:
        OSError: a file cannot be read.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            packed = Path(name).suffix.lower() in _PACKED
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            written = content if isinstance(content, bytes) else content.read_bytes()
            archive.writestr(entry, written)


def main() -> None:
    """Read the arguments, write the bundle."""
    parser = argparse.ArgumentParser(description="Pack the viewer of a series into a ZIP.")
    parser.add_argument("--manifest", required=True, help="of the series")
    parser.add_argument("--tables", nargs="*", default=[], help="name=CSV of each table")
    parser.add_argument("--out", required=True, help="ZIP to write")
    with program.run(parser, refused=(OSError, ValueError)) as arguments:
        folder = Path(arguments.manifest).parent
        manifest = read(arguments.manifest)
        entries: Entries = {name: folder / name for name in files(manifest)}
        for name, _, source in (item.partition("=") for item in arguments.tables):
            entries |= table_files(manifest, folder, name, source)
        save_whole(arguments.out, lambda path: write(path, entries))


if __name__ == "__main__":
    main()
