"""The browser in which the console is tried."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.console_doors import started_browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with started_browser(chromium) as started:
        yield started
