"""Program: a series as one ZIP, to publish or to pass on.

python -m lucid_sprites.viewer.bundle --manifest manifest.json --out ZIP

Unpacked anywhere, on a disk or on a static host, its `index.html` shows the series. Not in it
are the single sprites (all are on the sheets) and what only the workflow needs.
"""

import argparse
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole
from lucid_sprites.viewer.manifest import read

_PACKED = {".png", ".jpg", ".webp", ".gif"}
"""Files that are compressed already."""


def files(manifest: dict[str, Any]) -> Iterator[str]:
    """Paths in the bundle, which are those from the series' folder."""
    yield Path(layout.PAGE).name
    yield Path(layout.MANIFEST).name
    paths = manifest["paths"]
    for table in manifest["tables"]:
        yield paths["table"].format(table=table)
    for instance in manifest["instances"]:
        name = instance["name"]
        yield from (paths[kind].format(instance=name) for kind in ("catalogue", "losses"))
        for layer in instance["layers"]:
            place = {"instance": name, "layer": layer["number"]}
            yield from (paths[kind].format(**place) for kind in ("cells", "details"))
            for threshold in layer["thresholds"]:
                for kind in ("sheet", "records", "pixels"):
                    yield paths[kind].format(**place, threshold=threshold)


def write(path: str, folder: Path, names: list[str]) -> None:
    """A ZIP of `names` under `folder`; equal files give equal bytes.

    Raises:
        OSError: a file cannot be read.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            packed = Path(name).suffix in _PACKED
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (folder / name).read_bytes())


def main() -> None:
    """Read the arguments, write the bundle."""
    parser = argparse.ArgumentParser(description="Pack the viewer of a series into a ZIP.")
    parser.add_argument("--manifest", required=True, help="of the series")
    parser.add_argument("--out", required=True, help="ZIP to write")
    arguments = parser.parse_args()
    manifest = Path(arguments.manifest)
    try:
        names = list(files(read(manifest)))
        save_whole(arguments.out, lambda path: write(path, manifest.parent, names))
    except (OSError, UserError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
