"""A Python client of the HTTP API: `with Client("http://127.0.0.1:8420", token) as zhian: zhian.search(...)`."""

from search_api.client.client import Client
from search_api.client.errors import ClientError, ProblemReply, Unreachable

__all__ = ["Client", "ClientError", "ProblemReply", "Unreachable"]
