"""How many inputs a fuzz test tries: its share of the profile's number, and how many it was."""

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

TRIED: Counter[str] = Counter()
"""Inputs by the name of the test."""


def fuzz(share: float = 1.0, **strategies: SearchStrategy[Any]) -> Callable:
    """`given`, with a share of the profile's examples: readers that are fast try more."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def counted(*arguments: Any, **named: Any) -> None:
            TRIED[test.__name__] += 1
            test(*arguments, **named)

        examples = max(1, round(settings().max_examples * share))
        return settings(max_examples=examples)(given(**strategies)(counted))

    return decorate
