"""What people see: results on stdout, everything else on stderr; bars only in a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


def results() -> "Console":
    """Return the console of stdout; piped text is never wrapped."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def remarks() -> "Console":
    """Return the console of stderr: progress, warnings, what was chosen."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress_bar(what: str) -> Iterator["Progress"]:
    """Show bars on stderr while the block runs, only in a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = remarks()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        bars.add_task(what, total=None)
        yield bars


def remark(text: str) -> None:
    """Write one line to stderr."""
    remarks().print(text, markup=False)


@contextmanager
def download_bar(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar in bytes on stderr, only in a terminal; yields what to tell: file, bytes so far, bytes in all."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = remarks()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda file, done, total: bars.update(task, description=f"{what} {file}", completed=done, total=total)
