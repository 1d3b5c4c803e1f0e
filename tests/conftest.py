"""What all tests share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models and photos; a clone without them skips the tests that need them."""
    if not SHARED.is_dir():
        pytest.skip(f"needs real models in {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def mobilenet(shared_data: Path) -> Path:
    """The ImageNet MobileNet v1 x0.25 as a frozen graph."""
    return shared_data / "mobilenet_v1_025_128" / "imagenet.pb"
