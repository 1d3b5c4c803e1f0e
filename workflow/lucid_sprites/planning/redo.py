"""Which outputs are there but were made otherwise than the config asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lucid_sprites import fingerprints

Inputs = str | list[str]


def _none(_: Any) -> Inputs:
    return []


@dataclass(frozen=True)
class Redo:
    """Has Snakemake do again what its own records do not show to be stale.

    Attributes:
        results: the results folder.
        force: called with the path of an output whose job has to run whatever times say.
    """

    results: Path
    force: Callable[[str], object]

    def unless(
        self,
        made: Callable[[Any], str],
        *templates: str,
        silence: bool = False,
        input: Callable[[Any], Inputs] = _none,
    ) -> Callable[[Any], Inputs]:
        """An input function that also looks at what lies in the outputs' places.

        Args:
            made: gives, by wildcards, what the outputs have to say (see `lucid_sprites.made`).
            templates: of `layout`.
            silence: an output that says nothing will do: one of an older version that took hours.
            input: gives the inputs. Rules of very many jobs have all of them here: every further
                input function costs Snakemake a part of a millisecond for each job.
        """
        patterns = [f"{self.results}/{template}" for template in templates]

        def check(wildcards: Any) -> Inputs:
            inputs = input(wildcards)
            for pattern in patterns:
                path = pattern.format(**dict(wildcards.items()))
                if _is_otherwise(path, made, wildcards, silence):
                    self.force(path)
            return inputs

        return check


def _is_otherwise(path: str, made: Callable[[Any], str], wildcards: Any, silence: bool) -> bool:
    try:
        said = fingerprints.made(path)
        return not (said is None and silence) and said != made(wildcards)
    except FileNotFoundError:
        return False
    except OSError:
        return True
