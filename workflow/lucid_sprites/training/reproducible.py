"""Training that gives the same weights every time."""

import keras
import tensorflow as tf


def make_reproducible(seed: int, threads: int) -> None:
    """Fix seeds, kernels and threads; call it before TensorFlow computes anything.

    The number of threads belongs to it: sums over a batch are divided among them.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
