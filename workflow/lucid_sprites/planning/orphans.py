"""Files that the workflow has made and that the config no longer asks for.

Only what lies where the workflow would have put it, under its very name, is ever taken for one of
its files: nothing that people have put into the results, no link and nothing behind one, and
nothing of a series that this config does not have.
"""

import contextlib
import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lucid_sprites import layout, made
from lucid_sprites.errors import UserError
from lucid_sprites.files import is_abandoned, name_of_leftover, write_whole
from lucid_sprites.planning.asked import Asked
from lucid_sprites.planning.viewer import PLOTS
from lucid_sprites.recipe.image_settings import METHODS

LIST, REMOVE, REMOVE_ALL = "list", "remove", "remove_all"
_SHOWN = 3
"""Files of a folder that the list names."""
_STORE = os.path.basename(layout.STORE)
_OF_FOLDERS = r"\.snakemake_timestamp|\.made"
_OF_AN_IMPORT = re.compile(
    rf"{layout.NAME}/{layout.NAME}/{re.escape(layout.IMPORTING)}[a-z0-9_]{{8}}/.+", re.DOTALL
).fullmatch
_WILDCARDS = {
    **layout.WILDCARDS,
    "method": "|".join(METHODS),
    "plot": "|".join(PLOTS),
    "step": rf"manifest|page|plots|bundle|pictures|table_{layout.NAME}",
    "key": "[0-9a-f]{64}",
    "events": rf"events\.out\.tfevents\.[^/]+|{_OF_FOLDERS}",
    "figure": r"(before_after|layers_[^/]+|(states|before_after)_l_\d+)\.(png|webp|gif)"
    rf"|{_OF_FOLDERS}",
}


@dataclass(frozen=True)
class Orphan:
    """A file that nothing asks for.

    Attributes:
        size: in bytes.
        is_costly: what took long to make and another config may use again: entries of the store,
            states of a training.
    """

    path: str
    size: int
    is_costly: bool


def find(asked: Asked) -> list[Orphan]:
    """The orphans of the config's series, by path."""
    kinds = [(_pattern(template), *kind) for template, kind in _kinds(asked).items()]
    orphans = []
    for name in asked.plan.series:
        for path, status in _files(str(asked.plan.results / name)):
            relative = os.path.relpath(path, asked.plan.results)
            if _OF_AN_IMPORT(relative):
                if is_abandoned(status):
                    orphans.append(Orphan(path, status.st_size, is_costly=False))
                continue
            folder, file = os.path.split(relative)
            leftover = name_of_leftover(file)
            subject = os.path.join(folder, made.subject(leftover or file))
            matches = [
                (match, ask, costly)
                for pattern, ask, costly in kinds
                if (match := pattern(subject))
            ]
            if leftover:
                is_needed = not is_abandoned(status)
            else:
                is_needed = any(_is_asked(match, ask) for match, ask, _ in matches)
            if matches and not is_needed:
                is_costly = any(costly for *_, costly in matches)
                orphans.append(Orphan(path, status.st_size, is_costly))
    return sorted(orphans, key=lambda orphan: orphan.path)


def others(asked: Asked) -> list[str]:
    """Series in the results that the config does not have."""
    results = asked.plan.results
    made = [*results.glob(layout.MANIFEST.format(series="*")),
            *results.glob(layout.CATALOGUE.format(series="*", instance="*"))]  # fmt: skip
    names = {path.relative_to(results).parts[0] for path in made}
    return sorted(names - set(asked.plan.series) - set(layout.OWN_OF_RESULTS))


def notice(asked: Asked) -> str:
    """A line for the end of a run: how much there is to clean; empty if there is nothing."""
    orphans = [orphan for orphan in find(asked) if not orphan.is_costly]
    if not orphans:
        return ""
    return f"{_total(orphans)} are no longer asked for: `snakemake -j 1 clean_orphans` lists them\n"


def report(asked: Asked, config: Mapping[str, Any], log: str) -> None:
    """`clean` as the config's `orphans` says, printed and kept in a log."""
    said = clean(asked, config.get("orphans", LIST))
    write_whole(log, said + "\n")
    print(said)


def clean(asked: Asked, how: str = LIST) -> str:
    """List the orphans, or remove them.

    Args:
        how: `list`, `remove`, or `remove_all` for the costly ones, too.

    Returns:
        what was found and done, for people.

    Raises:
        UserError: a file cannot be removed.
    """
    results, orphans = asked.plan.results, find(asked)
    kept = [orphan for orphan in orphans if orphan.is_costly and how != REMOVE_ALL]
    taken = [orphan for orphan in orphans if not orphan.is_costly or how == REMOVE_ALL]
    lines = [f"{_total(taken)} that the config no longer asks for", *_by_folder(taken)]
    if kept:
        lines += [f"{_total(kept)} more took long to make (store, training): they stay unless "
                  f"`orphans={REMOVE_ALL}` is said", *_by_folder(kept)]  # fmt: skip
    lines += [f"{results / name}: not in this config, stays" for name in others(asked)]
    if how == LIST:
        more = f"snakemake -j 1 clean_orphans --config orphans={REMOVE}"
        return "\n".join([*lines, f"nothing was removed; {more} removes them"])
    for orphan in taken:
        _remove(orphan.path, [str(results / name) for name in asked.plan.series])
    for folder in _own_folders(asked):
        _remove_empty(folder, [str(results / name) for name in asked.plan.series])
    return "\n".join([*lines, f"removed {_total(taken)}"])


def _kinds(asked: Asked) -> dict[str, tuple[Callable[[Any], object], bool]]:
    """For each kind of file: who knows whether it is asked for, and whether it is costly.

    A template stands for the file and for its log.
    """
    asking = {
        asked.series: (layout.PREFLIGHT, layout.PREFLIGHT_LOG, layout.MANIFEST, layout.PAGE,
                       layout.PLOT),
        asked.step: (layout.SERIES_LOG,),
        asked.table: (layout.PAGE_TABLE,),
        asked.picture_table: (layout.PICTURE_TABLE,),
        asked.comparison: (layout.COMPARISON + "/{figure}", layout.COMPARISON_LOG),
        asked.changes: (layout.CHANGE_TABLE, layout.CHANGES, layout.CHANGES_BY_LAYER,
                        layout.CHANGES_PLOT, layout.CHANGES_LOG),
        asked.across: (layout.ACROSS + "/{figure}", layout.ACROSS_LOG, layout.ACROSS_CHANGES,
                       layout.ACROSS_BY_LAYER, layout.ACROSS_PLOT, layout.ACROSS_CHANGES_LOG),
        asked.response: (layout.RESPONSES, layout.RESPONSES_LOG),
        asked.training: (layout.DATASET_REPORT, layout.DATASET_LOG, layout.METRICS,
                         layout.METRICS_PLOT, layout.METRICS_LOG, layout.TENSORBOARD + "/{events}"),
        asked.epoch: (layout.TRAINING_ROWS, layout.TRAINING_LOG),
        asked.instance: (layout.MODEL, layout.CATALOGUE, layout.MODEL_LOG, layout.LOSSES,
                         layout.LOSSES_LOG, layout.EVENTS + "/{events}", layout.EVENTS_LOG),
        asked.left_out: (layout.NO_PICTURE,),
        asked.range_sheet: (layout.RANGE_SHEET, layout.RANGE_SHEET_LOG),
        asked.layer: (layout.PAGE_CELLS, layout.PAGE_DETAILS, layout.PAGE_SUMMARY,
                      layout.PAGE_LOG),
        asked.block: (layout.BLOCK, layout.BLOCK_LOG),
        asked.sprite: (layout.SPRITE, layout.SPRITE_LOG),
        asked.sheet: (layout.SHEET, layout.SHEET_INDEX, layout.SHEET_LOG, layout.PAGE_PIXELS,
                      layout.PIXELS_LOG),
        asked.archive: (layout.PICTURE_ARCHIVE, layout.PICTURE_LOG),
        asked.view: (layout.PICTURE, layout.VIEW_LOG),
        asked.study: (layout.STUDY_LOSSES, layout.STUDY_LOSSES_LOG),
        asked.study_block: (layout.STUDY_BLOCK, layout.STUDY_BLOCK_LOG),
        asked.study_sprite: (layout.STUDY_SPRITE, layout.STUDY_SPRITE_LOG),
        asked.study_sheet: (layout.STUDY_SHEET, layout.STUDY_SHEET_INDEX, layout.STUDY_SHEET_LOG),
    }  # fmt: skip
    costly = {
        asked.instance: (layout.STORE + "/{folder}/{key}.zip",),
        asked.training: (layout.DATASET,),
        asked.epoch: (layout.CHECKPOINT, layout.TRAINED_GRAPH),
    }
    return {
        template: (ask, is_costly)
        for kinds, is_costly in ((asking, False), (costly, True))
        for ask, templates in kinds.items()
        for template in templates
    }


def _pattern(template: str) -> Callable[[str], re.Match[str] | None]:
    """What finds the wildcards of a path, if it is one of the template."""
    constraints = {**_WILDCARDS, "folder": "[0-9a-f]{2}"}
    parts = re.split(r"\{(\w+)\}", template)
    literal = [re.escape(part) for part in parts[::2]]
    named = [f"(?P<{name}>{constraints[name]})" for name in parts[1::2]]
    pairs = zip(literal, [*named, ""], strict=True)
    return re.compile("".join(part for pair in pairs for part in pair)).fullmatch


def _is_asked(match: re.Match[str], ask: Callable[[Any], object]) -> bool:
    """Whether the config asks for a file; its plans raise for what they do not know."""
    try:
        return bool(ask(SimpleNamespace(**match.groupdict())))
    except (UserError, LookupError):
        return False


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every file of a folder, but none that a link leads to."""
    if os.path.islink(folder):
        return
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                yield path, status


def _remove(path: str, ends: list[str]) -> None:
    """Remove a file, and the folders that are empty without it, up to those of the series."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{path}: cannot be removed: {error.strerror}") from error
    _remove_empty(os.path.dirname(path), ends)


def _remove_empty(folder: str, ends: list[str]) -> None:
    """Remove a folder, and those around it, as long as nothing is in them."""
    with contextlib.suppress(OSError):
        while folder not in ends:
            os.rmdir(folder)
            folder = os.path.dirname(folder)


def _own_folders(asked: Asked) -> list[str]:
    """The workflow's own folders, the inner ones first, but for the stores of the instances.

    What was in them may be gone otherwise; killed programs leave some before anything is in them.
    """
    # An empty folder in the place of an instance may be anybody's.
    folders = {os.path.dirname(template) for template in _kinds(asked)} - {layout.INSTANCE}
    are_own = [_pattern(folder) for folder in folders]
    return [
        parent
        for name in asked.plan.series
        if not os.path.islink(asked.plan.results / name)
        for parent, _, _ in os.walk(asked.plan.results / name, topdown=False)
        if any(is_own(os.path.relpath(parent, asked.plan.results)) for is_own in are_own)
        and not _is_in_store(parent, name, asked)
    ]


def _is_in_store(folder: str, series: str, asked: Asked) -> bool:
    """Whether it belongs to the store of an instance that is asked for."""
    instance, *inside = os.path.relpath(folder, asked.plan.results / series).split(os.sep)
    return inside[:1] == [_STORE] and (series, instance) in asked.plan.options


def _by_folder(orphans: list[Orphan]) -> list[str]:
    """A line for each folder, with some of its files."""
    names = defaultdict(list)
    sizes: Counter[str] = Counter()
    for orphan in orphans:
        folder, name = os.path.split(orphan.path)
        names[folder].append(name)
        sizes[folder] += orphan.size
    return [
        f"  {folder}: {len(files)} files, {_bytes(sizes[folder])}: {', '.join(files[:_SHOWN])}"
        f"{', ...' if len(files) > _SHOWN else ''}"
        for folder, files in sorted(names.items())
    ]


def _total(orphans: list[Orphan]) -> str:
    return f"{len(orphans)} files, {_bytes(sum(orphan.size for orphan in orphans))},"


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
