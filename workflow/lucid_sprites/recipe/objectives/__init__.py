"""Objectives as plain data: their vocabulary, their arithmetic and their one-line text.

Nothing here imports TensorFlow: the workflow reads objectives while it starts, and they travel to
the jobs, into keys and into the records of sprites as JSON. `lucid_sprites.engine.objectives`
makes tensors of them.
"""

from lucid_sprites.recipe.objectives.arithmetic import Objective, without_paths
from lucid_sprites.recipe.objectives.text import parse, text
from lucid_sprites.recipe.objectives.vocabulary import OBJECTIVES, objective

__all__ = ["OBJECTIVES", "Objective", "objective", "parse", "text", "without_paths"]
