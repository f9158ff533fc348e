"""The API's calls, typed: what goes in is Python's, what comes out are the models of the wire."""

from search_api.client.alerting import Alerting
from search_api.client.searching import Searching


class Client(Searching, Alerting):
    """A zhian's HTTP API. Every call raises Unreachable or ProblemReply."""
