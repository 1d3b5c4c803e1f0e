"""How programs start TensorFlow: in processes of their own."""

import os
import subprocess
import sys

PROGRAM = """
import sys
from lucid_sprites import tensorflow_start
tensorflow_start.block_keras()
tensorflow_start.import_quietly()
import tensorflow.compat.v1 as tf
print("native", file=sys.stderr)
with tf.Session(config=tensorflow_start.session_config()) as session:
    print(session.run(tf.constant(2) + 3))
"""


def run(program, **level):
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"PYTHONPATH": ":".join(sys.path), **level}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )


def test_nothing_is_written_but_what_the_program_writes():
    done = run(PROGRAM)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "native\n")


def test_who_asks_for_tensorflows_notes_gets_them():
    assert "port.cc" in run(PROGRAM, TF_CPP_MIN_LOG_LEVEL="0").stderr


def test_an_import_that_fails_is_heard():
    program = "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]"
    failed = run(program + PROGRAM)
    assert failed.returncode == 1
    assert "ModuleNotFoundError: No module named 'tensorflow'" in failed.stderr
