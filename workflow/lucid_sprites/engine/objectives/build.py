"""From an objective's data to its tensor, and to what sprites of one graph may differ in."""

from collections.abc import Callable, Iterator

import tensorflow.compat.v1 as tf

from lucid_sprites.engine.objectives import coupled, directions, functions, pictures, units
from lucid_sprites.engine.objectives.context import ObjectiveContext, ObjectiveNode
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.objectives.vocabulary import INPUT, OBJECTIVES

BUILDERS: dict[str, Callable[[ObjectiveNode], tf.Tensor]] = {
    "channel": units.channel,
    "class_logit": units.class_logit,
    "neuron": units.neuron,
    "localized_group": units.localized_group,
    "direction": directions.direction,
    "direction_cossim": directions.direction,
    "direction_neuron": directions.direction_neuron,
    "tensor_direction": directions.tensor_direction,
    "caricature": directions.caricature,
    "deepdream": pictures.deepdream,
    "total_variation": pictures.total_variation,
    "L1": pictures.l1,
    "L2": pictures.l2,
    "blur_input_each_step": pictures.blur_input_each_step,
    "blur_alpha_each_step": pictures.blur_alpha_each_step,
    "penalize_boundary_complexity": pictures.penalize_boundary_complexity,
    "input_diff": pictures.input_diff,
    "opacity": pictures.opacity,
    "diversity": coupled.diversity,
    "alignment": coupled.alignment,
    "function": functions.function,
}
"""Each returns [batch], a value for each sprite."""

# Values of these kinds are placeholders: sprites that differ only in them share a graph.
_OWN_KINDS = ("channel", "class", "position", "vector", "tensor", "photo")
_OWN = {
    (name, parameter.name)
    for name, parameters in OBJECTIVES.items()
    for parameter in parameters
    if parameter.kind in _OWN_KINDS or parameter.name == "constant"
}


def build(data: ObjectiveData, scope: ObjectiveContext) -> tf.Tensor:
    """[batch]: the objective's value for each sprite.

    Args:
        data: of any sprite of the batch; all have the same `template`.
    """
    return _built(ObjectiveNode(scope, (), data))


def _built(node: ObjectiveNode) -> tf.Tensor:
    match node.data["objective"]:
        case "number":
            return node.number("value")
        case "sum":
            return tf.add_n([_built(node.part(i)) for i in range(len(node["of"]))])
        case "product":
            product, *factors = [_built(node.part(i)) for i in range(len(node["of"]))]
            for factor in factors:
                product = product * factor
            return product
        case name:
            return BUILDERS[name](node)


def template(data: ObjectiveData) -> ObjectiveData:
    """The objective without what sprites of one graph may differ in."""
    name = data["objective"]
    if name == "number":
        return {"objective": name}
    if name in ("sum", "product"):
        return {**data, "of": [template(part) for part in data["of"]]}
    return {
        key: "own" if (name, key) in _OWN and value is not None else value
        for key, value in data.items()
    }


def parts(data: ObjectiveData) -> Iterator[ObjectiveData]:
    """All objectives of the data, without sums, products and numbers."""
    if data["objective"] in ("sum", "product"):
        for part in data["of"]:
            yield from parts(part)
    elif data["objective"] != "number":
        yield data


def layers(data: ObjectiveData) -> list[str]:
    """Names of the network's layers that the objective looks at, each once, sorted."""
    named = {part["layer"] for part in parts(data) if part.get("layer", INPUT) != INPUT}
    return sorted(named.union(*(part.get("layers", ()) for part in parts(data))))


def channels(data: ObjectiveData) -> list[tuple[str, int]] | None:
    """(layer, channel) of all that the objective looks at in the network.

    None where it looks at more than single channels.
    """
    channels = []
    for part in parts(data):
        if "layers" in part:  # a function may do anything with them
            return None
        if part.get("layer", INPUT) == INPUT:
            continue
        number = part.get("n_channel", part.get("label"))
        if number is None:
            return None
        channels.append((part["layer"], number))
    return channels
