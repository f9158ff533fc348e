"""The console in Chinese, in English or in both: the browser's language at first, then what was chosen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.alerting.alert import Alert, Severity, Source, alert_id
from pipeline.alerting.service import open_alerting
from pipeline.alerting.subscriptions.terms import Channel, Terms
from tests.e2e.console_doors import WAIT_MS, Console, served
from tests.servers.doors import NOON_MS, TOKEN

CHINESE = re.compile("[\u4e00-\u9fff]")
PAGES = ("search", "incidents", "watches", "rules", "residents", "subscriptions", "cameras", "log")
# What is shown whatever the language: the name of the product and the names of the languages.
OWN_TEXT = "[...document.querySelectorAll('h1, #language')].forEach((each) => each.remove())"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    alerting = open_alerting(folder)
    alerting.start()
    name = alert_id(Source.RULE, "yard", 1)
    raised = Alert(name, Source.RULE, "yard", "intrusion", Severity.HIGH, NOON_MS, "north", "willow", "one")
    alerting.desk.take([raised])
    alerting.book.add(Terms(name="wall", channel=Channel.STREAM), "day")
    with served(folder, alerting) as started:
        yield started
    alerting.stop()


@pytest.fixture
def page(browser: Browser, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser of the given language, inside."""
    context = browser.new_context(locale=request.param, viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.set_default_timeout(WAIT_MS)
    opened.goto(console.address)
    opened.fill("#token", TOKEN)
    opened.click("#door button")
    opened.wait_for_selector("#page-search", state="visible")
    yield opened
    context.close()


def shown(page: Page, name: str) -> str:
    """Return all that can be read on a page of the console."""
    page.click(f"nav a[href='#{name}']")
    page.wait_for_selector(f"#page-{name}", state="visible")
    return page.inner_text("body")


@pytest.mark.parametrize("page", ["zh-CN"], indirect=True)
def test_a_chinese_browser_sees_chinese_and_what_is_chosen_stays(page: Page) -> None:
    assert page.inner_text("#go") == "检索"
    assert "Reason" not in page.inner_text("body")
    page.select_option("#language", "en")
    expect(page.locator("#go")).to_have_text(re.compile("Search"))
    expect(page.locator("#page-search")).to_be_visible()
    assert page.inner_text("#go") == "Search"
    page.reload()
    page.wait_for_selector("#page-search", state="visible")
    assert page.inner_text("#go") == "Search"
    assert page.evaluate("document.documentElement.lang") == "en"
    page.select_option("#language", "both")
    expect(page.locator("#page-search")).to_be_visible()
    page.wait_for_function("document.querySelector('#go').innerText === '检索 Search'")


@pytest.mark.parametrize("page", ["en-GB"], indirect=True)
def test_no_page_shows_chinese_to_an_english_browser(page: Page) -> None:
    page.evaluate(OWN_TEXT)
    for name in PAGES:
        assert CHINESE.findall(shown(page, name)) == [], name
    offered = page.evaluate("[...document.querySelectorAll('option')].map((each) => each.text).join()")
    assert CHINESE.findall(offered) == []


@pytest.mark.parametrize("page", ["zh-CN"], indirect=True)
def test_what_is_wrong_is_said_in_chinese(page: Page, tmp_path: Path) -> None:
    page.fill("#reason", "走失老人")
    page.click("#go")
    expect(page.locator("#message")).to_have_text("请先选择照片或写下描述。")
    (tmp_path / "no.png").write_bytes(b"this is no picture")
    page.set_input_files("#photo", tmp_path / "no.png")
    page.click("#go")
    expect(page.locator("#message.bad")).to_contain_text("照片无法读取")
