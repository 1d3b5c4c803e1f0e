"""What all tests share."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api

import lucid_sprites  # noqa: F401, before TensorFlow

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


@dataclass
class Browser:
    """Chromium, and what its pages said and asked for.

    Attributes:
        trouble: messages on the console, errors of scripts, failed requests.
        elsewhere: addresses that do not lie on this disk.
    """

    chromium: sync_api.Browser
    trouble: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, file: Path, state: str = "", **options: Any) -> sync_api.Page:
        """The page of a file, with the address of a state."""
        context = self.chromium.new_context(accept_downloads=True, **options)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: self.trouble.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("requestfailed", lambda request: self.trouble.append(f"failed: {request.url}"))
        page.on("request", self._requested)
        page.goto(f"{file.as_uri()}#{state}")
        return page

    def _requested(self, request: sync_api.Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.elsewhere.append(request.url)


@pytest.fixture(scope="session")
def chromium() -> Iterator[sync_api.Browser]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium")
    if program is None and "CI" not in os.environ:
        pytest.skip("needs the program chromium")
    with sync_api.sync_playwright() as playwright:
        # Its sandbox refuses to run for root.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: sync_api.Browser) -> Iterator[Browser]:
    """A browser in which nothing may go wrong and that nothing may leave."""
    watched = Browser(chromium)
    yield watched
    for context in chromium.contexts:
        context.close()
    assert watched.trouble == []
    assert watched.elsewhere == []
