"""A year in figures: what is counted is what the log says, as known then and now; and its page."""

import re
from collections import Counter, defaultdict
from html import unescape
from typing import Any

import httpx2
import pytest

from tests.support.tale import Loaded

BOTH = pytest.mark.parametrize("prefix", ["", "/en"])


def payloads(http: httpx2.Client, size: int) -> list[tuple[int, str, dict[str, Any]]]:
    """Return each event of the log as it was signed: position, type, body."""
    found = []
    for position in range(size):
        told = http.get(f"/v1/entries/{position}").json()
        found.append((position, told["payload"]["type"], told["payload"]["body"]))
    return found


def counted(
    events: list[tuple[int, str, dict[str, Any]]], year: int
) -> tuple[Counter[tuple[int, str]], dict[tuple[int, str], int]]:
    """Return deals by month and kind, and money by month and currency, read off the events."""
    deals = Counter[tuple[int, str]]()
    money = defaultdict[tuple[int, str], int](int)
    for _, topic, body in events:
        if topic == "contract.concluded/1" and body["concluded_on"].startswith(str(year)):
            deals[int(body["concluded_on"][5:7]), body["kind"]] += 1
        if topic == "sublicence.granted/1" and body["concluded_on"].startswith(str(year)):
            deals[int(body["concluded_on"][5:7]), "sublicence"] += 1
        if topic == "payment.confirmed/1" and body["paid_on"].startswith(str(year)):
            money[int(body["paid_on"][5:7]), body["amount"]["currency"]] += body["amount"]["amount"]
    return deals, money


def years(events: list[tuple[int, str, dict[str, Any]]]) -> list[int]:
    days = (
        body.get("concluded_on") or body.get("paid_on")
        for _, topic, body in events
        if topic in ("contract.concluded/1", "payment.confirmed/1")
    )
    return sorted({int(day[:4]) for day in days if day})


def told(figures: dict[str, Any]) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], int]]:
    return (
        {(each["month"], each["kind"]): each["deals"] for each in figures["by_month"]},
        {(each["month"], each["currency"]): int(each["amount"]) for each in figures["money"]},
    )


def test_figures_are_what_the_events_of_the_log_add_up_to(http: httpx2.Client, loaded: Loaded):
    del loaded
    size = http.get("/v1/figures/2026").json()["size"]
    events = payloads(http, size)
    assert years(events)
    for year in years(events):
        for known in (size - 1, size // 2, 0):
            figures = http.get(f"/v1/figures/{year}?known_at={known}").json()
            deals, money = counted(events[: known + 1], year)
            assert (dict(deals), dict(money)) == told(figures), (year, known)
            assert sum(deals.values()) == figures["deals"]
            at = {position: topic for position, topic, _ in events}
            assert all(at[position] for position in figures["positions"])


def test_a_month_is_counted_alone_and_the_months_are_the_year(http: httpx2.Client, loaded: Loaded):
    del loaded
    for year in years(payloads(http, http.get("/v1/figures/2026").json()["size"])):
        whole = http.get(f"/v1/figures/{year}").json()
        months = [http.get(f"/v1/figures/{year}?month={each}").json() for each in range(1, 13)]
        assert whole["deals"] == sum(each["deals"] for each in months)
        assert whole["by_month"] == [row for each in months for row in each["by_month"]]
        assert whole["money"] == [row for each in months for row in each["money"]]


def test_a_year_before_all_has_no_figures_and_what_is_no_month_is_refused(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    empty = http.get("/v1/figures/1999").json()
    assert (0, [], []) == (empty["deals"], empty["by_month"], empty["money"])
    for wrong in ("?month=0", "?month=13", "?month=x", "?mont=1"):
        assert 422 == http.get(f"/v1/figures/2026{wrong}").status_code, wrong
    assert 422 == http.get("/v1/figures/0").status_code


@BOTH
def test_the_page_says_the_figures_of_the_answer_and_opens_a_month(
    http: httpx2.Client, loaded: Loaded, prefix: str
):
    del loaded
    for year in years(payloads(http, http.get("/v1/figures/2026").json()["size"])):
        figures = http.get(f"/v1/figures/{year}").json()
        page = http.get(f"{prefix}/so-lieu/{year}")
        assert 200 == page.status_code
        text = re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", page.text)))
        assert (f"{figures['deals']} deals" if prefix else f"{figures['deals']} hợp đồng") in text
        months = {each["month"] for each in (*figures["by_month"], *figures["money"])}
        for month in months:
            assert f'href="{prefix}/so-lieu/{year}?month={month}"' in unescape(page.text)
            opened = http.get(f"{prefix}/so-lieu/{year}?month={month}").text
            alone = http.get(f"/v1/figures/{year}?month={month}").json()
            for position in alone["positions"]:
                assert f'href="{prefix}/muc/{position}"' in opened
            sentences = "".join(re.findall(r'<ol class="told">.*?</ol>', opened, re.DOTALL))
            for party, name in re.findall(r'title="(party:vn[^"]*)">([^<]*)<', sentences):
                of_year = http.get(f"/v1/parties/{party}?true_on={year}-12-31").json()
                assert of_year["name"] == unescape(name)
            assert 'title="party:vn' in sentences
            for form in ("json", "csv"):
                twin = http.get(f"{prefix}/so-lieu/{year}.{form}?month={month}")
                assert 200 == twin.status_code


@BOTH
def test_a_year_without_figures_says_so_and_a_year_that_is_none_is_a_page(
    http: httpx2.Client, loaded: Loaded, prefix: str
):
    del loaded
    page = http.get(f"{prefix}/so-lieu/1999")
    assert 200 == page.status_code
    assert ("no deal and no payment" if prefix else "chưa ghi hợp đồng") in page.text
    wrong = http.get(f"{prefix}/so-lieu/x")
    assert (422, True) == (wrong.status_code, "text/html" in wrong.headers["content-type"])
    here = http.get(f"{prefix}/so-lieu", follow_redirects=False)
    assert 303 == here.status_code
    assert re.fullmatch(f"{prefix}/so-lieu/[0-9]{{4}}", here.headers["location"])


def test_the_twins_of_the_page_are_the_answer(http: httpx2.Client, loaded: Loaded):
    del loaded
    year = years(payloads(http, http.get("/v1/figures/2026").json()["size"]))[-1]
    assert http.get(f"/v1/figures/{year}").json() == http.get(f"/so-lieu/{year}.json").json()
    assert "text/csv" in http.get(f"/so-lieu/{year}.csv").headers["content-type"]
