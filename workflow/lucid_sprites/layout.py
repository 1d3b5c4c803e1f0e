"""Where everything lies under the results folder; `{...}` are the workflow's wildcards."""

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
"""What series and instances can be called."""

# What the workflow itself keeps in the results folder and in that of a series: no series, and no
# instance, can be called so.
OWN_OF_RESULTS = ("bundles", "index.html", "logs", "lucid_models")
OWN_OF_SERIES = (
    "across",
    "across_changes.csv",
    "across_changes.png",
    "across_changes_by_layer.csv",
    "changes.csv",
    "changes.png",
    "changes_by_layer.csv",
    "comparison",
    "comparison_logs",
    "index.html",
    "logs",
    "manifest.json",
    "plots",
    "preflight.log",
    "preflight.md",
    "responses",
    "training",
    "viewer",
)

OWNER = ".owner.json"
"""Whose results they are (see `planning.ownership`)."""

FINGERPRINTS = ".fingerprints.json"
"""What is known of the files that were looked at (see `lucid_sprites.fingerprints`)."""

AHEAD = ".ahead/{content}"
"""Stands for the content of a file that people keep and that was dated in the future."""
INSTANCE = "{series}/{instance}"
CATALOGUE = INSTANCE + "/layers.json"
NO_PICTURE = INSTANCE + "/no_picture.json"
MODEL = INSTANCE + "/model.pb"
MODEL_LOG = INSTANCE + "/logs/model.log"
IMPORTING = ".import-"
"""How the name of a folder begins in which a model is imported, beside its catalogue."""
LUCID_MODEL = "lucid_models/{model}.pb"
LUCID_MODEL_LOG = "lucid_models/{model}.log"
PREFLIGHT = "{series}/preflight.md"
PREFLIGHT_LOG = "{series}/preflight.log"
RANGE_SHEET = INSTANCE + "/ranges.png"
RANGE_SHEET_LOG = INSTANCE + "/logs/ranges.log"
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


def view(layer: int, channel: int | None = None) -> str:
    """Name of what a picture excites in a layer, or of a dream of one of its channels."""
    return f"l_{layer}" if channel is None else f"l_{layer}_i_{channel}"


VIEW = r"l_\d+(_i_\d+)?"
"""What `view` makes."""

WILDCARDS = {
    "series": NAME,
    "instance": NAME,
    "other": NAME,
    "layer": r"\d+",
    "block": r"\d+",
    "index": r"\d+",
    "threshold": r"\d+",
    "scale": r"\d+(x\d+)?",
    "study": NAME,
    "model": r"\w+",
    "epoch": r"\d+",
    "table": NAME,
    "image": NAME,
    "method": r"[a-z_]+",
    "view": VIEW,
}
"""What each wildcard can be."""


def member(index: int, threshold: int, identity: str) -> str:
    """Name of a sprite's PNG inside its block.

    A block that a job of before left behind, of another graph or with other settings, has no
    member of this name.
    """
    return f"i_{index}_t_{threshold}_{identity}.png"


ATTEMPTS = "attempts.json"
"""Name of the records inside a block."""

PAGE_FORMAT = 4
"""Of what pages load. Raised whenever a page would go wrong with what was made before."""

# What the viewer is made of. Its data are scripts: a page that is opened from disk may not read
# anything else.
MANIFEST = "{series}/manifest.json"
PAGE = "{series}/index.html"
START_PAGE = "index.html"
PAGE_CELLS = INSTANCE + "/viewer/l_{layer}.js"
PAGE_DETAILS = INSTANCE + "/viewer/l_{layer}_details.js"
PAGE_PIXELS = INSTANCE + "/viewer/l_{layer}_t_{threshold}.js"
PAGE_SUMMARY = INSTANCE + "/viewer/l_{layer}.json"
PAGE_TABLE = "{series}/viewer/{table}.js"
PICTURE_TABLE = "{series}/viewer/pictures.csv"
CHANGE_TABLE = "{series}/viewer/changes.csv"
TABLE = "{series}/{table}.csv"
PAGE_LOG = INSTANCE + "/logs/l_{layer}_viewer.log"
PIXELS_LOG = INSTANCE + "/logs/l_{layer}_t_{threshold}_viewer.log"
SERIES_LOG = "{series}/logs/{step}.log"
START_LOG = "logs/start_page.log"
ORPHANS_LOG = "logs/clean_orphans.log"
PLOT = "{series}/plots/{plot}.svg"
BUNDLE = "bundles/{series}.zip"
REVIEW = "{series}/review.yaml"
"""The marks of a series, under the folder of the graphs: people write it, no rule does."""
TRAINING = "{series}/training"
"""Folder of a training."""
DATASET = TRAINING + "/dataset.npz"
DATASET_REPORT = TRAINING + "/dataset.json"
DATASET_LOG = TRAINING + "/logs/dataset.log"
CHECKPOINT = TRAINING + "/epoch_{epoch}.npz"
TRAINED_GRAPH = TRAINING + "/epoch_{epoch}.pb"
TRAINING_ROWS = TRAINING + "/epoch_{epoch}.csv"
TRAINING_LOG = TRAINING + "/logs/epoch_{epoch}.log"
METRICS = TRAINING + "/metrics.csv"
METRICS_PLOT = TRAINING + "/metrics.png"
METRICS_LOG = TRAINING + "/logs/metrics.log"
TENSORBOARD = TRAINING + "/tensorboard"

COMPARISON = "{series}/comparison"
"""Folder of the comparison figures."""
COMPARISON_LOG = COMPARISON + "_logs/figures.log"
CHANGES = "{series}/changes.csv"
CHANGES_BY_LAYER = "{series}/changes_by_layer.csv"
CHANGES_PLOT = "{series}/changes.png"
CHANGES_LOG = COMPARISON + "_logs/changes.log"
RESPONSES = "{series}/responses/{instance}/{other}.csv"
RESPONSES_LOG = COMPARISON + "_logs/responses/{instance}/{other}.log"
ACROSS = "{series}/across"
"""Folder of the figures of a comparison with another series."""
ACROSS_LOG = COMPARISON + "_logs/across.log"
ACROSS_CHANGES = ACROSS + "_changes.csv"
ACROSS_BY_LAYER = ACROSS + "_changes_by_layer.csv"
ACROSS_PLOT = ACROSS + "_changes.png"
ACROSS_CHANGES_LOG = COMPARISON + "_logs/across_changes.log"
