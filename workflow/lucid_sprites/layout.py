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

PICTURE_ARCHIVE = INSTANCE + "/images/{image}/{method}.zip"
PICTURE_LOG = INSTANCE + "/logs/{image}_{method}.log"
PICTURE = INSTANCE + "/images/{image}/{method}/{view}.png"
VIEW_LOG = INSTANCE + "/logs/{image}_{method}_{view}.log"
EVENTS = INSTANCE + "/tensorboard"
EVENTS_LOG = INSTANCE + "/logs/tensorboard.log"


def view(layer: int, channel: int | None = None) -> str:
    """Name of what a picture excites in a layer, or of a dream of one of its channels."""
    return f"l_{layer}" if channel is None else f"l_{layer}_i_{channel}"


VIEW = r"l_\d+(_i_\d+)?"
"""What `view` makes."""


def member(index: int, threshold: int) -> str:
    """Name of a sprite's PNG inside its block."""
    return f"i_{index}_t_{threshold}.png"


ATTEMPTS = "attempts.json"
"""Name of the records inside a block."""
