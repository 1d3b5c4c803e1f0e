"""How many sprites came out, and why the others did not."""

import os
from collections import Counter, defaultdict
from pathlib import Path

from lucid_sprites.errors import UserError
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.statuses import OK
from lucid_sprites.sprites import sheet_index
from lucid_sprites.sprites.sheet_index import Sheet


def summarize_run(sheets: list[str], targets: list[str]) -> str:
    """A line about what a run was asked for: its sprites, or else how many files and where.

    Empty where it was asked for no file.

    Args:
        sheets: PNG files of the spritesheets that the run made or found made.
        targets: files that it was asked for.
    """
    if sheets:
        return summarize(sheets) + "\n"
    if not targets:
        return ""
    folder = os.path.commonpath([os.path.dirname(path) for path in targets])
    return f"{len(targets)} file{'s' * (len(targets) != 1)} in {folder or os.curdir}\n"


def summarize(sheets: list[str]) -> str:
    """A text that counts the sprites of all sheets by status, and lists the failed ones.

    Args:
        sheets: PNG files of spritesheets; their JSON files are read.
    """
    counts: Counter[str] = Counter()
    damaged = []
    failed: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for path in sheets:
        described = Path(path).with_suffix(".json")
        if not described.exists():  # this run was asked for something else
            continue
        try:
            sheet = sheet_index.read(described)
        except UserError as error:
            damaged.append(f"  {error}")
            continue
        for cell in sheet["cells"]:
            counts[cell["status"]] += 1
            if cell["status"] != OK:
                at = f"{sheet['series']}/{sheet['instance']} {_what(sheet)} at "
                at += f"{sheet['threshold']} steps"
                failed[at, cell["status"]].append(cell["index"])
    lines = [", ".join(f"{count} {status}" for status, count in counts.most_common())]
    for (where, status), members in failed.items():
        lines.append(f"  {where}: {status}: {index_ranges.shorten(members)}")
    return f"{counts.total()} sprites: " + "\n".join(lines + damaged)


def _what(sheet: Sheet) -> str:
    if "study" in sheet:
        return f"study {sheet['study']}"
    return f"layer {sheet['number']} ({sheet['layer']})"
