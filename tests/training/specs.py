"""Trainings of tests: tiny, and otherwise with the workflow's defaults."""

from lucid_sprites.planning.training import DEFAULTS


def training_spec(**changes):
    """A spec of `training.train_epochs`: the small network on generated 16 pixel pictures."""
    left_out = ("dataset", "finetune")
    spec = {key: value for key, value in DEFAULTS.items() if key not in left_out}
    spec |= {"topology": "small", "input_size": 16, "batch_size": 8, "steps_per_epoch": 2}
    return {**spec, "augmentation": {}, **changes}
