"""Where networks lie on this machine, and the check that they are what their card says."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from models.card import ModelCard, StoredFile
from models.errors import ModelCorrupt, ModelMissing

_BUNDLED = Path(__file__).parent / "weights"
_CHUNK = 1 << 20
OFFICIAL = "official"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What was found when a file was last hashed.

    It holds as long as size and time of change stay the same. `origin` is "official" for a file that came from its
    makers' own release and passed the card's probe: its bytes differ from the mirror's, so its own sha256 counts.
    """

    size: int
    mtime_ns: int
    sha256: str
    origin: str = ""


class ModelStore:
    """Fetched networks in one folder, laid out like a mirror, so that it can serve as one; bundled ones in the package.

    `home` defaults to ZHIAN_MODELS_HOME, else to the user's cache folder.
    """

    def __init__(self, home: Path | None = None) -> None:
        named = os.environ.get("ZHIAN_MODELS_HOME")
        self.home = home or (Path(named) if named else Path(platformdirs.user_cache_dir("zhian")) / "models")

    def path(self, card: ModelCard) -> tuple[Path, ...]:
        """Return the card's files, the network first, each checked against its sha256 (once until it changes).

        A card without files gives (). Raises ModelMissing or ModelCorrupt.
        """
        return tuple(self._checked(card, file, again=False) for file in card.files)

    def verify(self, card: ModelCard) -> None:
        """Hash the card's files again, whatever was found before; raises ModelMissing or ModelCorrupt."""
        for file in card.files:
            self._checked(card, file, again=True)

    def has(self, card: ModelCard) -> bool:
        """Tell whether every file of the card is here; says nothing of what is in them."""
        return all(self.place(card, file).is_file() for file in card.files)

    def place(self, card: ModelCard, file: StoredFile) -> Path:
        """Return where the file lies or would lie."""
        return (_BUNDLED if card.bundled else self.home) / file.path

    def stamp(self, path: Path, sha256: str, origin: str = "") -> None:
        """Remember that `path` was hashed just now."""
        state = path.stat()
        written = json.dumps(asdict(Stamp(state.st_size, state.st_mtime_ns, sha256, origin)))
        beside = _stamp_path(path)
        half = beside.with_name(f"{beside.name}.{os.getpid()}")
        half.write_text(written, "utf-8")
        half.replace(beside)

    def _checked(self, card: ModelCard, file: StoredFile, *, again: bool) -> Path:
        path = self.place(card, file)
        if not path.is_file():
            raise ModelMissing(card.name)
        stamp = None if card.bundled else _read_stamp(path)
        if stamp and not again and _unchanged(path, stamp) and _accepted(stamp.sha256, file, stamp):
            return path
        found = sha256_of(path)
        if not _accepted(found, file, stamp):
            raise ModelCorrupt(_corrupt(card, path))
        if not card.bundled:
            self._stamp_if_possible(path, found, stamp.origin if stamp else "")
        return path

    def _stamp_if_possible(self, path: Path, sha256: str, origin: str) -> None:
        try:
            self.stamp(path, sha256, origin)
        except OSError:
            # A store on a read-only disk works; it is hashed at every start.
            return


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _corrupt(card: ModelCard, path: Path) -> str:
    if card.bundled:
        return f"the bundled file {path} of model {card.name} is damaged: install zhian again"
    return f"{path} is not the file that model {card.name} needs (sha256): run `zhian models fetch {card.name}`"


def _accepted(found: str, file: StoredFile, stamp: Stamp | None) -> bool:
    official = stamp is not None and stamp.origin == OFFICIAL and stamp.sha256 == found
    return official or found == file.sha256


def _unchanged(path: Path, stamp: Stamp) -> bool:
    state = path.stat()
    return (state.st_size, state.st_mtime_ns) == (stamp.size, stamp.mtime_ns)


def _stamp_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.stamp")


def _read_stamp(path: Path) -> Stamp | None:
    try:
        return Stamp(**json.loads(_stamp_path(path).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
