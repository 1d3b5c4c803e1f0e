"""Tensors for the objectives that `lucid_sprites.objectives` describes as data."""
