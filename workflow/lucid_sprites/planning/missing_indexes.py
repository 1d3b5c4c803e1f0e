"""What is said of indexes that are asked of many layers, where some have fewer channels."""

from lucid_sprites.planning.sprites import Plan

_SHOWN = 3
"""Layers that a line names."""


def notice(plan: Plan) -> str:
    """A line for each instance with such layers."""
    lines = []
    for instance in plan.known().instances.values():
        short = [f"{layer.name} ({layer.depth})" for layer in instance.layers if layer.missing]
        if short:
            names = ", ".join(short[:_SHOWN]) + ", ..." * (len(short) > _SHOWN)
            lines.append(
                f"{instance.series}/{instance.instance}: indexes beyond the channels of {names} "
                "are left out\n"
            )
    return "".join(lines)
