"""lucid-sprites: feature visualizations of every neuron of a network, in bulk."""

import os

# TensorFlow takes oneDNN's kernels by itself only on processors with AVX-512. Its others round by
# the size of the batch, and a sprite's numbers would depend on its mates; they are slower, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
