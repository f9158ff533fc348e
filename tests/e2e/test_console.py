"""The console as people use it: a real browser against a real server, nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pipeline.alerting.alert import Alert, Severity, Source, alert_id
from pipeline.alerting.service import Alerting, open_alerting
from pipeline.alerting.subscriptions.terms import Channel, Terms
from pipeline.alerting.watches import WatchBook
from search_api.access import Callers
from search_api.app import create_app
from search_api.serving import Serving, address_of, listen
from search_api.watch_service import WatchService
from tests.e2e.console_doors import WAIT_MS, choose, entered, unreadable
from tests.servers.doors import BLUE, GREEN, NOON_MS, RED, TOKEN, photo, service_over, small_archive


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    bound = listen("127.0.0.1", 0)
    with Serving(create_app(service_over(small_archive()), Callers.of(day=TOKEN)), bound):
        yield address_of(bound)


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = open_alerting(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def alert_page(browser: Browser, alerting: Alerting) -> Iterator[Page]:
    """The console of a zhian with alerting."""
    bound = listen("127.0.0.1", 0)
    search = service_over(small_archive())
    watches = WatchService(search, WatchBook(alerting.engine))
    app = create_app(search, Callers.of(day=TOKEN), alerting, watch_service=watches)
    with Serving(app, bound):
        yield from entered(browser, address_of(bound))
        alerting.hub.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The console of a zhian that only searches."""
    yield from entered(browser, address)


def first_hit(page: Page, folder: Path) -> Locator:
    """Search for the one in red; return the card of the best hit, which shows her."""
    choose(page, folder, photo(RED))
    page.click("#go")
    first = page.locator("#hits > li").first
    expect(first).to_contain_text("red", timeout=WAIT_MS)
    return first


def test_a_wrong_token_stays_outside(browser: Browser, address: str) -> None:
    opened = browser.new_page()
    opened.goto(address)
    opened.fill("#token", "some-other-token-entirely")
    opened.click("#door button")
    expect(opened.locator("#message")).to_contain_text("not valid", timeout=WAIT_MS)
    expect(opened.locator("#page-search")).to_be_hidden()
    opened.close()


def test_the_one_who_is_clicked_is_found_first(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, photo(GREEN, RED))
    page.click("#go")
    page.locator(".stage button").nth(1).click()
    hits = page.locator("#hits > li")
    expect(hits.first).to_contain_text("North gate", timeout=WAIT_MS)
    expect(hits.first).to_contain_text("red")
    expect(hits.first.locator("img").first).to_have_attribute("src", re.compile("^blob:"))


def test_several_photos_of_one_person_are_one_question(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, photo(RED), photo(RED, size=(220, 320)))
    page.click("#go")
    expect(page.locator("#hits > li").first).to_contain_text("red", timeout=WAIT_MS)
    assert page.locator(".stage i").count() == 2


def test_words_are_explained_and_marked_on_the_hits(page: Page) -> None:
    page.fill("#words", "红色上衣 zzz")
    page.fill("#reason", "case 7")
    page.click("#go")
    expect(page.locator("#understood")).to_contain_text("zzz", timeout=WAIT_MS)
    expect(page.locator("#hits > li .agree").first).to_contain_text("上衣")
    expect(page.locator("#hits > li .disagree").first).to_contain_text("上衣 top: 绿 green")


def test_a_rejected_hit_is_gone_from_the_next_search(page: Page, tmp_path: Path) -> None:
    first = first_hit(page, tmp_path)
    before = page.locator("#hits > li").count()
    first.get_by_text("不是 No").click()
    page.get_by_text("据此再检索").click()
    expect(page.locator("#hits > li")).to_have_count(before - 1, timeout=WAIT_MS)
    expect(page.locator("#hits")).not_to_contain_text("red")


def test_another_photo_is_another_question(page: Page, tmp_path: Path) -> None:
    first_hit(page, tmp_path).get_by_text("是 Yes").click()
    expect(page.locator("#next")).to_be_visible()
    (tmp_path / "other").mkdir()
    choose(page, tmp_path / "other", photo(GREEN))
    expect(page.locator("#next")).to_be_hidden()


def test_a_confirmed_hit_is_kept_for_a_case(page: Page, tmp_path: Path) -> None:
    first_hit(page, tmp_path).get_by_text("是 Yes").click()
    page.locator("#next").get_by_text("留存 Keep").click()
    page.fill("#case", "2026-114")
    page.locator("#large").get_by_text("留存 Keep", exact=True).click()
    expect(page.locator("#message")).to_contain_text("1 sightings are kept for 2026-114", timeout=WAIT_MS)
    page.click("nav a[href='#log']")
    expect(page.locator("#log-table")).to_contain_text("2026-114", timeout=WAIT_MS)


def test_a_picture_is_enlarged_and_coverage_is_one_line(page: Page, tmp_path: Path) -> None:
    first = first_hit(page, tmp_path)
    expect(first.locator("img").first).to_have_attribute("src", re.compile("^blob:"), timeout=WAIT_MS)
    expect(page.locator("#coverage summary.lacking")).to_contain_text("no record of what was watched")
    expect(page.locator("#coverage p")).to_be_hidden()
    first.locator(".shot img").click()
    expect(page.locator("#large img")).to_be_visible()
    page.locator("#large").get_by_text("关闭 Close").click()
    expect(page.locator("#large")).to_be_hidden()


def test_a_community_and_cameras_by_name_narrow_the_search(page: Page) -> None:
    page.click("#camera-choice > summary")
    expect(page.locator("#cameras label")).to_have_count(2, timeout=WAIT_MS)
    page.fill("#camera-filter", "sou")
    expect(page.locator("#cameras label")).to_have_count(1)
    page.fill("#camera-filter", "")
    page.select_option("#community", label="Willow Garden")
    expect(page.locator("#camera-count")).to_have_text("Willow Garden")
    page.fill("#words", "red coat")
    page.fill("#reason", "case 7")
    page.click("#go")
    expect(page.locator("#hits > li").first).to_contain_text("North gate", timeout=WAIT_MS)
    expect(page.locator("#hits")).not_to_contain_text("south")


def test_a_span_of_time_is_one_press_and_the_hits_can_be_printed(page: Page, tmp_path: Path) -> None:
    page.locator("#spans").get_by_text("昨天 yesterday").click()
    expect(page.locator("#from")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\dT00:00$"))
    expect(page.locator("#to")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\dT00:00$"))
    page.locator("#spans").get_by_text("近 1 小时").click()
    expect(page.locator("#to")).to_have_value("")
    page.locator("#spans").get_by_text("不限 any time").click()
    expect(page.locator("#from")).to_have_value("")
    choose(page, tmp_path, photo(RED))
    page.click("#go")
    expect(page.locator("#sheet-facts")).to_contain_text("case 7", timeout=WAIT_MS)
    page.emulate_media(media="print")
    expect(page.locator("#page-search")).to_be_hidden()
    expect(page.locator("#hits > li").first).to_be_visible()
    expect(page.locator("#hits .acts").first).to_be_hidden()


def test_a_part_of_a_cameras_picture_narrows_the_search(page: Page) -> None:
    page.fill("#words", "red coat")
    page.fill("#reason", "case 7")
    page.click("#camera-choice > summary")
    page.get_by_label("North gate").check(timeout=WAIT_MS)
    page.click("#zone-choice summary")
    stage = page.locator(".zone-picture.blank svg")  # nobody has taken a picture of this camera
    expect(stage).to_be_visible(timeout=WAIT_MS)
    drawn = stage.bounding_box()
    assert drawn is not None
    page.mouse.move(drawn["x"] + 0.6 * drawn["width"], drawn["y"] + 2)
    page.mouse.down()
    page.mouse.move(drawn["x"] + drawn["width"], drawn["y"] + drawn["height"], steps=3)
    page.mouse.up()
    expect(page.locator("#zone-said")).to_contain_text("60 %")
    page.click("#go")
    expect(page.locator("#message")).to_contain_text("Nothing", timeout=WAIT_MS)
    page.locator("#zone-stage").get_by_text("清除 Clear").click()
    page.click("#go")
    expect(page.locator("#hits > li")).to_have_count(2, timeout=WAIT_MS)


def test_a_confirmed_hit_has_a_route_on_a_map(page: Page, tmp_path: Path) -> None:
    first = first_hit(page, tmp_path)
    first.get_by_text("是 Yes", exact=False).first.click()
    page.get_by_text("看路线").click()
    route = page.locator("#route")
    expect(route.locator("svg.map .stop").first).to_be_visible(timeout=WAIT_MS)
    expect(route.locator(".stops")).to_contain_text("North gate")
    expect(route.locator("svg.map .suggestion")).not_to_have_count(0)
    expect(route.locator(".coverage")).to_contain_text("无记录")
    page.screenshot(path=tmp_path / "route.png", full_page=True)
    with page.expect_download() as saved:
        route.get_by_text("GeoJSON").click()
    assert '"FeatureCollection"' in Path(saved.value.path()).read_text("utf-8")


def test_an_empty_question_is_refused_in_words(page: Page) -> None:
    page.fill("#reason", "case 7")
    page.click("#go")
    expect(page.locator("#message")).to_contain_text("Choose a photo", timeout=WAIT_MS)


def test_nobody_in_the_photo_says_what_to_do(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, photo())
    page.click("#go")
    expect(page.locator("#message.bad")).to_contain_text("no person found", timeout=WAIT_MS)


def test_cameras_and_search_log_have_pages(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, photo(BLUE))
    page.click("#go")
    page.wait_for_selector("#hits > li")
    page.click("nav a[href='#cameras']")
    expect(page.locator("#camera-table")).to_contain_text("live", timeout=WAIT_MS)
    expect(page.locator("#camera-table")).to_contain_text("south")
    page.click("nav a[href='#log']")
    expect(page.locator("#log-table")).to_contain_text("case 7", timeout=WAIT_MS)
    expect(page.locator("#page-search")).to_be_hidden()


def test_a_zhian_without_alerting_offers_no_incidents(page: Page) -> None:
    expect(page.locator("nav a[href='#incidents']")).to_be_hidden(timeout=WAIT_MS)


def test_a_page_that_is_not_offered_leads_to_the_search(page: Page, address: str) -> None:
    page.locator("nav a[href='#cameras']").click()
    expect(page.locator("#page-search")).to_be_hidden(timeout=WAIT_MS)
    page.goto(f"{address}/#rules")
    expect(page.locator("#page-search")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("#page-rules")).to_be_hidden()
    expect(page.locator("#message")).to_be_empty()


def test_an_incident_appears_by_itself_and_is_closed_with_its_outcome(alert_page: Page, alerting: Alerting) -> None:
    alert_page.click("nav a[href='#incidents']")
    expect(alert_page.locator("#incident-none")).to_be_visible(timeout=WAIT_MS)
    name = alert_id(Source.RULE, "yard", 1)
    alerting.desk.take(
        [Alert(name, Source.RULE, "yard", "intrusion", Severity.HIGH, NOON_MS, "north", "willow", "person 1")]
    )
    incident = alert_page.locator("#incident-list > li").first
    expect(incident).to_contain_text("区域入侵", timeout=WAIT_MS)
    expect(incident).to_contain_text("North gate")
    incident.get_by_text("确认 Acknowledge").click()
    expect(incident).to_contain_text("acknowledged", timeout=WAIT_MS)
    incident.get_by_text("经过 Timeline").click()
    expect(incident.locator(".story")).to_contain_text("day", timeout=WAIT_MS)
    incident.get_by_text("误报").click()
    alert_page.click("#question-cancel")
    incident.get_by_text("误报").click()
    alert_page.fill("#question-reason", "a cat")
    alert_page.click("#question-yes")
    expect(alert_page.locator("#incident-none")).to_be_visible(timeout=WAIT_MS)
    alert_page.select_option("#incident-state", "closed")
    expect(alert_page.locator("#incident-list > li").first).to_contain_text("误报", timeout=WAIT_MS)


def test_every_word_can_be_read_against_what_is_behind_it(alert_page: Page, alerting: Alerting) -> None:
    name = alert_id(Source.RULE, "yard", 1)
    alerting.desk.take(
        [Alert(name, Source.RULE, "yard", "intrusion", Severity.CRITICAL, NOON_MS, "north", "willow", "person 1")]
    )
    alerting.book.add(Terms(name="wall", channel=Channel.STREAM), "day")
    for page_name, shown in (("incidents", "#incident-list > li"), ("watches", "#watch-none"), ("cameras", "td"),
                             ("subscriptions", "#subscription-list > li"), ("search", "#ask")):  # fmt: skip
        alert_page.click(f"nav a[href='#{page_name}']")
        alert_page.locator(shown).first.wait_for(state="visible")
        assert unreadable(alert_page) == [], page_name


def test_a_confirmed_hit_becomes_a_watch_with_a_budget_and_is_withdrawn(alert_page: Page, tmp_path: Path) -> None:
    first = first_hit(alert_page, tmp_path)
    first.get_by_text("是 Yes").click()
    alert_page.locator("#next").get_by_text("布控 Watch").click()
    expect(alert_page.locator("#watch-sightings")).to_contain_text("1")
    alert_page.fill("#watch-expires", "2026-05-08T12:00")
    alert_page.fill("#watch-name", "grandmother")
    alert_page.locator("#watch-ask button.strong").click()
    watch = alert_page.locator("#watch-list > li").first
    expect(watch).to_contain_text("grandmother", timeout=WAIT_MS)
    expect(watch).to_contain_text("case 7")
    watch.get_by_text("误报预算").click()
    expect(watch.locator("img.curve")).to_have_attribute("src", re.compile("^blob:"), timeout=WAIT_MS)
    watch.get_by_text("命中 Hits").click()
    expect(watch).to_contain_text("Nothing yet", timeout=WAIT_MS)
    watch.get_by_text("撤销 Withdraw").click()
    alert_page.fill("#question-reason", "found at home")
    alert_page.click("#question-yes")
    expect(watch).to_contain_text("withdrawn", timeout=WAIT_MS)


def test_a_watch_that_cannot_be_says_why_in_its_form(alert_page: Page) -> None:
    alert_page.click("nav a[href='#watches']")
    alert_page.click("#watch-new")
    alert_page.fill("#watch-reason", "case 7")
    alert_page.fill("#watch-expires", "2026-04-01T12:00")
    alert_page.locator("#watch-ask button.strong").click()
    expect(alert_page.locator("#watch-problem")).not_to_be_empty(timeout=WAIT_MS)
    alert_page.click("#watch-cancel")
    expect(alert_page.locator("#watch-form")).to_be_hidden()
