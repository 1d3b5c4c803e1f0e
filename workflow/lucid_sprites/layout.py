"""Where everything lies under the results folder; `{...}` are the workflow's wildcards."""

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
"""What series and instances can be called."""

INSTANCE = "{series}/{instance}"
CATALOGUE = INSTANCE + "/layers.json"
STORE = INSTANCE + "/store"
BLOCK = INSTANCE + "/blocks/l_{layer}_b_{block}.zip"
SPRITE_LOG = INSTANCE + "/logs/l_{layer}_i_{index}_t_{threshold}_s_{scale}.log"
SPRITE = INSTANCE + "/sprites/l_{layer}_i_{index}_t_{threshold}_s_{scale}.png"
BLOCK_LOG = INSTANCE + "/logs/l_{layer}_b_{block}.log"
LOSSES_LOG = INSTANCE + "/logs/losses.log"
LOSSES = INSTANCE + "/losses.csv"
SHEET_LOG = INSTANCE + "/logs/l_{layer}_t_{threshold}.log"
SHEET = INSTANCE + "/spritemaps/l_{layer}_t_{threshold}.png"
SHEET_INDEX = INSTANCE + "/spritemaps/l_{layer}_t_{threshold}.json"

STUDY = INSTANCE + "/studies/{study}"
STUDY_BLOCK = STUDY + "/blocks/b_{block}.zip"
STUDY_BLOCK_LOG = STUDY + "/logs/b_{block}.log"
STUDY_SPRITE = STUDY + "/sprites/i_{index}_t_{threshold}_s_{scale}.png"
STUDY_SPRITE_LOG = STUDY + "/logs/i_{index}_t_{threshold}_s_{scale}.log"
STUDY_LOSSES = STUDY + "/losses.csv"
STUDY_LOSSES_LOG = STUDY + "/logs/losses.log"
STUDY_SHEET = STUDY + "/spritemaps/t_{threshold}.png"
STUDY_SHEET_INDEX = STUDY + "/spritemaps/t_{threshold}.json"
STUDY_SHEET_LOG = STUDY + "/logs/t_{threshold}.log"


def scale_name(scale: int | list[int]) -> str:
    """A sprite's scale in file names: its edge, or height and width."""
    return str(scale) if isinstance(scale, int) else "x".join(map(str, scale))


def member(index: int, threshold: int) -> str:
    """Name of a sprite's PNG inside its block."""
    return f"i_{index}_t_{threshold}.png"


ATTEMPTS = "attempts.json"
"""Name of the records inside a block."""
