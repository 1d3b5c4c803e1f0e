"""What a page of the viewer shows, and its controls."""

from playwright.sync_api import Locator, Page


def address(page: Page) -> dict[str, str]:
    """The state in the address."""
    page.wait_for_timeout(200)  # a changed state is written with a delay
    return dict(part.split("=", 1) for part in page.url.partition("#")[2].split("&") if part)


def shown_indexes(page: Page) -> list[int]:
    """Indexes of the cells, in order."""
    return [int(cell.get_attribute("data-index")) for cell in page.locator(".cell").all()]


def control(page: Page, name: str) -> Locator:
    """The list or field of one part of the state, such as `layer`."""
    return page.locator(f'#controls [data-name="{name}"]')
