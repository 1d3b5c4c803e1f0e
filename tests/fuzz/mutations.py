"""Strategies for Hypothesis: damaged bytes, and plain data with something else in one place."""

import copy
from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.integers(0, 70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["", "..", "../x", "0-3", "5-2", "*", "[", "9" * 30, "\0", "a/b", "٣", "²"])
)
_KEYS = SCALARS.filter(lambda key: key == key)  # no NaN
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` cut, overwritten, lengthened, or something else altogether."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(content)))
        patch = draw(st.binary(max_size=8))
        kind = draw(st.sampled_from(["cut", "overwrite", "insert", "remove", "replace"]))
        if kind == "cut":
            del content[place:]
        elif kind == "overwrite":
            content[place : place + len(patch)] = patch
        elif kind == "insert":
            content[place:place] = patch
        elif kind == "remove":
            del content[place : place + draw(st.integers(1, 64))]
        else:
            content = bytearray(draw(st.binary(max_size=200)))
    return bytes(content)


@st.composite
def altered(draw: st.DrawFn, data: Any) -> Any:
    """`data` with other values, further keys, or missing ones, in a few places."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        place = data
        while True:
            inside = [key for key, value in _items(place) if isinstance(value, dict | list)]
            if not inside or draw(st.booleans()):
                break
            place = place[draw(st.sampled_from(inside))]
        keys = [key for key, _ in _items(place)]
        if keys and draw(st.integers(0, 4)):
            key = draw(st.sampled_from(keys))
            if draw(st.integers(0, 5)):
                place[key] = draw(VALUES)
            else:
                del place[key]
        elif isinstance(place, dict):
            place[draw(_KEYS)] = draw(VALUES)
        else:
            place.append(draw(VALUES))
    return data


def _items(place: Any) -> list[tuple[Any, Any]]:
    return list(place.items() if isinstance(place, dict) else enumerate(place))
