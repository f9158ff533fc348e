"""Who sits at this machine, as the search log names them."""

import getpass


def caller_name() -> str:
    """Return the name of the user of this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return "unknown user"
