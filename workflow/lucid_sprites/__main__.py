"""Program: run another program of this package, found by the package's own folder.

    python workflow/lucid_sprites sprites.optimize_block --spec ...

Jobs are started so, and not by `python -m`: PYTHONPATH cannot name a folder whose path has a colon,
and a file of the project called like a module of Python's is not taken for it.
"""

import os
import runpy
import sys

if __name__ == "__main__":
    # In the place of this folder, whose modules have names of other packages.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    runpy.run_module(f"lucid_sprites.{sys.argv.pop(1)}", run_name="__main__", alter_sys=True)
