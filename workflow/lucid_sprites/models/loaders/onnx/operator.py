"""One operator of an ONNX graph, and the table of those that are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, overload

import numpy as np
import onnx
import tensorflow as tf

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.onnx import sizes
from lucid_sprites.models.loaders.onnx.sizes import Dim, Size, UnknownSize
from lucid_sprites.models.loaders.onnx.weight_writer import WeightWriter

# Constants are arrays (of objects, if sizes are among them); everything else is a tensor.
Value: TypeAlias = np.ndarray | tf.Tensor
Result: TypeAlias = Value | Sequence[Value]


@dataclass(frozen=True)
class Setting:
    """What operators know of the file that they stand in.

    Attributes:
        file: its name, for messages.
        opset: version of the operators.
        batch: number of pictures that the file is made for; None if any.
        weights: writes constants.
        read: gives the numbers of a tensor of the file.
    """

    file: str
    opset: int
    batch: int | None
    weights: WeightWriter
    read: Callable[[onnx.TensorProto], np.ndarray]


@dataclass(frozen=True)
class Operator:
    """One node of an ONNX graph with the values that it reads.

    Attributes:
        node: as it stands in the file.
        name: of the layer that it makes; the node that gives it is to be called `result`.
        inputs: None where one is left out.
    """

    node: onnx.NodeProto
    name: str
    inputs: list[Value | None]
    setting: Setting

    @property
    def kind(self) -> str:
        """Such as `Conv`."""
        return self.node.op_type

    @property
    def opset(self) -> int:
        """Version of the operators."""
        return self.setting.opset

    @property
    def result(self) -> str:
        """Name for the operation that gives what the layer shows; TensorFlow takes it as it is."""
        return f"{self.name}/"

    def refuse(self, why: str) -> NoReturn:
        """Raise UserError: this operator cannot be imported."""
        raise UserError(f"{self.setting.file}: {describe(self.node)}: {why}")

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default that stands for it."""
        for attribute in self.node.attribute:
            if attribute.name == name:
                return onnx.helper.get_attribute_value(attribute)
        return default

    def text(self, name: str, default: str) -> str:
        """An attribute that is a word."""
        value = self.attribute(name, default)
        return value.decode("utf8", "replace") if isinstance(value, bytes) else str(value)

    def has(self, position: int) -> bool:
        """Whether there is an input number `position`."""
        return position < len(self.inputs) and self.inputs[position] is not None

    def value(self, position: int) -> Value:
        """An input."""
        if not self.has(position):
            self.refuse(f"its input number {position + 1} is missing; export the model again")
        return self.inputs[position]

    def constant(self, position: int) -> np.ndarray:
        """An input whose numbers have to be known."""
        value = self.value(position)
        if isinstance(value, tf.Tensor):
            self.refuse(
                f"its input {self.node.input[position]!r} depends on the picture, and has to be "
                "constant here; export the model with fixed sizes or in another opset"
            )
        return value

    def tensor(self, position: int) -> tf.Tensor:
        """An input as a tensor."""
        value = self.value(position)
        if isinstance(value, tf.Tensor):
            return value
        if value.dtype != object:
            return self.setting.weights.shared(value, f"input_{position}")
        flat = sizes.vector(list(value.flat))
        return flat if value.ndim == 1 else tf.raw_ops.Reshape(tensor=flat, shape=value.shape)

    def written(self, value: np.ndarray, name: str) -> tf.Tensor:
        """A constant of its own."""
        return self.setting.weights.write(value, name)

    def rank(self, position: int = 0) -> int:
        """Number of axes of an input."""
        value = self.value(position)
        rank = value.shape.rank if isinstance(value, tf.Tensor) else value.ndim
        if rank is None:
            self.refuse("the number of axes that it reads is not known before a run")
        return int(rank)

    def sizes(self, position: int) -> list[Size]:
        """An input that holds sizes.

        Raises:
            UnknownSize: they are only known when pictures are fed.
        """
        value = self.value(position)
        if isinstance(value, tf.Tensor):
            raise UnknownSize
        return [size if isinstance(size, Dim) else int(size) for size in value.reshape(-1)]

    @overload
    def numbers(self, name: str, position: int) -> list[int] | None: ...

    @overload
    def numbers(self, name: str, position: int, default: list[int]) -> list[int]: ...

    def numbers(
        self, name: str, position: int, default: list[int] | None = None
    ) -> list[int] | None:
        """Whole numbers that older opsets have as an attribute and newer ones as an input."""
        if self.has(position):
            return [int(number) for number in self.constant(position).reshape(-1)]
        value = self.attribute(name, default)
        return [int(value)] if isinstance(value, int) else value

    def required(self, name: str, position: int) -> list[int]:
        """`numbers` that an operator cannot do without."""
        numbers = self.numbers(name, position)
        if numbers is None:
            self.refuse(f"it has no {name}; the file is damaged")
        return numbers

    def axis(self, default: int, position: int = 0) -> int:
        """The attribute `axis`, counted from the first."""
        return self.counted(self.attribute("axis", default), self.rank(position))

    def counted(self, axis: int, rank: int) -> int:
        """An axis counted from the first."""
        if not -rank <= axis < max(rank, 1):
            self.refuse(f"it works on axis {axis} of a tensor of {rank}")
        return axis % max(rank, 1)


def describe(node: onnx.NodeProto) -> str:
    """A node, for messages."""
    name = node.name or (f"-> {node.output[0]}" if node.output else "without a name")
    return f"node {name!r} ({f'{node.domain}.' if node.domain else ''}{node.op_type})"


@dataclass(frozen=True)
class Importer:
    """How one kind of operator is imported.

    Attributes:
        write: makes its operations in the default graph.
        label: the last part of its layers' names.
        kind: of its layers (see `recipe.layer_operations.LAYER_OPS`); None if they are none.
    """

    write: Callable[[Operator], Result]
    label: str
    kind: str | None


IMPORTERS: dict[str, Importer] = {}


def importer(
    *kinds: str, layer: str | None = None, label: str | None = None
) -> Callable[[Callable[[Operator], Result]], Callable[[Operator], Result]]:
    """Say that a function imports operators of `kinds`, which make layers of the kind `layer`."""

    def register(write: Callable[[Operator], Result]) -> Callable[[Operator], Result]:
        for kind in kinds:
            IMPORTERS[kind] = Importer(write, label or kind, layer)
        return write

    return register
