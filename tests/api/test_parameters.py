"""Numbers and days of paths and queries are written in one way: every route holds to it."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import httpx2
import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from api.explorer import pages
from api.explorer import routes as explorer
from api.main import ROUTED
from api.reads.parameters import query_of
from tests.support.http import PROBLEM

ODD_NUMBERS = [
    "+1",
    "00",
    "01",
    "-0",
    "0_1",
    " 1",
    "1 ",
    "1\n",
    "1.0",
    "1e0",
    "0x1",
    "\uff11",
    "\u0661",
    "",
]
ODD_NUMBERS += [str(2**62), "9" * 5000]
_BOUNDED = ("limit", "at_least", "trl_from", "trl_to", "month")
"""Of what a good spelling, too, may be more than there is."""

ODD_DAYS = ["0", "2026", "1700006400", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00", " 2026-11-22"]
ODD_DAYS += ["2026-11-2", "\uff12026-11-22", "20261122", ""]
BY_HAND = {" 2026-11-22", ""}
"""Days as the form of a page may send them: pages take them."""


def parameters(kind: type) -> Iterator[tuple[str, str]]:
    """Yield path and place of every parameter of a kind, of all routes, pages too."""
    routers = [module.router for module in ROUTED] + [explorer.router, pages.router]
    for route in (each for router in routers for each in router.routes):
        assert isinstance(route, APIRoute)
        for field in get_flat_params(route.dependant):
            place = "query" if isinstance(field.field_info, Query) else "path"
            # What was known is asked by a position, an instant or a day.
            of_kind = re.search(rf"\b{kind.__name__}\b", str(field.field_info.annotation))
            if of_kind and field.alias != "known_at":
                yield route.path, f"{place}.{field.alias}"


def asked(path: str, place: str, value: str) -> str:
    """Return the target that asks for it; what else it needs is left out, and complained of."""
    where, _, name = place.partition(".")
    value = quote(value, safe="")
    path = re.sub("{[^}]*}", lambda of: value if of[0] == f"{{{name}}}" else "x", path)
    return f"{path}?{name}={value}" if where == "query" else path


def told_of(answer: httpx2.Response) -> tuple[str, str]:
    """Return the parameter that a problem refuses, and the beginning of what it was."""
    return answer.json()["parameter"], answer.json()["value"]


@pytest.mark.parametrize(
    ("kind", "good", "odd", "least"),
    [(int, "1999", ODD_NUMBERS, 70), (date, "2026-11-22", ODD_DAYS, 20)],
)
def test_a_number_and_a_day_have_one_spelling(
    http: httpx2.Client, kind: type, good: str, odd: list[str], least: int
):
    found = list(parameters(kind))
    assert len(found) >= least
    for path, place in found:
        name = place.partition(".")[2]
        told = http.get(asked(path, place, good), headers=PROBLEM).text
        assert not re.search(rf"\b{name}=", told) or name in _BOUNDED, (path, place)
        for value in odd:
            if name == "true_on" and value in BY_HAND and not path.startswith("/v1/"):
                continue
            answer = http.get(asked(path, place, value), headers=PROBLEM)
            if answer.status_code == 404 and not value:
                continue  # An empty part of a path is another path.
            assert 422 == answer.status_code, (path, place, value)
            assert "BAD_PARAMETER" == answer.json()["code"], (path, place, value)
            assert f"{name}={value[:100]}" in answer.json()["detail"], (path, place, value)


def routes() -> Iterator[APIRoute]:
    """Yield every route of the application that takes parameters, pages too."""
    for router in (*(module.router for module in ROUTED), explorer.router, pages.router):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield route


def test_what_no_operation_reads_is_refused_and_those_it_has_are_named(http: httpx2.Client):
    for route in routes():
        (method,) = route.methods
        path = re.sub("{[^}]*}", "x", route.path)
        answer = http.request(method, f"{path}?true_onn=2026-11-22", headers=PROBLEM)
        own = {*query_of(route)}
        problem = answer.json()
        assert (422, "UNKNOWN_PARAMETER") == (answer.status_code, problem["code"]), path
        assert ("true_onn", "2026-11-22") == told_of(answer), path
        assert all(f" {name}" in problem["detail"] for name in own or {"none"}), path
        assert ("true_on" in problem["near"]) == ("true_on" in own), path


def test_the_day_of_a_question_has_one_name():
    names = {name for route in routes() for name in query_of(route)}
    days = {place.partition(".")[2] for _, place in parameters(date)}
    assert {"true_on", "from", "to", "distributed_on"} == days
    assert names.isdisjoint({"on", "day", "date"})


def test_what_is_asked_twice_is_refused_but_where_a_list_is_asked_for(http: httpx2.Client):
    twice = http.get("/v1/rights/right:a/title?true_on=2026-11-22&true_on=2026-11-23")
    assert (422, "BAD_PARAMETER") == (twice.status_code, twice.json()["code"])
    assert ("true_on", "2026-11-22, 2026-11-23") == told_of(twice)
    listed = http.get("/v1/evidence?position=0&position=99999999")
    assert 404 == listed.status_code


def test_a_problem_says_the_beginning_again_of_what_it_refuses_and_nothing_else(
    http: httpx2.Client,
):
    canary = "<script>canary</script>"
    assert "canary" not in http.get(f"/nowhere?at={canary}").text
    refused = http.get(f"/v1/offers?at={canary}{'x' * 500}")
    assert "application/problem+json" == refused.headers["content-type"]
    assert "nosniff" == refused.headers["x-content-type-options"]
    assert 1 == refused.json()["detail"].count("canary")
    assert 100 == len(refused.json()["value"])
