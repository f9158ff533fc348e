"""Brings networks to this machine: from a mirror (folder or address), or from their makers' releases."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from models.card import ModelCard, Release, StoredFile
from models.conversion import official
from models.download import Download, Patience, Progress, download, new_client
from models.errors import FetchFailed, ModelCorrupt, ModelMissing
from models.store import OFFICIAL, ModelStore, sha256_of

PATIENT = Patience()
_LARGEST_BYTES = 1 << 30
_CHUNK = 1 << 20


def _silent(_name: str, _done: int, _total: int) -> None:
    return


def fetch(
    card: ModelCard,
    store: ModelStore,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
    patience: Patience = PATIENT,
) -> list[Path]:
    """Bring the card's files into the store, checked, and return where they lie.

    `mirror` is a folder or an http(s) address laid out like the store; None means ZHIAN_MODEL_MIRROR, else the makers'
    releases. Files that are here and right are not fetched again; a broken download goes on where it stopped.
    `progress` is told (file, bytes so far, bytes in all). Raises FetchFailed.
    """
    try:
        return list(store.path(card))
    except (ModelMissing, ModelCorrupt) as error:
        if card.bundled:
            raise FetchFailed(f"model {card.name} is bundled and cannot be fetched: install zhian again") from error
    mirror = mirror or os.environ.get("ZHIAN_MODEL_MIRROR") or None
    store.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(store.home / ".fetch.lock", timeout=0), new_client() as client:
            errand = _Errand(card, store, client, progress or _silent, patience)
            if mirror:
                errand.from_mirror(mirror)
            else:
                errand.from_releases()
    except Timeout as error:
        raise FetchFailed(f"another fetch is writing to {store.home}: wait until it is done") from error
    except OSError as error:
        raise FetchFailed(f"{store.home} cannot be written: {error.strerror or error}") from error
    return list(store.path(card))


@dataclass(frozen=True, slots=True)
class _Errand:
    card: ModelCard
    store: ModelStore
    client: httpx.Client
    progress: Progress
    patience: Patience

    def from_mirror(self, mirror: str) -> None:
        remote = mirror.startswith(("http://", "https://"))
        for file in self.card.files:
            target = self.store.place(self.card, file)
            if target.is_file() and sha256_of(target) == file.sha256:
                continue
            part = target.with_name(f"{target.name}.part")
            if remote:
                self._download(f"{mirror.rstrip('/')}/{file.path}", part, f"sha256:{file.sha256}", file.size_bytes)
            else:
                self._copy(Path(mirror), file, part)
            _settle(part, target)
            self.store.stamp(target, file.sha256)

    def from_releases(self) -> None:
        failures = []
        for release in self.card.releases:
            try:
                self._from_release(release)
            except (FetchFailed, ModelCorrupt) as error:
                failures.append(str(error))
            else:
                return
        reasons = "; ".join(failures) or "it has no official source"
        raise FetchFailed(f"model {self.card.name}: {reasons}; `--mirror` takes a folder or address that has it")

    def _from_release(self, release: Release) -> None:
        folder = self.store.home / "arriving" / self.card.name
        arrived = []
        for source in release.files:
            part = folder / f"{source.url.rpartition('/')[2]}.part"
            if source.checksum is None:
                # Nothing would tell if the old part came from another version.
                part.unlink(missing_ok=True)
            self._download(source.url, part, source.checksum, _LARGEST_BYTES)
            arrived.append(_settle(part, part.with_name(part.name.removesuffix(".part"))))
        contents = official.store_files(self.card, release.arrival, arrived)
        for file, content in zip(self.card.files, contents, strict=True):
            target = self.store.place(self.card, file)
            part = target.with_name(f"{target.name}.part")
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            _settle(part, target)
            self.store.stamp(target, hashlib.sha256(content).hexdigest(), OFFICIAL)
        shutil.rmtree(folder)

    def _download(self, url: str, part: Path, checksum: str | None, limit: int) -> None:
        resumed = part.exists()
        wanted = Download(url, part, limit, self.progress)
        download(self.client, wanted, self.patience)
        if _matches(part, checksum):
            return
        part.unlink()
        if not resumed:
            raise FetchFailed(f"{url} is not the file of model {self.card.name}: its checksum differs")
        # The old part may have been of another file: once more from the start.
        download(self.client, wanted, self.patience)
        if not _matches(part, checksum):
            part.unlink()
            raise FetchFailed(f"{url} is not the file of model {self.card.name}: its checksum differs")

    def _copy(self, mirror: Path, file: StoredFile, part: Path) -> None:
        source = mirror / file.path
        if not source.is_file():
            raise FetchFailed(f"the mirror {mirror} has no {file.path}")
        part.parent.mkdir(parents=True, exist_ok=True)
        total, done = source.stat().st_size, 0
        with source.open("rb") as read, part.open("wb") as written:
            while chunk := read.read(_CHUNK):
                written.write(chunk)
                done += len(chunk)
                self.progress(source.name, done, total)
        if sha256_of(part) != file.sha256:
            part.unlink()
            raise FetchFailed(f"{source} is not the file of model {self.card.name}: its sha256 differs")


def _matches(path: Path, checksum: str | None) -> bool:
    if checksum is None:
        return True
    algorithm, _, wanted = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == wanted


def _settle(part: Path, target: Path) -> Path:
    """Give a whole file its name; after a power cut there is either the whole file or none."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    return part.replace(target)
