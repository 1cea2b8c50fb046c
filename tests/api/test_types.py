"""Types of events over HTTP and by command: the same, with what a client needs to make one."""

import json

import httpx2
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.registry import TOPICS
from tests.support.openapi import described


def asked(*words: str) -> object:
    done = CliRunner().invoke(app, ["events", "types", *words, "--json"])
    assert 0 == done.exit_code, done.stderr
    return json.loads(done.stdout)


def test_all_types_are_listed_each_with_where_the_rest_is(http: httpx2.Client):
    found = http.get("/v1/types").json()
    assert sorted(TOPICS) == [each["topic"] for each in found["types"]]
    assert {"code", "title", "article", "final"} == set(found["refusals"][0])
    assert {"STALE_VIEW", "SIGNER_MISSING"} <= {each["code"] for each in found["refusals"]}
    (offer,) = [each for each in found["types"] if each["topic"] == "offer.made/1"]
    assert "market" == offer["family"]
    assert offer["says"].startswith("A party says under which terms it will be bound")
    assert "offer.made/1" == http.get(offer["link"]).json()["topic"]
    assert found == asked()


def test_a_type_says_all_that_its_payload_needs(http: httpx2.Client):
    found = http.get("/v1/types/offer.countered/1").json()
    check = Draft202012Validator(found["schema"])
    assert check.is_valid(found["example"])
    assert not check.is_valid({**found["example"], "nonce": "short"})
    assert ("`offeror`.", "offeror") == (found["signers"]["says"], found["signers"]["signers"])
    assert ["/body/counters_event"] == found["references"]
    assert {"offer", "offeror", "counters"} <= set(found["subjects"])
    assert {"OFFER_CLOSED", "ACCEPT_NOT_ADDRESSEE"} <= {each["code"] for each in found["refusals"]}
    assert found == asked("offer.countered/1")


def test_the_slash_of_a_type_may_be_encoded(http: httpx2.Client):
    assert "bid.placed/1" == http.get("/v1/types/bid.placed%2F1").json()["topic"]


@pytest.mark.parametrize("path", ["/v1/types", "/v1/types/offer.made/1"])
def test_who_has_the_bytes_is_told_so_and_the_head_is_that_of_the_answer(
    http: httpx2.Client, path: str
):
    first = http.get(path)
    again = http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)
    head = http.head(path)
    assert (200, b"", first.headers["etag"]) == (
        head.status_code,
        head.content,
        head.headers["etag"],
    )


@pytest.mark.parametrize("asked_for", ["offer.made", "offer.mode/1", "offer.made/2"])
def test_what_is_no_type_is_told_with_what_may_be_meant(http: httpx2.Client, asked_for: str):
    refused = http.get(f"/v1/types/{asked_for}")
    problem = refused.json()
    assert (404, "NOT_FOUND") == (refused.status_code, problem["code"])
    assert "offer.made/1" == problem["near"][0]
    done = CliRunner().invoke(app, ["events", "types", asked_for])
    assert (2, True) == (done.exit_code, "offer.made/1" in done.stderr)


@pytest.mark.parametrize(
    ("asked_for", "what"),
    [
        ("offer.made/9", "offer.made has no version 9"),
        ("offer.made%2F9", "offer.made has no version 9"),
        ("offer.made", "offer.made is without a version"),
        ("offer.mode/1", "'offer.mode/1' is no type of event: /v1/types lists all"),
    ],
)
def test_what_is_the_matter_with_a_type_is_said(http: httpx2.Client, asked_for: str, what: str):
    detail = http.get(f"/v1/types/{asked_for}").json()["detail"]
    assert what == detail.partition("; near: ")[0]


def test_the_command_says_it_in_lines(http: httpx2.Client):
    del http
    told = CliRunner().invoke(app, ["events", "types", "offer.made/1", "--lang", "vi"]).stdout
    assert "offer.made/1  Đề nghị giao kết" in told
    assert "signed by  `offeror`." in told
    assert "proposed" in told
    assert "(may be absent)" in told
    assert "LISTING_NOT_OPEN" in told


def test_answers_are_typed_but_for_what_a_type_of_event_decides():
    schemas = described()["components"]["schemas"]
    for name in ("EventTypes", "EventType", "EventTypeName", "Signers", "RefusalType", "Titles"):
        assert set(schemas[name]["properties"]) == set(schemas[name]["required"]), name
    shown = described()["paths"]["/v1/types/{topic}"]["get"]["responses"]["200"]["content"]
    assert {"$ref": "#/components/schemas/EventType"} == shown["application/json"]["schema"]
