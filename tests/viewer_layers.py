"""A layer's sheets and its log of attempts, as programs of the viewer read them."""

from lucid_sprites.recipe.statuses import OK

SPEC = {"number": 3, "name": "conv", "op": "Relu", "depth": 8, "columns": 4, "thresholds": [8, 16]}


def cell(index, loss=1.5, status=OK, seed=0, attempt=0):
    return {"index": index, "x": 0, "y": 0, "loss": loss, "status": status, "seed": seed,
            "attempt": attempt, "sprite": "x.png"}  # fmt: skip


def sheet(threshold, *cells):
    return {"threshold": threshold, "cell": 64, "cells": list(cells)}


def row(index, attempt=0, status=OK, step=16, loss=2.0, curve=None, batch_id=1000, timestamp=3000):
    return {
        "index": index, "attempt": attempt, "seed": 7, "status": status, "step": step,
        "loss": loss, "curve": curve or {}, "batch_id": batch_id, "timestamp": timestamp,
        "adam": 0.05, "transforms": "none", "parametrization": "fft", "variant": "v",
        "threshold": 16,
    }  # fmt: skip
