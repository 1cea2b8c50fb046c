"""What is at a path, and what is near one at which nothing is."""

from difflib import get_close_matches

from starlette.routing import Match, Route
from starlette.types import Scope


def methods_at(scope: Scope) -> tuple[str, ...]:
    """Return what may be done with what is at a path, none where nothing is."""
    there = [each for each in _routes(scope) if _answers(each, scope)]
    one = [each for each in there if _same(each, there[0])]
    methods = {method for route in one for method in route.methods or ()}
    methods |= {"HEAD"} if "GET" in methods else set()
    return (*sorted(methods), "OPTIONS") if methods else ()


def _same(one: Route, other: Route) -> bool:
    """Say whether two routes are of one resource; what only tells how to ask is of none."""
    return (one.path, one.include_in_schema) == (other.path, other.include_in_schema)


def paths_near(scope: Scope, most: int = 100) -> list[str]:
    """Return paths that are much like one, or what is there but for a slash behind it."""
    path: str = scope["path"][:most]
    bare = path.rstrip("/")
    if bare != path and methods_at({**scope, "path": bare}):
        return [bare]
    there = (each for each in _routes(scope) if _answers(each, {**scope, "path": each.path}))
    return get_close_matches(path, [each.path for each in there], 3)


def _answers(route: Route, scope: Scope) -> bool:
    """Say whether a route has an answer for who asks."""
    return route.matches(scope)[0] is not Match.NONE


def _routes(scope: Scope) -> list[Route]:
    return [each for each in scope["app"].router.routes if isinstance(each, Route)]
