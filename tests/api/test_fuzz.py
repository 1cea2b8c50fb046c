"""
Hostile GETs over every route of the API: no parameter gives a 500, and 503 promises something.

On a machine under load the text of metrics may not be written out in time: those who watch over it
are then told to ask again, by a code of its own.

`FUZZ` is how many are sent (1,000), `SEED` where they begin; each is printed where it fails.
"""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from ledger.node.node import Node
from tests.support.http import serving
from tests.support.openapi import described
from tests.support.streams import ENDLESS
from tests.support.tale import Tale

HOW_MANY = int(os.environ.get("FUZZ", "1000"))
SEED = os.environ.get("SEED", "12")

STRANGE = [
    "", "0", "1", "-1", "00", "+1", "1.0", "1e400", "NaN", "null", "true", "[]", "{}", "*", "%",
    "'", '"', ";", "\\", "/", "..", "../../etc/passwd", "\x00", "\x7f", "\n", "\r\nX: y",
    "\u200b", "\u202e", "ệ", "e\u0323\u0302", "🧨", "\ufdfa" * 400, "a" * 5000, "9" * 400,
    "-" + "9" * 30, str(2**31), str(2**62 - 1), str(2**62), str(2**63 - 1), str(2**63),
    str(2**64), "0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "2026-11-22", "999-01-01",
    "10000-01-01", "2026-11-22T00:00:00.000Z", "0001-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z", "2026-11-22T24:00:00.000Z", "1900-01-01", "3000-01-01", "world",
    "iso:VN", "iso:XX", "vn-2025:48", "vn-2025:99", "vn-2004:VN-26", "A", "A61K", "A61K 31/00",
    "C09D 1/9999", "H04W 4/024", "ipc", "vsic", "any", "2025", "2018", "62010",
    "party:tok." + "0" * 32, "party:vn.nobody", "right:a", "sell", "make", "third_parties",
    "office", "ledger", "entries/x000/000", "0/000", "63/x999/x999/999.p/255", "0/000.p/0",
    "8/000.p/1", "sha256:" + "0" * 64, "0" * 64, "00000000-0000-0000-0000-000000000000",
    "01890000-0000-7000-8000-000000000001", "AAAA", "A" * 43 + "=", "title", "grants",
    "contract.concluded/1",
]  # fmt: skip
"""What parameters are made of, besides what the log really has."""

HEADERS: list[dict[str, str]] = [
    {},
    {"If-None-Match": "*"},
    {"If-None-Match": '"' + "a" * 3000},
    {"Accept-Language": "vi"},
    {"Accept-Language": "\u00ff;q=nan"},
    {"Accept-Encoding": "gzip, br;q=x"},
    {"Range": "bytes=0-0,5-"},
    {"X-Forwarded-For": "'; DROP TABLE x"},
    {"Prefer": "wait=witnessed, wait=-1"},
]


@pytest.fixture
def client(node: Node, tale: Tale) -> Iterator[httpx2.Client]:
    assert tale.size
    rate, node.settings.address_rate = node.settings.address_rate, 1e9
    wait_s, node.settings.read_wait_s = node.settings.read_wait_s, 0.2
    try:
        with serving(node) as url, httpx2.Client(base_url=url, timeout=60) as http:
            yield http
    finally:
        node.settings.address_rate, node.settings.read_wait_s = rate, wait_s


def requests(tale: Tale) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield paths with their queries, and headers, without an end."""
    chance = Random(SEED)
    known = [*tale.cast.ids.values(), *tale.cast.keys, *(str(n) for n in range(tale.size + 2))]
    known += [each.event_id for each in tale.receipts.values()]
    known += [key["key_id"] for key in tale.cast.keys.values()]
    routes = [
        (path, operation["get"].get("parameters", ()))
        for path, operation in described()["paths"].items()
        if "get" in operation and path != ENDLESS
    ]
    while True:
        path, parameters = chance.choice(routes)
        query = []
        for parameter in parameters:
            value = _value(chance, parameter, known)
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(value, safe="/:"))
            elif parameter["in"] == "query" and (parameter["required"] or chance.random() < 0.5):
                query += [f"{parameter['name']}={quote(value)}"] * chance.choice([1, 1, 1, 2])
        if chance.random() < 0.05:
            path += chance.choice(["/", "//", "/%00", "%FF", "%ED%A0%80", "/..", "?", "?a=%FF&=&&"])
        yield path + ("?" if query else "") + "&".join(query), chance.choice(HEADERS)


def _value(chance: Random, parameter: dict[str, Any], known: list[str]) -> str:
    """Return a value: a good one, one of another kind, or a strange one."""
    schema = parameter.get("schema", {})
    good = [*schema.get("examples", ()), *schema.get("enum", ())]
    for each in schema.get("anyOf", ()):
        good += each.get("enum", ())
    pick = chance.random()
    if pick < 0.35 and good:
        return str(chance.choice(good))
    if pick < 0.6:
        return chance.choice(known)
    if pick < 0.95:
        return chance.choice(STRANGE)
    return "".join(map(chr, (chance.randrange(1, 0xD7FF) for _ in range(chance.randrange(30)))))


@pytest.mark.timeout(300 + HOW_MANY // 5)
def test_no_parameter_gives_a_500(client: httpx2.Client, tale: Tale):
    statuses: Counter[int] = Counter()
    asked = requests(tale)
    for _ in range(HOW_MANY):
        path, headers = next(asked)
        answer = client.get(path, headers=[(k, v.encode()) for k, v in headers.items()])
        statuses[answer.status_code] += 1
        assert 500 > answer.status_code or 503 == answer.status_code, (path, headers, answer.text)
        if 503 == answer.status_code and not path.startswith("/health"):
            code = "UNAVAILABLE" if path.startswith("/metrics") else "NOT_FOLDED"
            assert code == answer.json()["code"], (path, headers, answer.text)
            assert answer.headers["retry-after"]
    assert statuses[200] > HOW_MANY // 20, statuses
    assert statuses[422] > HOW_MANY // 20, statuses
