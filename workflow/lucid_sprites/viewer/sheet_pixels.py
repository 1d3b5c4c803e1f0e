"""Program: a spritesheet's PNG inside a script.

python -m lucid_sprites.viewer.sheet_pixels --key KEY --sheet PNG --made MARK --out JS

A browser shows a PNG from disk, but does not let the page take its pixels (for a figure, or to
measure a difference). What comes inside a script, it does. Base64 makes it a third larger.
"""

import argparse
import base64
from pathlib import Path

from lucid_sprites import program
from lucid_sprites.files import write_whole
from lucid_sprites.viewer.script import script


def main() -> None:
    """Read the arguments, write the script."""
    parser = argparse.ArgumentParser(description="Put a spritesheet inside a script.")
    parser.add_argument("--key", required=True, help="what the page asks for")
    parser.add_argument("--sheet", required=True, help="PNG to read")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="script to write")
    with program.run(parser, refused=(OSError,)) as arguments:
        png = base64.b64encode(Path(arguments.sheet).read_bytes()).decode()
        pixels = f"data:image/png;base64,{png}"
        write_whole(arguments.out, script(arguments.key, pixels, arguments.made))


if __name__ == "__main__":
    main()
