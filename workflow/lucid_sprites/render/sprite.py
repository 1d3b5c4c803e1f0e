"""Program: take one sprite's PNG out of its block.

    python -I -S sprite.py BLOCK MEMBER SPRITE LOG

One process for each sprite: only the standard library, and as little of it as possible.
"""

import contextlib
import os
import sys
import zipfile


def main(block: str, member: str, sprite: str, log: str) -> None:
    """Write the PNG called `member` of `block` to `sprite`, whole or not at all."""
    try:
        with zipfile.ZipFile(block) as archive:
            png = archive.read(member)
    except Exception as error:  # a torn or foreign file can raise nearly anything
        _fail(f"{block}: no whole {member} in it ({error}); delete it and run again", log)
    beside = f"{sprite}.{os.getpid()}.part"
    try:
        with open(beside, "wb") as file:
            file.write(png)
        os.replace(beside, sprite)
    except OSError as error:
        _fail(f"{sprite}: cannot be written: {error.strerror}", log)
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def _fail(message: str, log: str) -> None:
    """End with `message`; a log file for every sprite that succeeds would be one too many."""
    with contextlib.suppress(OSError), open(log, "w") as file:
        file.write(f"error: {message}\n")
    sys.exit(f"error: {message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
