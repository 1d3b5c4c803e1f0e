"""The size of sprites: as the config and records write it, and as paths, messages and pages do."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Size(NamedTuple):
    """Height and width in pixels."""

    height: int
    width: int

    @classmethod
    def of(cls, scale: Any) -> "Size":
        """The size that a `scale` stands for: an edge, or a list of height and width.

        Raises:
            ValueError: it is neither, as in a damaged file.
        """
        edges = scale if isinstance(scale, list | tuple) else [scale, scale]
        if len(edges) != 2 or not all(type(edge) is int and edge > 0 for edge in edges):
            raise ValueError(f"{scale!r} is no size")
        return cls(*edges)

    @classmethod
    def around(cls, sizes: Iterable["Size"]) -> "Size":
        """The smallest size that each of these fits into."""
        heights, widths = zip(*sizes, strict=True)
        return cls(max(heights), max(widths))

    @property
    def scale(self) -> int | list[int]:
        """As the config writes it, in the one form that equal sizes have in records and keys."""
        return self.height if self.height == self.width else list(self)

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.height * self.width

    def with_longest(self, edge: int) -> "Size":
        """The size of these proportions whose longest edge is `edge`."""
        longest = max(self)
        return Size(*(max(1, round(length * edge / longest)) for length in self))

    def __str__(self) -> str:
        """`64` for a square, `96x64` for 96 pixels of height and 64 of width."""
        return "x".join(map(str, self if self.height != self.width else self[:1]))
