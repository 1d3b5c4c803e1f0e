"""The normal form of a graph: one float picture in, channels last, nothing random or conditional.

Whatever a model file was, the rest of the workflow sees only this form.
"""
