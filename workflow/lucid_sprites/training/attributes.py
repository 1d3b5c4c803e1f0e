"""Tables of attributes: which of several labels each picture has."""

import csv
from pathlib import Path

from lucid_sprites.errors import UserError
from lucid_sprites.files import TABLE, check_input

_ABSENT, _PRESENT = ("-1", "0"), ("1",)


def read_attributes(path: Path) -> tuple[list[str], dict[str, list[int]]]:
    """The attributes' names, and for each picture file 0 or 1 for every attribute.

    Reads CelebA's list (the number of pictures, the names, then lines of a file name and 1 or -1
    for each attribute, divided by blanks) and CSV with a header, whose first column is the file.

    Raises:
        UserError: cannot be read, or a line does not fit; names it.
    """
    check_input(path, TABLE)
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    lines = [line for line in lines if line.strip()]
    if lines and lines[0].strip().isdecimal():
        lines = lines[1:]
    comma = bool(lines) and "," in lines[0]
    table = list(csv.reader(lines)) if comma else [line.split() for line in lines]
    if len(table) < 2:
        raise UserError(f"{path}: holds no pictures; a header and a line for each are needed")
    header, *body = table
    names = header[1:] if comma or len(header) == len(body[0]) else header
    rows = {}
    for row in body:
        values = [value.strip() for value in row[1:]]
        odd = [value for value in values if value not in _ABSENT + _PRESENT]
        if odd or len(values) != len(names):
            raise UserError(
                f"{path}: line {' '.join(row)[:60]!r}: a file name and {len(names)} values of "
                "1 and -1 or 0 are needed"
            )
        rows[row[0].strip()] = [int(value in _PRESENT) for value in values]
    return [name.strip() for name in names], rows
