"""Imports TensorFlow and the engine as the workflow's jobs do, before a measurement begins.

The fork server of `bench` loads this module once: each worker is then a fresh process that has
imported TensorFlow and done nothing else.
"""

import importlib

from lucid_sprites import tensorflow_start

tensorflow_start.block_keras()
tensorflow_start.import_quietly()
for _module in (
    "engine.optimize",
    "models.catalogue",
    "models.loaders.frozen_graph",
    "models.graph.prepare",
):
    importlib.import_module(f"lucid_sprites.{_module}")
