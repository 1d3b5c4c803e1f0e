"""What a graph offers for visualization: its picture input and its layers.

Models write it, plans are made from it; on disk it is JSON (see `planning.catalogues`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict, TypeVar, cast

Pixels = TypeVar("Pixels", bound=Any)
"""Of the library that they are computed with, which this module does not import."""


class InputData(TypedDict):
    """An `InputSpec` as plain data."""

    name: str
    height: int | None
    width: int | None
    channels: int
    low: float
    high: float
    known: dict[str, str]
    order: str
    shown: NotRequired[Sequence[int]]


@dataclass(frozen=True)
class InputSpec:
    """The picture a graph expects.

    Attributes:
        name: the node that is fed.
        height, width: pixels, None where the graph leaves them free.
        channels: of the picture.
        low, high: the value range that black and white are mapped to.
        known: how each of `name`, `shape`, `range`, `order` is known.
        order: `rgb` or `bgr`, of what the graph was made for; pictures are fed as RGB all the same.
        shown: the channel shown in grey, or the three that are shown as red, green and blue; None
            for the first three.
    """

    name: str
    height: int | None
    width: int | None
    channels: int
    low: float
    high: float
    known: dict[str, str]
    order: str = "rgb"
    shown: Sequence[int] | None = None

    def in_range(self, pictures: Pixels, white: float = 1) -> Pixels:
        """Pictures in the network's range.

        Args:
            pictures: arrays or tensors from 0, black, to `white`.
        """
        ranged: Pixels = pictures * ((self.high - self.low) / white) + self.low
        return ranged

    @property
    def is_range_assumed(self) -> bool:
        """Whether nothing tells its value range."""
        return self.known["range"] == "assumed"

    def as_dict(self) -> InputData:
        """Plain data, for the catalogue, jobs and keys."""
        data = cast(InputData, asdict(self))
        if self.shown is None:
            del data["shown"]
        return data


@dataclass(frozen=True)
class Layer:
    """A tensor whose channels can be visualized.

    Attributes:
        number: its place among the layers, inputs first.
        name, op: of its node.
        kind: `activation`, `convolution`, `pool`, ...
        depth: its number of channels.
        content: a digest of all that it is computed from.
        needs: height and width of the pictures that it takes; None if it takes many sizes.
        edge: of the pictures in pixels that it was tried on.
        height, width: for pictures of that edge, None where it has none.
        constant, not_finite: numbers of channels that are so on noise.
        floor, ceiling: the least and the greatest value that it can have, None where there is none.
        macs, activations: multiplications and the largest activation, in numbers, up to this layer,
            for each pixel of the picture.
    """

    number: int
    name: str
    op: str
    kind: str
    depth: int
    content: str
    needs: list[int] | None
    edge: int
    height: int | None
    width: int | None
    constant: int
    not_finite: int
    macs: float
    activations: float
    floor: float | None
    ceiling: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Catalogue:
    """What a graph offers.

    Attributes:
        picture: that it expects.
        notes: what was done to the graph.
        layers: inputs first.
        other: why further tensors of the graph are no layers.
        stamp: all that decided what the catalogue is (see `planning.catalogues.stamp`); None for
            one that is not of a series.
        sha256: of the graph's file; empty as long as there is none.
        labels: names of the classes that the model brings, in their order.
    """

    picture: InputSpec
    notes: list[str]
    layers: list[Layer]
    other: dict[str, str]
    stamp: Mapping[str, Any] | None = None
    sha256: str = ""
    labels: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it is kept."""
        return {
            "input": self.picture.as_dict(),
            "notes": self.notes,
            "layers": [layer.as_dict() for layer in self.layers],
            "other": self.other,
            "stamp": self.stamp,
            "sha256": self.sha256,
            **({"labels": list(self.labels)} if self.labels else {}),
        }

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Catalogue":
        """The catalogue of plain data.

        Raises:
            KeyError, TypeError: it is that of no catalogue.
        """
        return cls(
            picture=InputSpec(**data["input"]),
            notes=list(data["notes"]),
            layers=[Layer(**layer) for layer in data["layers"]],
            other=dict(data["other"]),
            stamp=data["stamp"],
            sha256=data["sha256"],
            labels=tuple(data.get("labels", ())),
        )
