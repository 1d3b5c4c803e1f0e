"""What a page of the viewer shows, and its controls."""

import time

from playwright.sync_api import Locator, Page


def address(page: Page) -> dict[str, str]:
    """The state in the address."""
    page.wait_for_timeout(200)  # a changed state is written with a delay
    return dict(part.split("=", 1) for part in page.url.partition("#")[2].split("&") if part)


def shown_indexes(page: Page) -> list[int]:
    """Indexes of the cells, in order, read at one moment."""
    return page.locator(".cell").evaluate_all("cells => cells.map(cell => +cell.dataset.index)")


def expect_indexes(page: Page, wanted: list[int], seconds: float = 5.0) -> None:
    """Wait for cells with these indexes, in this order: a page sorts again as data comes in."""
    deadline = time.monotonic() + seconds
    while shown_indexes(page) != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert shown_indexes(page) == wanted


def control(page: Page, name: str) -> Locator:
    """The list or field of one part of the state, such as `layer`."""
    return page.locator(f'#controls [data-name="{name}"]')


def search(page: Page, text: str) -> None:
    """Type into the search field, and press Enter."""
    field = page.locator("#find")
    field.fill(text)
    field.press("Enter")
