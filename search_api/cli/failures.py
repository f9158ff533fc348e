"""What a failed command says: one line on stderr and an exit code, for every error there is.

2 is bad input (the line says how to mend it), 1 is our fault (the line says where the log is), 130 an interruption.
"""

import errno
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

BAD_INPUT = 2
OUR_FAULT = 1
INTERRUPTED = 130

_BY_NUMBER = {
    errno.ENOENT: "{path} does not exist",
    errno.EACCES: "{path}: no permission to use it",
    errno.EPERM: "{path}: no permission to use it",
    errno.EISDIR: "{path} is a folder, a file is wanted",
    errno.ENOTDIR: "{path} is not inside a folder",
    errno.EROFS: "{path} is on a read-only disk",
    errno.ENAMETOOLONG: "{path} is too long a name",
    errno.ENOSPC: "no room left on the disk{for_path}: free some and run the command again",
    errno.EDQUOT: "no room left in the disk quota{for_path}: free some and run the command again",
    errno.EADDRINUSE: "the port is taken by another program: choose another one",
    errno.EADDRNOTAVAIL: "this machine has no such address to listen at: choose another host",
}


def tell(error: BaseException) -> int:
    """Write the one line about `error` to stderr and return the exit code of the process."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else OUR_FAULT
    if isinstance(error, KeyboardInterrupt):
        _say("interrupted")
        return INTERRUPTED
    if os.environ.get("ZHIAN_DEBUG") == "1":
        traceback.print_exception(error)
    sentence = bad_input(error)
    if sentence is not None:
        if sentence:
            _say(sentence)
        return BAD_INPUT
    kept = _keep_traceback(error)
    _say(f"internal error ({type(error).__name__}: {error}); the log is {kept}")
    return OUR_FAULT


def bad_input(error: BaseException) -> str | None:
    """Return the sentence when the caller can mend it, None when the fault is ours."""
    from camera_adapters.errors import SourceError
    from models.errors import ModelError
    from pipeline.errors import PipelineError
    from search_api.errors import DoorError

    if isinstance(error, ModelError | SourceError | PipelineError | DoorError):
        return str(error) or type(error).__name__
    usage = getattr(error, "format_message", None)  # typer brings its own copy of click: known by its shape
    if usage is not None and getattr(error, "exit_code", None) == BAD_INPUT:
        return _usage_sentence(error, usage())
    return _system_sentence(error) if isinstance(error, OSError) else None


def _usage_sentence(error: BaseException, message: str) -> str:
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "zhian")
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(message + "\n")
        return ""
    return f"{message} (see `{command} --help`)"


def _system_sentence(error: OSError) -> str | None:
    sentence = _BY_NUMBER.get(error.errno or 0)
    if sentence is None:
        return None
    path = error.filename2 or error.filename
    if path is None and "{path}" in sentence:
        return None
    return sentence.format(path=path, for_path=f" of {path}" if path else "")


def _keep_traceback(error: BaseException) -> str:
    import platformdirs

    path = Path(os.environ.get("ZHIAN_LOG", platformdirs.user_log_path("zhian") / "zhian.log"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()} zhian {' '.join(sys.argv[1:2])}\n")
            log.writelines(traceback.format_exception(error))
    except OSError:
        return "not writable: run again with ZHIAN_DEBUG=1"
    return str(path)


def _say(sentence: str) -> None:
    lines = (" ".join(line.split()) for line in sentence.splitlines())
    sys.stderr.write(f"zhian: {'; '.join(filter(None, lines))}\n")
