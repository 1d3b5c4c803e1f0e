"""Program: optimize one block and write it as a ZIP.

python -m lucid_sprites.sprites.optimize_block
    --spec JSON --store FOLDER --made MARK --out ZIP --log FILE
"""

import argparse
import json
import os
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from lucid_sprites import layout, program
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole
from lucid_sprites.made import mark
from lucid_sprites.sprites import attempts_log, block
from lucid_sprites.sprites.store import Store

_SECONDS_BETWEEN_LINES = 10


class _Bar(tqdm):  # type: ignore[misc]  # which has no types
    """A bar that knows its rate by the minute."""

    @property
    def format_dict(self) -> dict[str, Any]:
        values = super().format_dict
        rate = values["rate"] or (values["n"] / values["elapsed"] if values["elapsed"] else 0)
        return {**values, "per_minute": f"{60 * rate:.0f}"}


def main() -> None:
    """Read the arguments, make the block."""
    parser = argparse.ArgumentParser(description="Optimize one block of sprites.")
    parser.add_argument("--spec", required=True, help="the block, as JSON (BlockSpec)")
    parser.add_argument("--store", required=True, help="folder of the store")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="ZIP to write")
    parser.add_argument("--log", required=True, help="file for the messages of the job")
    # Imported when needed: a block that the store has whole needs no TensorFlow.
    with program.run(parser, program.TensorFlow.WHEN_NEEDED) as arguments:
        terminal = _messages_to(arguments.log)
        spec = block.BlockSpec.parse(json.loads(arguments.spec))
        try:
            sprites = block.complete(spec, Store(arguments.store), _bars(spec, terminal))
            save_whole(arguments.out, lambda path: _write(path, spec, sprites, arguments.made))
        except KeyboardInterrupt:
            print("interrupted; what was finished is kept for the next run", file=terminal)
            sys.exit(128 + signal.SIGINT)


def _messages_to(path: str) -> TextIO:
    """Send the log and all that TensorFlow prints to `path`; returns the terminal, for the bar."""
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    try:
        with open(path, "w") as file:
            os.dup2(file.fileno(), sys.stderr.fileno())
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from error
    program.log_to_stderr()
    return terminal


def _bars(spec: block.BlockSpec, terminal: TextIO) -> block.Progress:
    """Progress bars for the attempts of a block: in sprites, moved by every step."""

    def start(sprites: int, steps: int) -> Callable[[int], None]:
        bar = _Bar(
            total=sprites,
            desc=f"{_instance(spec)} layer {spec.number} ({spec.layer})",
            file=_Lines(terminal),
            mininterval=_SECONDS_BETWEEN_LINES,
            bar_format="{desc}: {percentage:3.0f}% |{bar:20}| {n:.0f} of {total} sprites, "
            "{per_minute} a minute, {remaining} left",
        )
        return lambda done: bar.update(done * sprites / steps)

    return start


def _instance(spec: block.BlockSpec) -> str:
    """Series and instance, as the folder of the graph says."""
    return "/".join(Path(spec.graph).parts[-3:-1])


class _Lines:
    """A file for tqdm where many jobs share a terminal: each state of a bar is a line."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> None:
        line = text.strip()
        if line:
            self._terminal.write(line + "\n")

    def flush(self) -> None:
        self._terminal.flush()


def _write(path: str, spec: block.BlockSpec, sprites: list[block.Sprite], made: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(mark(made)), b"")
        for name, png in block.pictures(spec, sprites):
            archive.writestr(_member(name), png)
        archive.writestr(_member(layout.ATTEMPTS), json.dumps(attempts_log.rows(spec, sprites)))


def _member(name: str) -> zipfile.ZipInfo:
    """A ZIP entry without the time of day: equal blocks are equal files."""
    return zipfile.ZipInfo(name)


if __name__ == "__main__":
    main()
