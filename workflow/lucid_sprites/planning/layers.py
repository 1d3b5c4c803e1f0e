"""Which layers and indexes are rendered, and with what settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import groupby, product
from typing import Any, TypeAlias

from lucid_sprites.errors import UserError, nearest
from lucid_sprites.planning import cost
from lucid_sprites.planning.inheritance import Inherited, inherit, is_number, selector_of
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import Catalogue, Layer
from lucid_sprites.recipe.setting_types import Group, Level, Settings, SpriteSettings
from lucid_sprites.recipe.settings import canonical_json, resolve, sized

# Without `layers`, the outputs of nonlinearities are rendered.
_DEFAULT_KIND = "activation"

# The numbers of the layers that an item of `layers` fits, and the item.
_Matched: TypeAlias = tuple[list[int], Any]


@dataclass(frozen=True)
class LayerPlan:
    """A layer and what is rendered of it.

    Attributes:
        number, name, depth, content, macs, activations: from the catalogue.
        columns: of its spritesheets.
        batch: sprites that advance together.
        block_size: neighbouring indexes that are optimized by one job.
        keep_state: keep what resuming needs.
        groups: its sprites by their settings.
        missing: indexes that are asked of many layers, and that this one does not have.
    """

    number: int
    name: str
    depth: int
    content: str
    macs: float
    activations: float
    columns: int
    batch: int
    block_size: int
    keep_state: bool
    groups: list[Group]
    missing: Sequence[int] = field(default=(), kw_only=True)

    @property
    def wildcard(self) -> str:
        """How it is called in file names."""
        return str(self.number)

    @cached_property
    def by_index(self) -> dict[int, Group]:
        """The group of each index, rising."""
        pairs = [(index, group) for group in self.groups for index in group.indexes]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    @cached_property
    def settings(self) -> dict[int, SpriteSettings]:
        """Settings by index, rising."""
        return {index: group.settings for index, group in self.by_index.items()}

    @cached_property
    def identities(self) -> dict[int, str]:
        """What `settings.identity` gave, by the settings' id: filled by who asks for it."""
        return {}

    @cached_property
    def thresholds(self) -> list[int]:
        """All thresholds of its sprites, rising."""
        return sorted({t for group in self.groups for t in group.settings["thresholds"]})

    @cached_property
    def blocks(self) -> dict[int, list[Group]]:
        """The groups of each block, by its number."""
        blocks: dict[int, list[Group]] = {}
        for group in self.groups:
            for number, part in groupby(group.indexes, key=lambda index: index // self.block_size):
                blocks.setdefault(number, []).append(Group(group.settings, list(part)))
        return dict(sorted(blocks.items()))


def select_layers(
    catalogue: Catalogue,
    settings: Settings,
    levels: list[list[Any] | None],
    where: str,
    review: Sequence[Level] = (),
    review_file: str = "",
) -> list[LayerPlan]:
    """The layers that the config chooses from a catalogue.

    Args:
        settings: of the instance, before any layer's own.
        levels: the `layers` of the series and of the instance; None where there is none. The
            instance's list chooses if it is there; settings of both hold, the instance's win.
        where: the place in the config, for messages.
        review: items with settings by index that win over all others and choose nothing.
        review_file: where they come from, for messages.

    Raises:
        UserError: unknown layer, index beyond the depth, or nothing selected.
    """
    entries = [
        [(matching(selector_of(item), catalogue, where), item) for item in level]
        for level in levels
        if level is not None
    ]
    if any(not level for level in entries):
        raise UserError(f"{where}: the list of layers is empty; leave it out for all activations")
    chosen = entries[-1] if entries else [(_activations(catalogue, where), {})]
    picture = catalogue.picture
    settings = sized(settings, picture.height, picture.width)
    numbers = sorted({number for matched, _ in chosen for number in matched})
    reviewed = [(matching(selector_of(item), catalogue, review_file), item) for item in review]
    configured = [matched for level in entries for matched in level]
    _check_review(reviewed, configured, catalogue, settings, review_file)
    plans = []
    for number in numbers:
        items = _fitting(number, [*configured, *reviewed])
        layer = catalogue.layers[number]
        plans.append(_layer_plan(layer, settings, items, layer.needs, where))
    return plans


def _fitting(number: int, matched: Sequence[_Matched]) -> list[Level]:
    """The items with settings for a layer."""
    return [item for numbers, item in matched if number in numbers and isinstance(item, dict)]


def _check_review(
    reviewed: Sequence[_Matched],
    configured: Sequence[_Matched],
    catalogue: Catalogue,
    settings: Settings,
    review_file: str,
) -> None:
    """Blame the review, not the config, for what is wrong in it."""
    for numbers, item in reviewed:
        for number, spec in product(numbers, item["index"]):
            layer = catalogue.layers[number]
            where = f"{review_file}, layer {layer.name}, index {spec}"
            indexes = _parse_indexes(spec, layer, where)
            inherited = inherit(settings, [*_fitting(number, configured), item])
            for index in indexes:
                resolve(inherited.by_index[index], where)


def _activations(catalogue: Catalogue, where: str) -> list[int]:
    numbers = [layer.number for layer in catalogue.layers if layer.kind == _DEFAULT_KIND]
    if not numbers:
        raise UserError(
            f"{where}: the graph has no activation layers to choose by default; list `layers`, "
            f"for example {catalogue.layers[0].name}"
        )
    return numbers


def matching(selector: Any, catalogue: Catalogue, where: str) -> list[int]:
    """Numbers of the layers that a number, exact name or glob stands for.

    Raises:
        UserError: none; names the nearest.
    """
    layers = catalogue.layers
    if is_number(selector):
        if int(selector) >= len(layers):
            raise UserError(
                f"{where}: no layer number {selector}; they go from 0 to {len(layers) - 1}"
            )
        return [int(selector)]
    exact = [layer.number for layer in layers if layer.name == selector]
    matched = exact or [layer.number for layer in layers if fnmatchcase(layer.name, selector)]
    if not matched:
        names = [layer.name for layer in layers]
        reason = catalogue.other.get(selector)
        problem = f"{reason}" if reason else "is not a layer of the graph"
        raise UserError(
            f"{where}: layer {selector!r} {problem}; nearest names: {nearest(str(selector), names)}"
        )
    return matched


def find_one(selector: Any, catalogue: Catalogue, where: str) -> Layer:
    """The one layer that a number, exact name or glob stands for.

    Raises:
        UserError: it stands for none, or for several.
    """
    numbers = matching(selector, catalogue, where)
    if len(numbers) > 1:
        names = [catalogue.layers[number].name for number in numbers]
        raise UserError(
            f"{where}: {selector!r} stands for {len(names)} layers ({', '.join(names[:3])}, ...); "
            "an objective looks at one"
        )
    return catalogue.layers[numbers[0]]


def _layer_plan(
    layer: Layer,
    settings: Settings,
    items: Sequence[Level],
    crop: list[int] | None,
    where: str,
) -> LayerPlan:
    where = f"{where}, layer {layer.name}"
    inherited = inherit(settings, items, lambda indexes: _parse_indexes(indexes, layer, where))
    settings = inherited.common
    if settings["shared"]:
        raise UserError(f"{where}: only the sprites of a study can share a coarse part")
    is_own = any("indexes" in item for item in items)
    selected, missing = _indexes(settings, layer, is_own, where)
    groups = _groups(inherited, selected, crop, where)
    batch, block_size = cost.sizes(layer.macs, layer.activations, settings)
    columns = settings["columns"]
    return LayerPlan(
        number=layer.number,
        name=layer.name,
        depth=layer.depth,
        content=layer.content,
        macs=layer.macs,
        activations=layer.activations,
        columns=min(layer.depth, _columns(layer.depth) if columns == "auto" else columns),
        batch=batch,
        block_size=block_size,
        keep_state=settings["keep_state"],
        groups=groups,
        missing=missing,
    )


def _columns(depth: int) -> int:
    """8 or 16 as in the original kit, 32 for very deep layers: sheets wider than high."""
    return 8 if depth <= 64 else 16 if depth <= 256 else 32


def _indexes(
    settings: Settings, layer: Layer, is_own: bool, where: str
) -> tuple[list[int], list[int]]:
    """The selected indexes of a layer, and those that it does not have.

    Args:
        is_own: they are selected for this layer and not for many, so that a wrong one is a mistake.
    """
    spec = settings["indexes"]
    asked = _parse_indexes(spec, layer, where) if is_own else index_ranges.parse(spec, where)
    missing = [index for index in asked if index >= layer.depth]
    selected = [index for index in asked or range(layer.depth) if index < layer.depth]
    if not selected:
        raise UserError(
            f"{where}: none of the indexes {spec} is there; they go from 0 to {layer.depth - 1}: "
            "give the layer `indexes` of its own, or leave it out"
        )
    if settings["max_index"] is not None:
        selected = [index for index in selected if index <= settings["max_index"]]
    if not selected:
        raise UserError(
            f"{where}: no index is selected: `indexes` {spec} has none up to "
            f"`max_index` {settings['max_index']}"
        )
    return selected, missing


def _parse_indexes(spec: Any, layer: Layer, where: str) -> list[int]:
    """The indexes of a list or range; UserError for one that the layer does not have."""
    selected = index_ranges.parse(spec, where)
    last = layer.depth - 1
    if selected and selected[-1] > last:
        raise UserError(
            f"{where}: index {selected[-1]} is beyond its depth; choose from 0 to {last}"
        )
    return selected


def _groups(
    inherited: Inherited, selected: list[int], crop: list[int] | None, where: str
) -> list[Group]:
    """Indexes by equal settings."""
    resolved: dict[int, SpriteSettings] = {
        id(inherited.common): resolve(inherited.common, where, crop)
    }

    def of_index(index: int) -> SpriteSettings:
        merged = inherited.by_index.get(index, inherited.common)
        if id(merged) not in resolved:
            resolved[id(merged)] = resolve(merged, f"{where}, index {index}", crop)
        return resolved[id(merged)]

    return groups_of((of_index(index), index) for index in selected)


def groups_of(sprites: Iterable[tuple[SpriteSettings, int]]) -> list[Group]:
    """Sprites by equal settings, in the order in which these come first."""
    groups: dict[str, Group] = {}
    # Mostly one object for thousands of sprites: it is written out once.
    known: dict[int, Group] = {}
    for settings, index in sprites:
        group = known.get(id(settings))
        if group is None:
            text = canonical_json(settings)
            group = groups.setdefault(text, Group(settings, []))
            known[id(group.settings)] = group
        group.indexes.append(index)
    return list(groups.values())
