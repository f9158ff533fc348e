"""The rules of all cameras of one process, shown the tracks as they come."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from pipeline.alerting.alert import Alert
from pipeline.alerting.rules.alerts import alert_of
from pipeline.alerting.rules.changed_rules import ChangedRules
from pipeline.alerting.rules.live import scene_of
from pipeline.alerting.rules.page import Page, RuleReport, reports_of
from pipeline.alerting.rules.rule_file import check_inside, read_rules
from pipeline.alerting.rules.settings import RuleSettings, check_names
from pipeline.analysis.tracking import Tracks
from pipeline.errors import BadRules, RulesChanged, UnknownCamera, UnknownRule
from pipeline.settings import Settings

Rules = tuple[RuleSettings, ...]
MOST_RULES = 256  # a camera


class RuleBook:
    """Rules of every camera; `observe` is for the analysis thread, the rest for any.

    A camera's rules are those of the site file until they are changed; `changed` keeps changes durably, None forgets
    them at the end. Whoever changes rules may say by their `mark` which ones were seen: RulesChanged when others stand.
    """

    def __init__(
        self,
        cameras: Sequence[Camera],
        rules: Mapping[str, Sequence[RuleSettings]],
        changed: ChangedRules | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._store = changed
        self._site = {camera.id: tuple(rules.get(camera.id, ())) for camera in cameras}
        self._changes = changed.read() if changed else {}
        self._pages = {camera.id: self._page(camera) for camera in cameras}

    def observe(self, frame: Frame, tracks: Tracks) -> list[Alert]:
        """Show the tracks of one analysed frame and return the alerts; frames of one camera come in order."""
        page = self._pages.get(frame.camera_id)
        if page is None or not page.settings:
            return []
        with self._lock:
            page = self._pages[frame.camera_id]
            if frame.source_size != page.size:
                page.fit(frame.source_size)
            if frame.session != page.session:
                page.session = frame.session
                page.rules.forget()
            events = page.rules.observe(scene_of(frame, tracks))
        named = {rule.name: rule for rule in page.settings}
        return [alert_of(e, named[e.rule], page.camera, frame.session) for e in events if e.notable]

    def rules_of(self, camera_id: str) -> Rules:
        """Return the rules of a camera; raises UnknownCamera."""
        return self._known(camera_id).settings

    def mark(self, camera_id: str) -> str:
        """Return 32 letters and digits that stand for the rules as they are now; raises UnknownCamera."""
        return _mark(self.rules_of(camera_id))

    def set_rules(self, camera_id: str, rules: Sequence[RuleSettings], mark: str | None = None) -> None:
        """Give a camera these rules from now on, in the place of all it had.

        Raises UnknownCamera, RulesChanged, BadRules when two have one name or one does not fit the picture (as far as
        one was seen), ArchiveError when they cannot be kept.
        """
        self._check_fit(camera_id, rules)
        self._change(camera_id, lambda _: tuple(rules), mark)

    def add_rule(
        self, camera_id: str, rule: RuleSettings, mark: str | None = None, *, replaces: str | None = None
    ) -> None:
        """Add a rule in the place of the one it `replaces`, without that of the one of its name.

        Raises UnknownRule when there is none to replace, and like `set_rules`.
        """
        self._check_fit(camera_id, [rule])
        old = rule.name if replaces is None else replaces

        def changed(rules: Rules) -> Rules:
            place = next((i for i, each in enumerate(rules) if each.name == old), None)
            if place is None and replaces is not None:
                raise UnknownRule(camera_id, replaces)
            return (*rules, rule) if place is None else (*rules[:place], rule, *rules[place + 1 :])

        self._change(camera_id, changed, mark)

    def remove_rule(self, camera_id: str, name: str, mark: str | None = None) -> None:
        """Remove one rule; raises UnknownCamera, UnknownRule, RulesChanged, ArchiveError."""

        def changed(rules: Rules) -> Rules:
            kept = tuple(each for each in rules if each.name != name)
            if len(kept) == len(rules):
                raise UnknownRule(camera_id, name)
            return kept

        self._change(camera_id, changed, mark)

    def restore(self, camera_id: str, mark: str | None = None) -> None:
        """Give a camera the rules of the site file again; raises UnknownCamera, RulesChanged, ArchiveError."""
        self._change(camera_id, lambda _: None, mark)

    def reports(self) -> list[RuleReport]:
        """Return every rule as it fares, camera by camera."""
        with self._lock:
            return [report for page in self._pages.values() for report in reports_of(page)]

    def _known(self, camera_id: str) -> Page:
        if camera_id not in self._pages:
            raise UnknownCamera([camera_id], sorted(self._pages))
        return self._pages[camera_id]

    def _check_fit(self, camera_id: str, rules: Sequence[RuleSettings]) -> None:
        size = self._known(camera_id).size
        if size is not None:
            check_inside(rules, size)

    def _change(self, camera_id: str, changed: Callable[[Rules], Rules | None], mark: str | None) -> None:
        """Keep the change first, so that what is answered is never lost, then put it to work. None: the site's."""
        self._known(camera_id)
        with self._lock:
            old = self._pages[camera_id]
            if mark is not None and mark != _mark(old.settings):
                raise RulesChanged(camera_id)
            rules = changed(old.settings)
            _check_together(rules or ())
            kept = {each: theirs for each, theirs in self._changes.items() if each != camera_id}
            if rules is not None:
                kept[camera_id] = rules
            if self._store is not None:
                self._store.write(kept)
            self._changes = kept
            self._pages[camera_id] = self._page(old.camera)
            self._pages[camera_id].take_over(old)

    def _page(self, camera: Camera) -> Page:
        changed = camera.id in self._changes
        return Page(camera, self._changes[camera.id] if changed else self._site[camera.id], changed)


def _mark(rules: Rules) -> str:
    text = "\n".join(rule.model_dump_json(by_alias=True) for rule in rules)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _check_together(rules: Rules) -> None:
    try:
        check_names(rules)
    except ValueError as error:
        raise BadRules(str(error)) from error
    if len(rules) > MOST_RULES:
        raise BadRules(f"a camera takes {MOST_RULES} rules at most: remove some")


def open_rule_book(settings: Settings) -> RuleBook:
    """Return the rules of the configuration, with the changes kept in the archive's folder; raises BadRules."""
    rules = {c.id: read_rules(c.rules_file) if c.rules_file else c.rules for c in settings.cameras}
    return RuleBook(settings.site[1], rules, ChangedRules(settings.archive.path))
