"""What can go wrong between a client and a zhian.

ClientError
├── Unreachable        nobody answered, or not in time
└── ProblemReply       the server refused, and said why (RFC 9457)
"""


class ClientError(Exception):
    """Root of the client's errors."""


class Unreachable(ClientError):
    """Nobody answered, or not in time."""


class ProblemReply(ClientError):
    """The server refused: `status` is HTTP's, `slug` the last part of the problem's type, the message its detail."""

    def __init__(self, status: int, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
