"""What is optimized, and the picture it stands for (after lucid.optvis.param)."""

from lucid_sprites.engine.parametrization.factory import Parametrization, parametrization

__all__ = ["Parametrization", "parametrization"]
