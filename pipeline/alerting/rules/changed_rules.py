"""Rules that were changed while zhian ran: one JSON file, written whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.alerting.rules.rule_file import check_rules
from pipeline.alerting.rules.settings import RuleSettings
from pipeline.archive.durable import sync_folder, write_file
from pipeline.errors import ArchiveError, BadRules

FILE = "rules.json"


@dataclass(frozen=True, slots=True)
class ChangedRules:
    """The rules by camera that take the place of those of the site file, in `folder`/rules.json."""

    folder: Path

    def read(self) -> dict[str, tuple[RuleSettings, ...]]:
        """Return the changed rules of each camera, also a camera's lack of rules; raises BadRules."""
        path = self.folder / FILE
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return {camera: check_rules({"rules": rules}) if rules else () for camera, rules in stored.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, BadRules) as error:
            raise BadRules(f"{path} cannot be used ({error}): mend it, or remove it to use the site's rules") from error

    def write(self, changed: Mapping[str, Sequence[RuleSettings]]) -> None:
        """Keep them durably; raises ArchiveError."""
        stored = {
            camera: [rule.model_dump(mode="json", by_alias=True, exclude_unset=True) for rule in rules]
            for camera, rules in changed.items()
        }
        try:
            write_file(self.folder / FILE, json.dumps(stored, ensure_ascii=False, indent=1).encode())
            sync_folder(self.folder)
        except OSError as error:
            raise ArchiveError(f"the changed rules cannot be kept: {error.strerror}") from error
