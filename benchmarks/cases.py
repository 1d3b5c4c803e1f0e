"""What is measured, and what is wanted."""

from dataclasses import dataclass, replace
from pathlib import Path

# Updates of a sprite; expensive networks do fewer and are reckoned up to this many.
STEPS = 256
# Scales that lucid's standard transforms draw from, and what pad and jitter add to a canvas.
_SCALES = [percent / 100 for percent in range(90, 111, 2)]
_PADDED, _JITTERED = 16, 4

# The ImageNet MobileNet v1 x0.25 (128) of the test data; a user's clone has none.
MOBILENET = Path(__file__).parents[2] / "shared/data/mobilenet_v1_025_128/imagenet.pb"


@dataclass(frozen=True)
class Case:
    """One layer of one network at one size.

    Attributes:
        name: for `--cases` and the table.
        network: `mobilenet`, or one of `random_networks.NETWORKS`.
        layer: name of the node, for random networks of the Keras layer.
        scale: edge of a sprite in pixels.
        target: wanted ratio of the engine's sprites per hour to lucid's, or None.
        engine_steps, lucid_steps: updates that are really done.
        precision: of the engine's convolutions; lucid has float32.
        most_batches: that one worker renders, if one job of the workflow renders as many.
    """

    name: str
    network: str
    layer: str
    scale: int
    target: float | None
    engine_steps: int = STEPS
    lucid_steps: int = STEPS
    precision: str = "float32"
    most_batches: int = 1


def pointwise(number: int) -> str:
    """Layer `number` of the MobileNet."""
    return f"MobilenetV1/MobilenetV1/Conv2d_{number}_pointwise/Relu6"


def _mobilenet(number: int, scale: int, target: float | None) -> Case:
    name = f"mobilenet-conv2d_{number}-{scale}"
    return Case(name, "mobilenet", pointwise(number), scale, target, most_batches=2)


def _inception(scale: int, target: float) -> Case:
    name = f"inceptionv3-mixed4-{scale}"
    return Case(name, "inceptionv3", "mixed4", scale, target, 32, 64, most_batches=2)


LAYER_CASES = [
    _mobilenet(2, 64, 15),
    _mobilenet(2, 128, None),
    _mobilenet(8, 64, 20),
    _mobilenet(8, 128, 10),
    _mobilenet(12, 64, 15),
    _mobilenet(12, 128, None),
    _inception(64, 7),
    _inception(128, 4),
    Case("vgg16-block4_conv3-64", "vgg16", "block4_conv3", 64, 2.2, 24, 48),
    Case("vgg16-block4_conv3-128", "vgg16", "block4_conv3", 128, 1.7, 20, 24),
]
# The same again, where the user has allowed coarser numbers.
LAYER_CASES += [
    replace(case, name=f"{case.name}-bfloat16", precision="bfloat16")
    for case in LAYER_CASES
    if case.network != "mobilenet"
]

WORKFLOW_CASE = "workflow-mobilenet-64"
WORKFLOW_TARGET = 12.0
WORKFLOW_SCALE = 64
WORKFLOW_THRESHOLDS = (64, STEPS)
# 256 neurons at two thresholds are 512 sprites.
WORKFLOW_NEURONS = {pointwise(2): 32, pointwise(8): 96, pointwise(12): 128}


def canvas_edges(scale: int) -> list[int]:
    """Edges of the canvases, in pixels, that the standard transforms make with equal chances."""
    return [int(factor * (scale + _PADDED)) - _JITTERED for factor in _SCALES]


def canvas_pixels(scale: int) -> float:
    """Pixels of the mean canvas."""
    edges = canvas_edges(scale)
    return sum(edge**2 for edge in edges) / len(edges)
