"""Residents in care and subscriptions as a grid worker keeps them: enrolled, changed, ended; told, tested, muted."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.alerting.care.register import Recognised
from pipeline.alerting.service import Alerting, open_alerting
from pipeline.alerting.settings import AlertingSettings
from tests.e2e.console_doors import WAIT_MS, Console, entered, served, unreadable
from tests.servers.doors import BLUE, GREEN, NOON_MS, RED, photo, record
from tests.servers.receiver import Receiver


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = open_alerting(tmp_path, AlertingSettings(private_receivers=("127.0.0.0/8",)))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def console(tmp_path: Path, alerting: Alerting) -> Iterator[Console]:
    with served(tmp_path, alerting) as running:
        yield running


@pytest.fixture
def page(browser: Browser, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from entered(browser, console.address, getattr(request, "param", 1280))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver().start()
    yield started
    started.stop()


def enrol(page: Page, folder: Path, *pictures: bytes) -> None:
    """Fill the form as a guardian says it and send it."""
    page.click("nav a[href='#residents']")
    page.click("#resident-new")
    page.fill("#resident-name", "Grandmother Li")
    for number, picture in enumerate(pictures):
        (folder / f"her-{number}.png").write_bytes(picture)
    page.set_input_files("#resident-photos", [folder / f"her-{number}.png" for number in range(len(pictures))])
    page.fill("#resident-guardian", "Li Na, 139…")
    page.locator("#resident-exits").get_by_text("North gate").click()
    page.fill("#resident-not-seen", "12")
    page.fill("#resident-consent-by", "herself")
    page.fill("#resident-consent-record", "signed form")
    page.fill("#resident-consent-at", "2026-04-30")
    page.fill("#resident-expires", "2026-12-31")
    page.click("#resident-save")


def test_somebody_is_enrolled_seen_leaving_changed_and_taken_out(page: Page, console: Console, tmp_path: Path) -> None:
    page.clock.set_fixed_time(NOON_MS + 7_200_000)
    enrol(page, tmp_path, photo(RED, GREEN))
    expect(page.locator("#resident-problem")).to_contain_text("shows 2", timeout=WAIT_MS)
    page.click("#resident-cancel")
    expect(page.locator("#resident-none")).to_be_visible()
    enrol(page, tmp_path, photo(RED))
    resident = page.locator("#resident-list > li")
    expect(resident).to_contain_text("not seen since the enrolment", timeout=WAIT_MS)
    expect(resident.locator("img.thumb")).to_have_attribute("src", re.compile("^blob:"))

    (enrolled,) = console.care.register.all()
    seen = record("north", 1, RED, NOON_MS).sighting
    found = Recognised(enrolled.id, seen.id, "north", seen.last_seen_ms, 0.9)
    console.care.register.note([found])
    console.care.register.decided(found, "alone")
    page.click("#resident-over")
    expect(resident.locator(".mood")).to_contain_text("out since")
    expect(resident.locator(".mood")).to_contain_text("alone")
    resident.get_by_text("最近出现").click()
    expect(resident.locator(".strip figcaption")).to_contain_text("North gate", timeout=WAIT_MS)

    resident.get_by_text("加照片").click()
    (tmp_path / "blue.png").write_bytes(photo(BLUE))
    page.set_input_files("#companion-photos", tmp_path / "blue.png")
    page.click("#companion-save")
    expect(page.locator("#message")).to_contain_text("as well", timeout=WAIT_MS)
    pictured = console.care.register.get(enrolled.id).vectors
    assert pictured is not None and len(pictured) == 2

    resident.get_by_text("修改 Edit").click()
    page.fill("#resident-quiet-from", "21:00")
    page.click("#resident-save")
    assert page.locator("#resident-form").is_visible(), "a change needs a reason"
    page.fill("#resident-reason", "sleeps early")
    page.click("#resident-save")
    expect(page.locator("#resident-problem")).to_contain_text("need both", timeout=WAIT_MS)
    page.fill("#resident-quiet-to", "06:30")
    page.click("#resident-save")
    expect(resident).to_contain_text("21:00–06:30", timeout=WAIT_MS)

    resident.get_by_text("结束 End").click()
    page.fill("#question-reason", "moved away")
    page.click("#question-yes")
    expect(resident).to_contain_text("withdrawn", timeout=WAIT_MS)
    ended = console.care.register.get(enrolled.id)
    assert (ended.vectors, ended.withdrawn_why) == (None, "moved away")
    page.set_viewport_size({"width": 390, "height": 800})
    assert unreadable(page) == []


def test_a_companion_joins_and_leaves_and_a_sighting_is_searched_for(
    page: Page, console: Console, tmp_path: Path
) -> None:
    enrol(page, tmp_path, photo(RED))
    resident = page.locator("#resident-list > li")
    resident.get_by_text("加陪同人").click()
    page.fill("#companion-name", "Li Na")
    (tmp_path / "daughter.png").write_bytes(photo(GREEN))
    page.set_input_files("#companion-photos", tmp_path / "daughter.png")
    page.click("#companion-save")
    expect(resident.locator(".chip")).to_contain_text("Li Na", timeout=WAIT_MS)
    resident.locator(".chip button").click()
    page.fill("#question-reason", "moved to another city")
    page.click("#question-yes")
    expect(resident.locator(".chip")).to_have_count(0, timeout=WAIT_MS)

    (enrolled,) = console.care.register.all()
    seen = record("north", 1, RED, NOON_MS).sighting
    console.care.register.note([Recognised(enrolled.id, seen.id, "north", seen.last_seen_ms, 0.9)])
    resident.get_by_text("最近出现").click()
    resident.get_by_text("检索 Search").click()
    page.fill("#question-reason", "case 7")
    page.click("#question-yes")
    expect(page.locator("#hits > li").first).to_contain_text("maple", timeout=WAIT_MS)
    assert page.url.endswith("#search")
    assert next(iter(console.care.search.archive.searches())).reason == "case 7"


def subscribe(page: Page, name: str, url: str) -> None:
    """Make a webhook subscription of high incidents of a community."""
    page.click("nav a[href='#subscriptions']")
    page.click("#subscription-new")
    page.fill("#subscription-name", name)
    page.fill("#subscription-fields input[type=url]", url)
    page.select_option("#subscription-severity", "high")
    page.locator("#subscription-communities").get_by_text("willow").click()
    page.click("#subscription-save")


def test_a_test_message_reaches_a_real_receiver_and_the_secret_is_shown_once(
    page: Page, console: Console, receiver: Receiver
) -> None:
    subscribe(page, "duty officer", receiver.url)
    item = page.locator("#subscription-list > li")
    expect(item).to_contain_text("127.0.0.1", timeout=WAIT_MS)
    (made,) = console.alerting.book.all()
    assert (made.terms.severity, made.terms.communities) == ("high", ("willow",))
    expect(item.locator(".secret code")).to_have_text(made.secret)
    expect(item).not_to_contain_text("key=k")
    item.get_by_text("发测试消息").click()
    expect(page.locator("#message")).to_contain_text("HTTP 204", timeout=WAIT_MS)
    (post,) = receiver.taken()
    assert "test" in json.loads(post.body)["event"]
    receiver.status = 500
    item.get_by_text("发测试消息").click()
    expect(page.locator("#message.bad")).to_contain_text("Not received", timeout=WAIT_MS)

    item.get_by_text("修改 Edit").click()
    expect(page.locator("#subscription-kept")).to_contain_text("***")
    page.fill("#subscription-name", "night officer")
    page.click("#subscription-save")
    expect(item).to_contain_text("night officer", timeout=WAIT_MS)
    expect(item.locator(".secret")).to_have_count(0)
    assert console.alerting.book.all()[0].terms.address == receiver.url


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_subscription_is_muted_for_a_while_and_deleted_after_a_question(
    page: Page, console: Console, receiver: Receiver
) -> None:
    subscribe(page, "duty officer", receiver.url)
    item = page.locator("#subscription-list > li")
    item.get_by_text("静音 Mute").click()
    page.fill("#mute-until", "2020-01-01T12:00")
    page.fill("#mute-reason", "holiday")
    page.locator("#mute-ask button.strong").click()
    expect(page.locator("#mute-problem")).to_contain_text("past", timeout=WAIT_MS)
    page.locator("#mute-often button").nth(1).click()
    page.locator("#mute-ask button.strong").click()
    expect(item).to_contain_text("holiday", timeout=WAIT_MS)
    item.get_by_text("取消静音").click()
    expect(item).not_to_contain_text("holiday", timeout=WAIT_MS)
    assert unreadable(page) == []
    item.get_by_text("删除 Delete").click()
    page.click("#question-cancel")
    assert len(console.alerting.book.all()) == 1
    item.get_by_text("删除 Delete").click()
    page.click("#question-yes")
    expect(page.locator("#subscription-none")).to_be_visible(timeout=WAIT_MS)
    assert console.alerting.book.all() == []


def test_a_channel_asks_for_its_own_fields_and_a_refusal_is_said(page: Page, console: Console) -> None:
    page.click("nav a[href='#subscriptions']")
    page.click("#subscription-new")
    page.fill("#subscription-name", "platform")
    page.select_option("#subscription-way", "mqtt")
    for name, value in {"host": "10.1.2.3", "topic": "zhian/alerts", "user": "u", "password": "p@s/s"}.items():
        page.fill(f"#subscription-fields input[name={name}]", value)
    page.click("#subscription-save")
    expect(page.locator("#subscription-problem")).to_contain_text("private", timeout=WAIT_MS)
    page.fill("#subscription-fields input[name=host]", "127.0.0.1")
    page.click("#subscription-save")
    expect(page.locator("#subscription-list > li")).to_contain_text("platform", timeout=WAIT_MS)
    (made,) = console.alerting.book.all()
    assert made.terms.address == "mqtt://u:p%40s%2Fs@127.0.0.1/zhian/alerts"
