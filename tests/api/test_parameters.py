"""Numbers and days of paths and queries are written in one way: every route holds to it."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import httpx2
import pytest
from fastapi.routing import APIRoute

from api.explorer import pages
from api.explorer import routes as explorer
from api.main import ROUTED

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
ODD_DAYS = ["0", "2026", "1700006400", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00", " 2026-11-22"]
ODD_DAYS += ["2026-11-2", "\uff12026-11-22", "20261122", ""]


def parameters(kind: type) -> Iterator[tuple[str, str]]:
    """Yield path and place of every parameter of a kind, of all routes, pages too."""
    routers = [module.router for module in ROUTED] + [explorer.router, pages.router]
    for route in (each for router in routers for each in router.routes):
        assert isinstance(route, APIRoute)
        dependant = route.dependant
        for place in ("path", "query"):
            for field in getattr(dependant, f"{place}_params"):
                if re.search(rf"\b{kind.__name__}\b", str(field.field_info.annotation)):
                    yield route.path, f"{place}.{field.alias}"


def asked(path: str, place: str, value: str) -> str:
    """Return the target that asks for it; what else it needs is left out, and complained of."""
    where, _, name = place.partition(".")
    value = quote(value, safe="")
    path = re.sub("{[^}]*}", lambda of: value if of[0] == f"{{{name}}}" else "x", path)
    return f"{path}?{name}={value}" if where == "query" else path


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
        told = http.get(asked(path, place, good)).text
        assert not re.search(rf"{place}\b", told) or "limit" in place, (path, place)
        for value in odd:
            answer = http.get(asked(path, place, value))
            if answer.status_code == 404 and not value:
                continue  # An empty part of a path is another path.
            assert 422 == answer.status_code, (path, place, value)
            assert "BAD_PARAMETER" == answer.json()["code"], (path, place, value)
            assert re.search(rf"{place}\b", answer.json()["detail"]), (path, place, value)
