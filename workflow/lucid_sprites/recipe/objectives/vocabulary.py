"""The names of the objectives, their parameters and what these accept.

Names, order of parameters and defaults are lucid's (lucid.optvis.objectives, lucid.recipes),
with `n_channel` and `layer` for what lucid spells in two ways. `x` is the row and `y` the column,
as there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lucid_sprites.errors import UserError, nearest
from lucid_sprites.recipe.objectives.arithmetic import Objective

INPUT = "input"
"""In the place of a layer: the picture, in 0..1, before the transforms."""

UNITS = ("channel", "neuron")
"""Objectives that excite one unit of a layer, and nothing else."""

_REQUIRED = object()


@dataclass(frozen=True)
class Parameter:
    """One parameter of an objective.

    Attributes:
        kind: key of `KINDS`.
        default: value where none is given.
    """

    name: str
    kind: str
    default: Any = _REQUIRED

    @property
    def required(self) -> bool:
        """There is no default."""
        return self.default is _REQUIRED


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_tensor(value: Any) -> bool:
    """Rows of columns of channels, all of the same length."""
    if not isinstance(value, list) or not value or not all(isinstance(r, list) for r in value):
        return False
    cells = [cell for row in value for cell in row]
    rows_fit = len({len(row) for row in value}) == 1 and bool(cells)
    return rows_fit and all(map(_is_numbers, cells)) and len({len(cell) for cell in cells}) == 1


def _is_random(value: Any, sizes: int) -> bool:
    return isinstance(value, dict) and len(value.get("random", ())) == 1 + sizes


def _is_photo(value: Any, *counts: int) -> bool:
    return isinstance(value, dict) and "photo" in value and len(value.get("cell", ())) in counts


# What a parameter accepts: a test, and its name for messages.
KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "layer": ("the name or number of a layer", lambda v: isinstance(v, str) or _is_count(v)),
    # None stands for the one that gives the scores of the network's classes.
    "scores": (
        "the name or number of a layer",
        lambda v: v is None or isinstance(v, str) or _is_count(v),
    ),
    "channel": ("the number of a channel", _is_count),
    "class": (
        "the number or the name of a class",
        lambda v: _is_count(v) or (isinstance(v, str) and bool(v)),
    ),
    "position": ("a row or column of the layer", lambda v: v is None or _is_count(v)),
    "count": ("a whole number", _is_count),
    "channels": (
        "a list of channels such as [3, 17]",
        lambda v: isinstance(v, list) and bool(v) and all(map(_is_count, v)),
    ),
    "number": ("a number", _is_number),
    "vector": (
        "a list of numbers, random(seed), photo(file) or photo(file, row, column, rows, columns)",
        lambda v: _is_numbers(v) or _is_random(v, 0) or _is_photo(v, 0, 4),
    ),
    "tensor": (
        "rows of columns of numbers, random(seed, height, width) or photo(file)",
        lambda v: _is_tensor(v) or _is_random(v, 2) or _is_photo(v, 0),
    ),
    "photo": ("photo(file)", lambda v: _is_photo(v, 0)),
}

_LAYER, _CHANNEL = Parameter("layer", "layer"), Parameter("n_channel", "channel")
_X, _Y = Parameter("x", "position", None), Parameter("y", "position", None)
_VECTOR, _POWER = Parameter("vec", "vector"), Parameter("cossim_pow", "number", 0)
_ANYWHERE = Parameter("layer", "layer", INPUT)

OBJECTIVES: dict[str, tuple[Parameter, ...]] = {
    "channel": (_LAYER, _CHANNEL),
    "neuron": (_LAYER, _CHANNEL, _X, _Y),
    "class_logit": (Parameter("layer", "scores", None), Parameter("label", "class")),
    "channel_interpolate": (
        Parameter("layer1", "layer"),
        Parameter("n_channel1", "channel"),
        Parameter("layer2", "layer"),
        Parameter("n_channel2", "channel"),
    ),
    "localized_group": (
        _LAYER,
        Parameter("channels", "channels"),
        Parameter("x", "count"),
        Parameter("y", "count"),
        Parameter("height", "count", 1),
        Parameter("width", "count", 1),
    ),
    "direction": (_LAYER, _VECTOR, _POWER),
    # In lucid 0.3.10 only another name of direction; here it means what it says.
    "direction_cossim": (_LAYER, _VECTOR, Parameter("cossim_pow", "number", 1)),
    "direction_neuron": (_LAYER, _VECTOR, _X, _Y, _POWER),
    "tensor_direction": (_LAYER, Parameter("vec", "tensor"), _POWER),
    "caricature": (_LAYER, Parameter("orig_img", "photo"), _POWER),
    "deepdream": (_LAYER,),
    "total_variation": (_ANYWHERE,),
    "L1": (_ANYWHERE, Parameter("constant", "number", 0)),
    "L2": (_ANYWHERE, Parameter("constant", "number", 0), Parameter("epsilon", "number", 1e-6)),
    "blur_input_each_step": (),
    "blur_alpha_each_step": (),
    "penalize_boundary_complexity": (
        Parameter("w", "count", 20),
        Parameter("C", "number", 0.5),
    ),
    "input_diff": (Parameter("orig_img", "photo"),),
    "opacity": (),
    "diversity": (_LAYER,),
    "alignment": (_LAYER, Parameter("decay_ratio", "number", 2)),
}

ALONE = {"class_logit": "label"}
"""The parameter that a single value without a name is for, where it is not the first."""

COUPLING = ("diversity", "alignment")
"""Objectives that compare the sprites of a joint group with each other."""

BY_MEMBER = "channel_interpolate"
"""Objective that depends on which sprite of its joint group it is for."""

NEEDS_ALPHA = ("opacity", "blur_alpha_each_step")
"""Objectives of transparent sprites."""


def objective(name: str, *values: Any, **named: Any) -> Objective:
    """The objective called `name`, with its parameters by position or by name.

    Raises:
        UserError: no such objective or parameter, or a value that the parameter does not accept.
    """
    if name not in OBJECTIVES:
        raise UserError(
            f"unknown objective {name!r}; did you mean {nearest(name, [*OBJECTIVES], 1)}? There "
            f"are {', '.join(OBJECTIVES)}"
        )
    parameters = OBJECTIVES[name]
    names = [parameter.name for parameter in parameters]
    form = f"{name}({', '.join(names)})"
    if len(values) > len(parameters):
        raise UserError(f"{form} takes {len(parameters)} values, not {len(values)}")
    by_position = [ALONE[name]] if name in ALONE and len(values) == 1 and not named else names
    given = dict(zip(by_position, values, strict=False))
    for key, value in named.items():
        if key not in names:
            raise UserError(f"{form} has no parameter {key!r}")
        if key in given:
            raise UserError(f"{form} is given {key!r} twice")
        given[key] = value
    return Objective({"objective": name, **_checked(form, parameters, given)})


def _checked(form: str, parameters: tuple[Parameter, ...], given: dict[str, Any]) -> dict[str, Any]:
    """All parameters with their values, defaults included."""
    checked = {}
    for parameter in parameters:
        if parameter.name not in given and parameter.required:
            raise UserError(f"{form} needs {parameter.name!r}")
        value = given.get(parameter.name, parameter.default)
        expected, accepts = KINDS[parameter.kind]
        if not accepts(value):
            raise UserError(f"{form}: {parameter.name} is {expected}, not {value!r}")
        checked[parameter.name] = value
    return checked
