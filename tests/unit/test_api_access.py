"""Tokens: minted once, kept as hashes, readable by the owner only."""

import hashlib
import stat
from pathlib import Path

import pytest

from search_api.access import Callers, open_callers, read_callers
from search_api.errors import BadInput


def test_first_start_mints_one_token_and_the_second_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "api-tokens"
    callers, token = open_callers(path)
    assert token is not None and len(token) >= 40
    assert callers.name_of(token) == "operator"
    again, shown = open_callers(path)
    assert shown is None
    assert again.name_of(token) == "operator"


def test_the_file_is_private_and_does_not_hold_the_token(tmp_path: Path) -> None:
    path = tmp_path / "api-tokens"
    _, token = open_callers(path)
    assert token is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token not in path.read_text()
    assert hashlib.sha256(token.encode()).hexdigest() in path.read_text()


def test_two_first_starts_draw_two_tokens(tmp_path: Path) -> None:
    _, one = open_callers(tmp_path / "a")
    _, two = open_callers(tmp_path / "b")
    assert one != two


def test_callers_with_plain_and_hashed_tokens(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    digest = hashlib.sha256(b"the night shift's token").hexdigest()
    path.write_text(f"# people\nday {'d' * 16}  # plain\n\nnight sha256:{digest.upper()}\n")
    callers = read_callers(path)
    assert callers.name_of("d" * 16) == "day"
    assert callers.name_of("the night shift's token") == "night"
    assert callers.name_of("") is None
    assert callers.name_of(digest) is None, "the hash itself opens nothing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("operator short\n", ":1: the token is shorter"),
        ("# x\noperator\n", ":2: expected one"),
        ("a sha256:12\n", ":1: sha256: wants 64"),
        (f"a {'x' * 16}\na {'y' * 16}\n", ":2: expected one"),
        ("# nobody\n", "names no caller"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        open_callers(path)


def test_tokens_stay_out_of_the_repr() -> None:
    assert "secret" not in repr(Callers.of(operator="secret-secret-secret"))
    assert hashlib.sha256(b"secret-secret-secret").hexdigest() not in repr(Callers.of(operator="secret-secret-secret"))
