"""Tensors for the objectives that `lucid_sprites.recipe.objectives` describes as data."""
