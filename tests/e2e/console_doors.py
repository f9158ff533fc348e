"""What tests of the console share: a browser, a console with everything behind it, and entering it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status
from pipeline.alerting.care import CareRegister
from pipeline.alerting.rules.book import RuleBook
from pipeline.alerting.rules.changed_rules import ChangedRules
from pipeline.alerting.service import Alerting
from pipeline.alerting.watches import WatchBook
from pipeline.stills import Stills
from search_api.access import Callers
from search_api.app import create_app
from search_api.care_service import CareService
from search_api.serving import Serving, address_of, listen
from search_api.watch_service import WatchService
from tests.servers.doors import NOON_MS, TOKEN, Report, State, service_over, small_archive

WAIT_MS = 20_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]
PICTURE_SIZE = (640, 360)
GATE, YARD = Camera("north", "x", "willow", "n", "North gate"), Camera("yard", "y", "willow", "", "Yard")


# Every text that is shown whose contrast (WCAG 2) against the nearest opaque colour behind it is under 4.5.
CONTRAST = """() => {
  const parsed = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, a } = parsed(getComputedStyle(at).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const faults = [];
  for (const element of document.querySelectorAll("body *:not(script, option, svg *)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [one, other] = [light(parsed(getComputedStyle(element).color).rgb), light(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faults.push(`${element.textContent.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faults;
}"""


@contextmanager
def started_browser(chromium: str) -> Iterator[Browser]:
    """Run a browser."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@dataclass
class Console:
    """A running console: its address, and what stands behind its doors."""

    address: str
    alerting: Alerting
    rules: RuleBook
    care: CareService
    now_ms: list[int]


@contextmanager
def served(folder: Path, alerting: Alerting) -> Iterator[Console]:
    """Serve the console of a zhian with everything: the north gate shows a picture, the yard is down."""
    search = service_over(small_archive())
    search.cameras = lambda: [  # type: ignore[assignment, return-value]
        Report(GATE, State(Status.CONNECTING)),  # of a live camera the next picture is waited for
        Report(YARD, State(Status.BACKING_OFF, "refused", "nobody listens at rtsp://***@10.0.0.7/main", NOON_MS)),
    ]
    now_ms = [NOON_MS + 7_200_000]
    search.now_ms = lambda: now_ms[0]
    rules, stills = RuleBook([GATE, YARD], {}, ChangedRules(folder)), Stills()
    care = CareService(search, CareRegister(alerting.engine))
    width, height = PICTURE_SIZE
    picture = np.full((height, width, 3), 90, np.uint8)
    cv2.rectangle(picture, (200, 100), (400, 300), (40, 120, 40), -1)
    stills.show(Frame("north", "s", 0, NOON_MS, picture, PICTURE_SIZE, lambda: picture))
    bound = listen("127.0.0.1", 0)
    app = create_app(
        search,
        Callers.of(day=TOKEN),
        alerting,
        rule_book=rules,
        watch_service=WatchService(search, WatchBook(alerting.engine)),
        care_service=care,
        camera_stills=stills,
    )
    with Serving(app, bound):
        yield Console(address_of(bound), alerting, rules, care, now_ms)
        alerting.hub.close()


def entered(browser: Browser, address: str, width: int = 1280) -> Iterator[Page]:
    """Open the door; a script error or a request that leaves this machine fails the test."""
    opened = browser.new_page(viewport={"width": width, "height": 800}, has_touch=width < 500)
    opened.set_default_timeout(WAIT_MS)
    opened.add_init_script("localStorage['zhian-language'] ??= 'both'")  # so that tests may look for either
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda asked: faults.append(asked.url) if not _ours(asked.url, address) else None)
    opened.goto(address)
    opened.fill("#token", TOKEN)
    opened.click("#door button")
    opened.wait_for_selector("#page-search", state="visible")
    yield opened
    opened.close()
    assert not faults


def choose(page: Page, folder: Path, *pictures: bytes) -> None:
    """Choose photos for a search, and say what it is for."""
    for number, picture in enumerate(pictures):
        (folder / f"{number}.png").write_bytes(picture)
    page.set_input_files("#photo", [folder / f"{number}.png" for number in range(len(pictures))])
    page.fill("#reason", "case 7")


def _ours(url: str, address: str) -> bool:
    return url.startswith((address, "blob:", "data:"))


def unreadable(page: Page) -> list[str]:
    """Return the texts on a page whose contrast is under 4.5, and how wide it is when that is more than the screen."""
    faults: list[str] = page.evaluate(CONTRAST)
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return faults if wide <= screen else [*faults, f"{wide} pixels wide on a screen of {screen}"]
