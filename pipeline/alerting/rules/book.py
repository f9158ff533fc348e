"""The rules of all cameras of one process, shown the tracks as they come."""

import threading
from collections.abc import Mapping, Sequence

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
from pipeline.errors import BadRules, UnknownCamera, UnknownRule
from pipeline.settings import Settings


class RuleBook:
    """Rules of every camera; `observe` is for the analysis thread, the rest for any.

    A camera's rules are those of the site file until they are changed; `changed` keeps changes durably, None forgets
    them at the end.
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

    def rules_of(self, camera_id: str) -> tuple[RuleSettings, ...]:
        """Return the rules of a camera; raises UnknownCamera."""
        return self._known(camera_id).settings

    def set_rules(self, camera_id: str, rules: Sequence[RuleSettings]) -> None:
        """Give a camera these rules from now on, in the place of all it had.

        Raises UnknownCamera, BadRules when two have one name or one does not fit the picture (as far as one was seen),
        ArchiveError when they cannot be kept.
        """
        size = self._known(camera_id).size
        if size is not None:
            check_inside(rules, size)
        try:
            check_names(rules)
        except ValueError as error:
            raise BadRules(str(error)) from error
        self._change({camera_id: tuple(rules)})

    def add_rule(self, camera_id: str, rule: RuleSettings) -> None:
        """Add a rule, or replace the one of its name; raises like `set_rules`."""
        kept = [each for each in self.rules_of(camera_id) if each.name != rule.name]
        self.set_rules(camera_id, [*kept, rule])

    def remove_rule(self, camera_id: str, name: str) -> None:
        """Remove one rule; raises UnknownCamera, UnknownRule, ArchiveError."""
        kept = [each for each in self.rules_of(camera_id) if each.name != name]
        if len(kept) == len(self.rules_of(camera_id)):
            raise UnknownRule(camera_id, name)
        self._change({camera_id: tuple(kept)})

    def restore(self, camera_id: str) -> None:
        """Give a camera the rules of the site file again; raises UnknownCamera, ArchiveError."""
        self._known(camera_id)
        self._change({camera_id: None})

    def reports(self) -> list[RuleReport]:
        """Return every rule as it fares, camera by camera."""
        with self._lock:
            return [report for page in self._pages.values() for report in reports_of(page)]

    def _known(self, camera_id: str) -> Page:
        if camera_id not in self._pages:
            raise UnknownCamera([camera_id], sorted(self._pages))
        return self._pages[camera_id]

    def _change(self, changes: Mapping[str, tuple[RuleSettings, ...] | None]) -> None:
        """Keep the changes first, so that what is answered is never lost, then put them to work."""
        with self._lock:
            merged = {**self._changes, **changes}
            kept = {camera_id: rules for camera_id, rules in merged.items() if rules is not None}
            if self._store is not None:
                self._store.write(kept)
            self._changes = kept
            for camera_id in changes:
                old = self._pages[camera_id]
                self._pages[camera_id] = self._page(old.camera)
                self._pages[camera_id].take_over(old)

    def _page(self, camera: Camera) -> Page:
        changed = camera.id in self._changes
        return Page(camera, self._changes[camera.id] if changed else self._site[camera.id], changed)


def open_rule_book(settings: Settings) -> RuleBook:
    """Return the rules of the configuration, with the changes kept in the archive's folder; raises BadRules."""
    rules = {c.id: read_rules(c.rules_file) if c.rules_file else c.rules for c in settings.cameras}
    return RuleBook(settings.site[1], rules, ChangedRules(settings.archive.path))
