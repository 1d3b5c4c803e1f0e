"""Names of classes, and the layers whose units they name.

They come from the config's `labels`, or else from the model itself. Jobs are not given the names,
which may be too many for a command line, but the file and its content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

from lucid_sprites import fingerprints
from lucid_sprites.config import labels
from lucid_sprites.errors import UserError, nearest
from lucid_sprites.made import tag
from lucid_sprites.planning import catalogues
from lucid_sprites.recipe.layer_catalogue import Catalogue, Layer

BACKGROUND = "background"
"""What the first unit is called where a network has one more than there are names."""

# Operations that say the same as the scores they read, and whose gradient vanishes.
_SATURATING = ("Softmax", "Sigmoid")
_MOST_SHOWN = 12


class NamesData(TypedDict):
    """Where the names of a layer's units are, for jobs.

    Attributes:
        content: changes with the names.
        first: index of the unit that has the first name.
        is_catalogue: the file is the catalogue of a model that brings its names.
    """

    file: str
    content: str
    first: int
    is_catalogue: bool


@dataclass(frozen=True)
class ClassNames:
    """The names of a network's classes, in their order.

    Attributes:
        file, content, is_catalogue: see `NamesData`.
    """

    names: Sequence[str]
    file: str
    content: str
    is_catalogue: bool = False

    @classmethod
    def of_file(cls, file: str, where: str) -> "ClassNames":
        """The names that a file holds.

        Args:
            where: the place in the config, for messages.

        Raises:
            UserError: see `config.labels.read`.
        """
        names = labels.read(file, where)
        return cls(names, file, fingerprints.content(file, where))

    @classmethod
    def of_catalogue(cls, catalogue: Catalogue, file: str) -> "ClassNames":
        """The names that a model brings.

        Args:
            file: of the catalogue.
        """
        return cls(catalogue.labels, file, tag(*catalogue.labels), is_catalogue=True)


@dataclass(frozen=True)
class NamedLayers:
    """The layers whose units stand for classes.

    Attributes:
        layers: in the order of the graph, at least one.
        first: index of the unit that has the first name; before it comes the background.
    """

    classes: ClassNames
    layers: Sequence[Layer]
    first: int

    @cached_property
    def numbers(self) -> frozenset[int]:
        """Numbers of the layers."""
        return frozenset(layer.number for layer in self.layers)

    @property
    def data(self) -> NamesData:
        """What jobs are given."""
        return {
            "file": self.classes.file,
            "content": self.classes.content,
            "first": self.first,
            "is_catalogue": self.classes.is_catalogue,
        }

    @property
    def scores(self) -> Layer:
        """The layer that gives the scores of the classes: the last that does not saturate."""
        before = [layer for layer in self.layers if layer.op not in _SATURATING]
        return (before or list(self.layers))[-1]

    @cached_property
    def names(self) -> dict[int, str]:
        """Names by the index of the unit."""
        return _by_index(self.classes.names, self.first)

    def index(self, name: str, layer: Layer, where: str) -> int:
        """The unit of a layer that stands for the class of a name, or of one of its synonyms.

        Args:
            where: the place in the config, for messages.

        Raises:
            UserError: the layer has no names, or none or several of its units have this one.
        """
        if layer.number not in self.numbers:
            raise UserError(
                f"{where}: the units of {layer.name} have no names; those of "
                f"{', '.join(named.name for named in self.layers)} have"
            )
        matches = [index for index, known in self.names.items() if known == name] or [
            index for index, known in self.names.items() if name in known.split(", ")
        ]
        if not matches:
            close = nearest(name, list(self.names.values()))
            raise UserError(
                f"{where}: no class {name!r} in {self.classes.file}; nearest names: {close}"
            )
        if len(matches) > 1:
            indexes = ", ".join(map(str, matches[:_MOST_SHOWN]))
            raise UserError(
                f"{where}: {len(matches)} classes of {self.classes.file} are called {name!r}; "
                f"choose one by its number: {indexes}"
            )
        return matches[0]


def named_layers(
    configured: ClassNames | None, catalogue: Catalogue, file: str, where: str
) -> NamedLayers | None:
    """The layers of a model that give one value for each class; None without names.

    Args:
        configured: of the config, which win over those that the model brings.
        file: of the catalogue.
        where: the place in the config, for messages.

    Raises:
        UserError: no layer has as many units as the config has names.
    """
    if configured is not None:
        fitting = _fitting(configured, catalogue)
        if fitting is None:
            raise _no_layer(configured, catalogue, where)
        return fitting
    return _fitting(ClassNames.of_catalogue(catalogue, file), catalogue)


def read(data: NamesData) -> dict[int, str]:
    """The names of a layer's units by their index, as a job reads them.

    Raises:
        UserError: the file is no longer what it was.
    """
    file = data["file"]
    names = catalogues.read(file).labels if data["is_catalogue"] else labels.read(file, "labels")
    return _by_index(names, data["first"])


def marked(made: str, data: NamesData | None) -> str:
    """What an output that shows names says of how it was made; the same as without, if none.

    Args:
        made: what it would say without names.
    """
    return made if data is None else tag(made, data["content"], str(data["first"]))


def _by_index(names: Sequence[str], first: int) -> dict[int, str]:
    before = dict.fromkeys(range(first), BACKGROUND)
    return {**before, **dict(enumerate(names, first))}


def _fitting(classes: ClassNames, catalogue: Catalogue) -> NamedLayers | None:
    flat = _without_positions(catalogue)
    for first in (0, 1):
        layers = [layer for layer in flat if layer.depth == first + len(classes.names)]
        if classes.names and layers:
            return NamedLayers(classes, layers, first)
    return None


def _without_positions(catalogue: Catalogue) -> list[Layer]:
    """Layers that give one value for each channel."""
    return [layer for layer in catalogue.layers if {layer.height, layer.width} <= {None, 1}]


def _no_layer(classes: ClassNames, catalogue: Catalogue, where: str) -> UserError:
    depths: dict[int, str] = {}
    for layer in _without_positions(catalogue):
        depths[layer.depth] = layer.name
    last = [f"{depth} ({name})" for depth, name in depths.items()][-_MOST_SHOWN:]
    there = f"depths there are: {', '.join(last)}" if last else "no layer gives one for a channel"
    count = len(classes.names)
    return UserError(
        f"{where}: labels: {classes.file} has {count} names, and no layer gives one value for each "
        f"of {count} classes, or of {count + 1} with the background first; {there}"
    )
