"""What layers and indexes inherit from the levels of the config: one walk for all who ask.

Defaults, series and instance are merged before (`planning.load`). Upon them come the items of
`layers` that fit a layer, those of the series, of the instance and of the review in this order, and
at last what these items say of single indexes.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from itertools import combinations, product
from typing import Any

from lucid_sprites.errors import UserError
from lucid_sprites.recipe import index_ranges, transform_lists
from lucid_sprites.recipe.setting_types import Level, Settings
from lucid_sprites.recipe.settings import merge, recipes, resolve

# What decides how large canvases are.
_CANVAS_SETTINGS = {"scale", "transforms", "fallbacks"}


@dataclass(frozen=True)
class Inherited:
    """Settings of a layer, merged and not yet resolved.

    Attributes:
        common: of all indexes that are not in `by_index`.
        by_index: of indexes with settings of their own; equal ones are mostly one object.
    """

    common: Settings
    by_index: dict[int, Settings]

    def distinct(self) -> list[Settings]:
        """The settings that there are, each object once."""
        return list({id(settings): settings for settings in self._all()}.values())

    def _all(self) -> list[Settings]:
        return [self.common, *self.by_index.values()]


def inherit(
    settings: Settings,
    items: Sequence[Level],
    parse: Callable[[Any], list[int]] = index_ranges.parse,
) -> Inherited:
    """The settings of a layer and of its indexes; what comes later wins.

    Args:
        settings: of the instance.
        items: of `layers` that fit the layer.
        parse: gives the indexes that a list or range stands for.

    Raises:
        UserError: of `parse`.
    """
    common = reduce(merge, items, settings)
    by_index: dict[int, Settings] = {}
    # One object for equal settings, so that a range of thousands is merged once.
    merged: dict[tuple[int, int], Settings] = {}
    for item in items:
        for indexes, override in item.get("index", {}).items():
            for index in parse(indexes):
                before = by_index.get(index, common)
                key = id(before), id(override)
                if key not in merged:
                    merged[key] = merge(before, override)
                by_index[index] = merged[key]
    return Inherited(common, by_index)


def selector_of(item: Any) -> Any:
    """What an item of `layers` fits: a number, name or pattern."""
    return item["layer"] if isinstance(item, dict) else item


def is_number(selector: Any) -> bool:
    """Whether it stands for a layer by its number."""
    return isinstance(selector, int) or str(selector).isdecimal()


def canvas_edges(settings: Settings, levels: Sequence[Sequence[Any] | None]) -> list[int]:
    """Edges in pixels of the canvases that layers may be shown: smallest, an odd one, largest.

    A graph is tried on these before its layers are known, so all settings count that one of its
    layers may have, whether it and its indexes are chosen or not.

    Args:
        settings: of the instance; the sprites of studies inherit them, too.
        levels: the `layers` of the series, of the instance and of the review; None where there are
            none.
    """
    items = [item for level in levels for item in level or [] if isinstance(item, dict)]
    stacks = _possible_stacks([item for item in items if _changes_canvas(item)])
    edges = {edge for stack in [[], *stacks] for edge in _edges_of(settings, stack)}
    low, high = min(edges), max(edges)
    return sorted({low, (low + high) // 2 | 1, high}) if low < high else [low]


def _edges_of(settings: Settings, stack: Sequence[Level]) -> Iterator[int]:
    """Smallest and largest edges of the canvases of all sprites of a layer, in all attempts."""
    # What is refused here is perhaps of no layer; if it is of one, its plan says so.
    with contextlib.suppress(UserError):
        for merged in inherit(settings, stack).distinct():
            with contextlib.suppress(UserError):
                for recipe in recipes(resolve(merged, "")):
                    for edge in recipe.size:
                        yield from transform_lists.canvas_edges(recipe.transforms, edge)


def _changes_canvas(item: Level) -> bool:
    overrides = item.get("index", {}).values()
    return any(_CANVAS_SETTINGS & level.keys() for level in (item, *overrides))


def _possible_stacks(items: Sequence[Level]) -> Iterator[list[Level]]:
    """Items that may fit one layer, of a graph whose layers are not known yet.

    A layer that no item names may fit any of the patterns. Of these at most two are taken at once:
    the canvases of a sprite depend on its scale and on one list of transforms, and each of the two
    comes from one item.
    """
    selectors = [selector_of(item) for item in items]
    numbers = {int(said) for said in selectors if is_number(said)}
    names = {said for said in selectors if not is_number(said) and not _is_pattern(said)}
    for name, number in product([None, *sorted(names)], [None, *sorted(numbers)]):
        fits = [_fits(said, name, number) for said in selectors]
        undecided = {said for said, fit in zip(selectors, fits, strict=True) if fit is None}
        for count in range(3):
            for taken in combinations(sorted(undecided), count):
                yield [item for item, fit in zip(items, fits, strict=True)
                       if fit or (fit is None and selector_of(item) in taken)]  # fmt: skip


def _is_pattern(name: str) -> bool:
    return any(character in name for character in "*?[")


def _fits(selector: Any, name: str | None, number: int | None) -> bool | None:
    """Whether a selector fits a layer; None if that is not known.

    Args:
        name, number: of the layer; None for any that no item says.
    """
    if is_number(selector):
        return int(selector) == number
    if not _is_pattern(selector):
        return bool(selector == name)
    if name is None:
        return True if set(selector) == {"*"} else None
    return name == selector or fnmatchcase(name, selector)
