"""Rules as a guard draws them: by mouse, by finger, by keys and by numbers."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.alerting.alert import Alert, Severity, Source, alert_id
from pipeline.alerting.rules.settings import IntrusionSettings, LineCrossingSettings
from pipeline.alerting.service import open_alerting
from tests.e2e.console_doors import PICTURE_SIZE, WAIT_MS, Console, entered, served, unreadable
from tests.servers.doors import NOON_MS, TOKEN


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One server for all tests: to start it costs more than what it is asked here."""
    folder = tmp_path_factory.mktemp("console")
    alerting = open_alerting(folder)
    alerting.start()
    with served(folder, alerting) as started:
        yield started
    alerting.stop()


@pytest.fixture
def console(running: Console) -> Console:
    """The console of cameras without rules."""
    for camera in ("north", "yard"):
        running.rules.restore(camera)
    return running


@pytest.fixture
def page(browser: Browser, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    for opened in entered(browser, console.address, getattr(request, "param", 1280)):
        opened.click("nav a[href='#rules']")
        expect(opened.locator("#rule-still")).to_be_visible(timeout=WAIT_MS)
        yield opened


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where on the screen a pixel of the picture is."""
    box = page.locator("#rule-drawing").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x / PICTURE_SIZE[0], box["y"] + box["height"] * y / PICTURE_SIZE[1]


def near(point: tuple[float, float], x: float, y: float) -> bool:
    return abs(point[0] - x) <= 2 and abs(point[1] - y) <= 2


def drag_by_finger(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Put a finger down, move it in steps, lift it."""
    screen = page.context.new_cdp_session(page)
    for step in range(5):
        x, y = (a + (b - a) * step / 4 for a, b in zip(start, end, strict=True))
        kind = "touchMove" if step else "touchStart"
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_line_that_is_drawn_and_dragged_is_stored_and_shown(page: Page, console: Console) -> None:
    expect(page.locator("#rule-empty")).to_be_visible()
    page.click("#rule-new")
    for x, y in ((100, 200), (500, 220)):
        page.mouse.click(*place(page, x, y))
    page.mouse.move(*place(page, 500, 220))
    page.mouse.down()
    page.mouse.move(*place(page, 560, 300), steps=4)
    page.mouse.up()
    page.fill("#rule-name", "east gate")
    page.select_option("#rule-common select", "+")
    expect(page.locator("#rule-shapes .edited .arrow")).to_have_count(1)
    page.click("#rule-save")
    expect(page.locator("#message")).to_contain_text("Saved", timeout=WAIT_MS)
    (rule,) = console.rules.rules_of("north")
    assert isinstance(rule, LineCrossingSettings)
    assert near(rule.line[0], 100, 200) and near(rule.line[1], 560, 300)
    assert rule.direction == "+"
    expect(page.locator("#rule-list .rule")).to_contain_text("east gate")
    expect(page.locator("#rule-shapes .line")).to_have_count(1)


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_zone_is_tapped_with_a_finger_and_limited_to_hours(page: Page, console: Console) -> None:
    page.click("#rule-new")
    page.select_option("#rule-kind", "intrusion")
    for x, y in ((100, 100), (300, 100), (300, 300), (100, 300)):
        page.touchscreen.tap(*place(page, x, y))
    expect(page.locator(".handle")).to_have_count(4)
    page.locator("#rule-stage").scroll_into_view_if_needed()
    drag_by_finger(page, place(page, 300, 300), place(page, 360, 340))
    expect(page.locator(".handle")).to_have_count(4)
    page.fill("#rule-name", "flower bed")
    page.click("#rule-more summary")
    page.get_by_text("Only at these hours").click()
    page.click("#rule-save")
    expect(page.locator("#message")).to_contain_text("Saved", timeout=WAIT_MS)
    (rule,) = console.rules.rules_of("north")
    assert isinstance(rule, IntrusionSettings)
    assert all(
        near(corner, *wanted)
        for corner, wanted in zip(rule.zone, ((100, 100), (300, 100), (360, 340), (100, 300)), strict=True)
    )
    assert rule.schedule is not None
    assert (rule.schedule.begins.hour, rule.schedule.ends.hour) == (22, 6)
    assert unreadable(page) == []


def test_keys_and_numbers_move_points_without_a_mouse(page: Page, console: Console) -> None:
    page.click("#rule-new")
    page.locator("#rule-suggest").press("Enter")
    first = page.locator(".handle").first
    first.press("ArrowRight")
    first.press("Shift+ArrowDown")
    page.locator("#rule-by-number summary").press("Enter")
    page.fill("#rule-numbers li:nth-child(2) input:nth-child(1)", "600")
    page.fill("#rule-name", "by keys")
    page.locator("#rule-name").press("Enter")
    expect(page.locator("#message")).to_contain_text("Saved", timeout=WAIT_MS)
    (rule,) = console.rules.rules_of("north")
    assert isinstance(rule, LineCrossingSettings)
    assert rule.line == ((165.0, 217.0), (600.0, 216.0))


def test_what_is_wrong_is_said_in_the_form_and_nothing_is_lost(page: Page, console: Console) -> None:
    page.click("#rule-new")
    page.select_option("#rule-kind", "intrusion")
    page.fill("#rule-name", "bow tie")
    page.click("#rule-save")
    expect(page.locator("#rule-problem")).to_contain_text("Tap the corners")
    page.click("#rule-suggest")
    page.click("#rule-by-number summary")
    for row, (x, y) in enumerate([(100, 100), (300, 300), (300, 100), (100, 300)], start=1):
        page.fill(f"#rule-numbers li:nth-child({row}) input:nth-child(1)", str(x))
        page.fill(f"#rule-numbers li:nth-child({row}) input:nth-child(2)", str(y))
    page.click("#rule-save")
    expect(page.locator("#rule-problem")).to_contain_text("list the corners in order", timeout=WAIT_MS)
    assert console.rules.rules_of("north") == ()
    expect(page.locator("#rule-name")).to_have_value("bow tie")


def test_a_change_of_somebody_else_is_not_overwritten(page: Page, console: Console) -> None:
    page.click("#rule-new")
    page.click("#rule-suggest")
    page.fill("#rule-name", "mine")
    theirs = {"name": "theirs", "kind": "running"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.post(f"{console.address}/v1/rules/north", json=theirs, headers=headers).status_code == 201
    page.click("#rule-save")
    expect(page.locator("#rule-problem")).to_contain_text("somebody else changed", timeout=WAIT_MS)
    page.click("#rule-save")
    expect(page.locator("#rule-list .rule")).to_have_count(2, timeout=WAIT_MS)
    assert [rule.name for rule in console.rules.rules_of("north")] == ["theirs", "mine"]


def test_a_rule_is_renamed_switched_off_and_removed_after_a_question(page: Page, console: Console) -> None:
    page.click("#rule-new")
    page.click("#rule-suggest")
    page.fill("#rule-name", "gate")
    page.click("#rule-save")
    alert = Alert(
        alert_id(Source.RULE, "gate", 1), Source.RULE, "gate", "line_crossing", Severity.LOW, NOON_MS, "north",
        "willow", "one",
    )  # fmt: skip
    console.alerting.desk.take([alert])
    rule = page.locator("#rule-list .rule")
    rule.get_by_text("近期事件").click()
    expect(rule.locator(".strip figure")).to_have_count(1, timeout=WAIT_MS)
    rule.get_by_text("停用").click()
    page.click("#question-cancel")
    assert console.rules.rules_of("north")[0].enabled
    rule.get_by_text("停用").click()
    page.click("#question-yes")
    expect(rule).to_contain_text("off", timeout=WAIT_MS)
    rule.get_by_text("修改 Edit").click()
    page.fill("#rule-name", "east gate")
    page.click("#rule-save")
    expect(rule).to_contain_text("east gate", timeout=WAIT_MS)
    rule.get_by_text("修改 Edit").click()
    page.click("#rule-remove")
    page.click("#question-yes")
    expect(page.locator("#rule-empty")).to_be_visible(timeout=WAIT_MS)
    assert console.rules.rules_of("north") == ()


def test_without_a_picture_points_are_numbers_and_the_page_says_why(page: Page, console: Console) -> None:
    page.select_option("#rule-camera", "yard")
    expect(page.locator("#rule-taken")).to_contain_text("refused", timeout=WAIT_MS)
    page.click("#rule-new")
    page.click("#rule-by-number summary")
    for row, (x, y) in enumerate([(100, 900), (1800, 950)], start=1):
        page.click("#rule-point-more")
        page.fill(f"#rule-numbers li:nth-child({row}) input:nth-child(1)", str(x))
        page.fill(f"#rule-numbers li:nth-child({row}) input:nth-child(2)", str(y))
    page.fill("#rule-name", "fence")
    page.click("#rule-save")
    expect(page.locator("#message")).to_contain_text("Saved", timeout=WAIT_MS)
    assert console.rules.rules_of("yard")[0].points == ((100.0, 900.0), (1800.0, 950.0))
