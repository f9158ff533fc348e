"""Who gives a command, as the search log keeps it."""

import getpass


def caller() -> str:
    """Return the user of this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return "unknown user"
