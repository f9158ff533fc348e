"""The answer an officer hands on: who was meant in the photo, where she was seen last, why a camera shows nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.alerting.rules.settings import IntrusionSettings
from pipeline.alerting.service import open_alerting
from tests.e2e.console_doors import PICTURE_SIZE, WAIT_MS, Console, choose, entered, served, unreadable
from tests.servers.doors import BLUE, GREEN, RED, photo


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    alerting = open_alerting(folder)
    alerting.start()
    with served(folder, alerting) as started:
        yield started
    alerting.stop()


@pytest.fixture
def page(browser: Browser, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from entered(browser, console.address, getattr(request, "param", 1280))


@pytest.mark.parametrize("page", [390], indirect=True)
def test_the_one_meant_is_tapped_below_the_photo_and_another_one_after_that(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, photo(GREEN, RED))
    page.click("#go")
    people = page.locator("#people button")
    expect(people).to_have_count(2, timeout=WAIT_MS)
    people.nth(1).click()
    expect(page.locator("#hits > li").first).to_contain_text("red", timeout=WAIT_MS)
    expect(people.nth(1)).to_have_attribute("aria-pressed", "true")
    page.locator("#hits > li").first.get_by_text("是 Yes").click()
    people.nth(0).click()
    expect(page.locator("#hits > li").first).to_contain_text("green", timeout=WAIT_MS)
    expect(people.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#next")).to_be_hidden()
    assert unreadable(page) == []


def test_where_she_was_seen_last_is_one_sentence_to_copy(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, tmp_path, photo(RED))
    page.click("#go")
    first, second = page.locator("#hits > li").nth(0), page.locator("#hits > li").nth(1)
    expect(first).to_contain_text("North gate", timeout=WAIT_MS)
    expect(page.locator("#latest")).to_be_hidden()  # of this archive nothing was measured that makes a hit sure
    first.get_by_text("是 Yes").click()
    expect(page.locator("#latest")).to_contain_text("North gate")
    expect(page.locator("#latest")).to_contain_text("已确认 confirmed")
    second.get_by_text("是 Yes").click()
    expect(page.locator("#latest")).to_contain_text("maple south")  # an hour later
    page.locator("#latest").get_by_text("Copy for the patrol").click()
    expect(page.locator("#message")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[0] == "case 7"
    assert "maple south, 2026-05-01" in copied
    first.get_by_text("是 Yes").click()
    second.get_by_text("是 Yes").click()
    expect(page.locator("#latest")).to_be_hidden()


def test_without_a_clipboard_what_is_copied_is_a_selection(page: Page, tmp_path: Path) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as over plain http
    page.evaluate("document.addEventListener('copy', () => { window.copied = document.activeElement.value; })")
    choose(page, tmp_path, photo(RED))
    page.click("#go")
    page.locator("#hits > li").first.get_by_text("是 Yes").click(timeout=WAIT_MS)
    page.locator("#latest").get_by_text("Copy for the patrol").click()
    expect(page.locator("#message")).to_contain_text("Copied")
    assert "North gate" in page.evaluate("window.copied")


def test_the_newest_can_stand_first_and_keep_what_was_said_of_them(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, photo(RED))
    page.click("#go")
    hits = page.locator("#hits > li")
    expect(hits.first).to_contain_text("North gate", timeout=WAIT_MS)
    hits.first.get_by_text("是 Yes").click()
    page.select_option("#order", "newest")
    expect(hits.first).to_contain_text("south")
    expect(page.locator("#hits > li.confirmed")).to_contain_text("North gate")
    page.select_option("#order", "best")
    expect(hits.first).to_contain_text("North gate")


def test_the_zone_of_a_rule_is_a_part_of_the_picture_to_search_in(page: Page, console: Console) -> None:
    width, height = PICTURE_SIZE
    left_half = ((0.0, 0.0), (width / 2, 0.0), (width / 2, float(height)), (0.0, float(height)))
    right_half = tuple((x + width / 2, y) for x, y in left_half)
    drawn = [
        IntrusionSettings(name=name, kind="intrusion", zone=zone)
        for name, zone in (("lawn", left_half), ("road", right_half))
    ]
    console.rules.set_rules("north", drawn)
    page.fill("#words", "red coat")
    page.fill("#reason", "case 7")
    page.click("#camera-choice > summary")
    page.get_by_label("North gate").check(timeout=WAIT_MS)
    page.click("#zone-choice summary")
    page.locator("#zone-stage").get_by_text("road").click(timeout=WAIT_MS)
    expect(page.locator("#zone-said")).to_have_text("road")
    page.click("#go")
    expect(page.locator("#message")).to_contain_text("Nothing", timeout=WAIT_MS)
    page.locator("#zone-stage").get_by_text("lawn").click()
    page.click("#go")
    expect(page.locator("#hits > li")).to_have_count(2, timeout=WAIT_MS)


def test_a_camera_that_is_down_says_why_in_words_and_how_long(page: Page) -> None:
    page.click("nav a[href='#cameras']")
    row = page.locator("#camera-table tr", has_text="Yard")
    expect(row).to_contain_text("check address, port and path", timeout=WAIT_MS)
    expect(row).to_contain_text("nobody listens at rtsp://***@10.0.0.7/main")
    expect(row.locator(".state-backing_off + small")).to_contain_text("last picture")
    expect(row.locator(".state-backing_off + small")).to_contain_text("ago")
    row = page.locator("#camera-table tr", has_text="North gate")
    expect(row).to_contain_text("no picture yet")


def test_a_full_disk_is_said_on_every_page(page: Page, console: Console) -> None:
    expect(page.locator("#health")).to_contain_text("No camera is live", timeout=WAIT_MS)
    console.care.search.unstored = lambda: 7
    page.reload()
    expect(page.locator("#health")).to_contain_text("磁盘已满：7 条", timeout=WAIT_MS)
    page.click("nav a[href='#log']")
    expect(page.locator("#page-log")).to_be_visible()
    expect(page.locator("#health")).to_be_visible()
    console.care.search.unstored = int


def test_a_photo_of_several_is_no_photo_for_a_watch_and_the_form_says_what_to_do(page: Page, tmp_path: Path) -> None:
    page.click("nav a[href='#watches']")
    page.click("#watch-new")
    (tmp_path / "two.png").write_bytes(photo(GREEN, BLUE))
    page.set_input_files("#watch-photos", tmp_path / "two.png")
    page.fill("#watch-reason", "case 7")
    page.fill("#watch-expires", "2026-05-08T12:00")
    page.locator("#watch-ask button.strong").click()
    expect(page.locator("#watch-problem")).to_contain_text("用命中布控", timeout=WAIT_MS)
