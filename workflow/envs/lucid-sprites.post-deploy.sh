# Snakemake runs this in the new environment. Without dependency resolution, as in the Makefile:
# the list is complete, and lucid's own pin of an old numpy would be in the way.
set -eu
python -m pip install --no-deps --require-hashes -r "$LUCID_SPRITES/../../requirements.txt"
