"""Index lists and ranges: `5`, `"0-31"`, `"0-7, 12"`, `[3, "8-15"]`."""

from typing import Any

from lucid_sprites.errors import UserError

# No layer is that deep; a slip of the keyboard should not fill the memory.
_MOST = 1_000_000


def parse(spec: Any, where: str = "indexes") -> list[int]:
    """The sorted indexes of a list or range that fits the config's schema.

    Args:
        where: it stands, for the message.

    Raises:
        UserError: a range that falls, or goes beyond any layer.
    """
    items = spec if isinstance(spec, list) else [spec]
    indexes: set[int] = set()
    for item in items:
        for part in str(item).split(","):
            first, _, last = part.partition("-")
            if not int(first) <= int(last or first) < _MOST:
                raise UserError(
                    f"{where}: the range {part.strip()!r} must rise, to less than {_MOST}"
                )
            indexes.update(range(int(first), int(last or first) + 1))
    return sorted(indexes)


def shorten(indexes: list[int]) -> str:
    """The shortest text that `parse` reads back: `0-31,40`."""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
