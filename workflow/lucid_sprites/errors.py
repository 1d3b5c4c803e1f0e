"""The one error type for what a user can put right."""


class UserError(Exception):
    """Bad input. The message names the file, the value and the choices."""


class NoPictureError(UserError):
    """A model that takes no picture: nothing can be optimized for it."""


class DamagedError(UserError):
    """A generated file that is not whole: it may be deleted, and is made again."""


def nearest(wanted: str, choices: list[str], limit: int = 5) -> str:
    """The choices that look most like `wanted`, as text for a message."""
    from difflib import get_close_matches

    lowered = {choice.lower(): choice for choice in choices}
    close = [lowered[match] for match in get_close_matches(wanted.lower(), lowered, limit, 0.3)]
    return ", ".join(close or choices[:limit])
