"""Limits of the engine that plans have to know, too."""

# TensorFlow computes the last numbers of an array, where they do not fill a vector register of 8,
# by other formulas. Batches of full registers have no such remainder, whatever their sprites' size,
# so that a sprite's numbers do not depend on its place in the batch.
BATCH_MULTIPLE = 8

# Large kernels are transformed (engine/convolutions/winograd_graph.py), to twice their size for
# each of both directions, and kept by several steps of TensorFlow; no more of them than this.
LARGE_KERNEL_BYTES = 64 << 20
