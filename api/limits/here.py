"""What only the machine's own people are shown: to anyone else it is as if it were not there."""

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from api.limits.edge import is_loopback, name_of

_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
"""What a proxy says of a request that it passes on; no client on loopback has to say it."""


def is_from_here(scope: Scope) -> bool:
    """Say whether a request comes from this machine, by a name of loopback, through no proxy.

    The name keeps out pages of other sites (DNS rebinding), the rest whom a proxy stands for.
    """
    headers, client = Headers(scope=scope), scope.get("client")
    return (
        client is not None
        and is_loopback(client[0])
        and is_loopback(name_of(headers.get("host", "")))
        and not any(name in headers for name in _PASSED_ON)
    )


class RouteFromHere(APIRoute):
    """A route that is there for requests from this machine, and for no others."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether it is what was asked for, by whom that is asked."""
        return super().matches(scope) if is_from_here(scope) else (Match.NONE, {})
