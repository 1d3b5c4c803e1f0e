"""Which outputs are there but were made otherwise than the config asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lucid_sprites import fingerprints


@dataclass(frozen=True)
class Redo:
    """Has Snakemake do again what its own records do not show to be stale.

    Attributes:
        results: the results folder.
        force: called with the path of an output whose job has to run whatever times say.
    """

    results: Path
    force: Callable[[str], object]

    def unless(self, made: Callable[[Any], str], *templates: str) -> Callable[[Any], list[str]]:
        """An input function that adds no input, and looks at what lies in the outputs' places.

        Args:
            made: gives, by wildcards, what the outputs have to say (see `lucid_sprites.made`).
            templates: of `layout`.
        """
        patterns = [f"{self.results}/{template}" for template in templates]

        def check(wildcards: Any) -> list[str]:
            for pattern in patterns:
                path = pattern.format(**dict(wildcards.items()))
                if _is_otherwise(path, made, wildcards):
                    self.force(path)
            return []

        return check


def _is_otherwise(path: str, made: Callable[[Any], str], wildcards: Any) -> bool:
    try:
        return fingerprints.made(path) != made(wildcards)
    except FileNotFoundError:
        return False
    except OSError:
        return True
