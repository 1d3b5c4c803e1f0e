"""Folders with graphs and results that plans are loaded from."""

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.planning import catalogues
from lucid_sprites.planning.load import load

SOURCE = "study.yaml"


class Study:
    """A folder with graphs and results."""

    def __init__(self, folder):
        self.graphs, self.results = folder / "graphs", folder / "results"

    def graph(self, instance):
        return self.graphs / "shapes" / f"{instance}.pb"

    def model(self, instance):
        return self.results / "shapes" / instance / "model.pb"

    def catalogue(self, instance):
        return catalogues.read(str(self.catalogue_file(instance)))

    def catalogue_file(self, instance):
        return self.results / "shapes" / instance / "layers.json"

    def load(self, defaults=None, **options):
        return load(
            {
                "graphs": str(self.graphs),
                "results": str(self.results),
                "defaults": defaults or {},
                "series": {"shapes": options},
            },
            SOURCE,
        )

    def message(self, **options):
        with pytest.raises(UserError) as caught:
            self.load(**options)
        return str(caught.value)
