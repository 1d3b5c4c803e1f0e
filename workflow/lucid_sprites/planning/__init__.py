"""What the config asks for, as the rules look it up: a module for each file of rules.

workflow/rules/models.smk asks `models`, sprites.smk and sheets.smk `sprites`, and studies.smk,
images.smk, training.smk, comparison.smk, viewer.smk and orphans.smk the modules of these names.
`marks` and `redo` tell what has to be made again. The others are what `load` resolves a config by.
"""
