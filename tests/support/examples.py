"""
The examples of the OpenAPI document: what a ledger answers in which the demo's story was told.

`python -m tests.support.examples` asks, and writes them down with the document. Time and chance are
settled, so that the same software answers the same. What would make them long is left out: of a
list all but its beginning, of a signed note the lines of ML-DSA, three thousand characters each and
others each time. What is left of a note verifies.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import httpx2

from api.cli.story import Done, chapters, names, variables
from api.limits import quotas
from api.limits.quotas import Quota
from api.openapi import document
from ledger.domain.core.types import legal_day
from ledger.events.compose import compose
from ledger.events.intake import MAX_BODY, decode
from ledger.events.lawbook import bundled_law
from ledger.follow.client import LedgerClient, Signed, VerifiedReceipt, read_trust
from ledger.home.paths import Home
from ledger.log.encoding import write_base64
from ledger.wire.envelope import payload_hash, sign_envelope
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.builders import technology_registered
from tests.support.contract import Contract
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.openapi import GOLDEN, write
from tests.support.postgres import fresh_database, home_directory, running_server
from tests.support.promising import make_refusal_key
from tests.support.settled import Time, settled
from tests.support.tale import Tale, cast, play
from tests.support.technologies import trl_declared
from tests.support.world import World

EXAMPLES = Path(document.__file__).with_name("examples.json")

Examples = dict[str, dict[str, dict[str, Any]]]
"""By the id of an operation and a status, or by `problems` and the name of one: examples."""

QUESTIONS = [
    "/v1/events/$event",
    "/v1/events/$event/receipt",
    "/v1/promises/$promised",
    "/v1/events?subject=$listing&limit=2",
    "/v1/types",
    "/v1/types/offer.revoked/1",
    "/v1/entries/$ACCEPTANCE",
    "/v1/evidence?subject=document:2026-1",
    "/v1/technologies/$technology",
    "/v1/technologies/$technology/author-minimum?income=licence&distributed_on=$TODAY",
    "/v1/rights/$mark/title?true_on=$TODAY",
    "/v1/rights/$mark/chain",
    "/v1/rights/$mark/liens?true_on=$TODAY",
    "/v1/rights/$right/status?true_on=$TODAY",
    "/v1/rights/$older_right/status-history",
    "/v1/rights/$older_right/lapse-effects",
    "/v1/rights/$right/exclusive?territory=vn-2025:48&field=C09D&from=$TODAY&to=$NEXT_YEAR",
    "/v1/rights/$right/left-to-grant?territory=iso:VN&from=$TODAY",
    "/v1/rights/$right/dependents?true_on=$TODAY",
    "/v1/technologies/$technology/exclusive?territory=vn-2025:48&field=C09D&from=$TODAY&to=$NEXT_YEAR",
    "/v1/technologies/$technology/left-to-grant?territory=iso:VN&from=$TODAY",
    "/v1/licences/check?party=$firm&act=sell&territory=vn-2025:48&field=C09D&true_on=$TODAY",
    "/v1/offers?offer=$offer&at=$AT",
    "/v1/offers/$offer",
    "/v1/search?q=lop%20phu",
    "/v1/listings?field=C09D&true_on=$TODAY",
    "/v1/listings/$listing?true_on=$TODAY",
    "/v1/listings/$listing/matches?true_on=$TODAY",
    "/v1/contracts/registrations?contract=$contract",
    "/v1/duties?true_on=$TODAY",
    "/v1/contracts/$royalties/terms?true_on=$TODAY",
    "/v1/contracts/$royalties/terms?report=$second_report",
    "/v1/contracts/$royalties/versions",
    "/v1/contracts/$royalties/versions/1/diff/2",
    "/v1/contracts/$contract/sublicences?true_on=$TODAY",
    "/v1/contracts/$contract/revenue",
    "/v1/distributions/$distribution/computation",
    "/v1/parties/$inventor/dues?contract=$contract&true_on=$TODAY",
    "/v1/shares/$share",
    "/v1/contracts/$royalties/overdue?true_on=$TODAY",
    "/v1/contracts/$royalties/minimum?year=$YEAR",
    "/v1/figures/$YEAR",
    "/v1/disputes/$dispute",
    "/v1/entries/$CONTRACT/falls",
    "/v1/subjects/$older_right/holds?true_on=$TODAY",
    "/v1/findings",
    "/v1/law",
    "/v1/law/$law",
    "/v1/entries/$CONTRACT/grounds",
    "/v1/subjects/$document/timeline",
    "/v1/parties/$firm?true_on=$TODAY",
    "/v1/parties/$institute/keys",
    "/v1/parties/$institute/mandates",
    "/v1/parties/$institute/power?signer=$inventor&true_on=$TODAY&topic=contract.concluded&amount=500000000",
    "/v1/parties/$institute/relations?true_on=$TODAY",
    "/v1/parties/$firm/rights?true_on=$TODAY",
    "/v1/parties/$firm/contracts?limit=2",
    "/v1/parties/$firm/offers",
    "/v1/keys/$K",
    "/v1/keys/$K/signed?between=compromise&topic=contract.concluded/1",
    "/v1/contracts/$contract/documents",
    "/v1/documents/$document",
    "/v1/checkpoints?from=1&limit=2",
    "/v1/consistency?since=$SIZE&root=$ROOT",
    "/v1/projections",
    "/v1/projections/title/difference",
    "/v1/projections/title/digest?size=$SIZE",
    "/health/live",
    "/v1/rights/$right/title?true_on=31-11-2026",
    "/v1/types/offer.made",
    "/v1/events/01890000-0000-7000-8000-000000000001/receipt",
]
"""What is asked of the story, in its words; the last are refused."""


def recorded() -> Examples:
    """Return what is answered now."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running_server(stack.enter_context(home_directory())))
        database = stack.enter_context(fresh_database(server))
        time = stack.enter_context(settled())
        settings = settings_for(database, scratch / "home")
        home = found(settings)
        world = World.of(home)
        adopted = make_refusal_key(home, world)
        node = stack.enter_context(running(settings))
        append(node, adopted)
        asking = Asking(stack.enter_context(serving(node)))
        words = _tell(asking, time, world, home)
        with patch.object(settings, "read_wait_s", 0.1):
            asking.ask(f"/v1/rights/{words['right']}/title?at_least={words['SIZE']}")
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
        for question in QUESTIONS:
            asking.ask(Template(question).substitute(words))
        asking.ask("/v1/types", "DELETE")
        while asking.ask("/health/ready") != HTTPStatus.OK:  # A machine under load may not be.
            asking.found["isReady"].clear()
        with patch.object(node, "publisher", None):
            asking.ask("/v1/entries/0/cose-receipt")
        stopped = partial(Quota, clock=lambda: 0.0)  # Nothing is left again, however slow we are.
        with patch.object(settings, "address_rate", 0.1), patch.object(quotas, "Quota", stopped):
            slow = Asking(stack.enter_context(serving(node)), asking.found)
            while slow.ask("/health/live") == HTTPStatus.OK:
                pass
    return asking.found


class Asking:
    """Who asks, and keeps what is answered where the document has it."""

    def __init__(self, url: str, found: Examples | None = None) -> None:
        self.url, self.found = url, {} if found is None else found
        self._contract = Contract(json.loads(GOLDEN.read_bytes()))

    def ask(
        self, target: str, method: str = "GET", content: bytes | None = None, **headers: str
    ) -> int:
        """Ask, keep the answer, and return its status."""
        answer = httpx2.request(
            method,
            f"{self.url}{target}",
            content=content,
            headers={"X-Request-Id": "example", **headers},
            timeout=30,
        )
        assert HTTPStatus.INTERNAL_SERVER_ERROR != answer.status_code, target
        status = str(answer.status_code)
        operation = self._contract.operation(method, target) or {"operationId": "", "responses": {}}
        response = operation["responses"].get(status, {"$ref": "Problem"})
        place = (operation["operationId"], status)
        if "$ref" in response:
            place = ("problems", response["$ref"].rpartition("/")[2])
        kept = self.found.setdefault(place[0], {}).setdefault(place[1], {})
        if answer.is_success and content is not None:
            asked = self.found[operation["operationId"]].setdefault("request", {})
            for number, line in enumerate(content.splitlines(), 1):
                said = f"line-{number}" if "batch" in target else answer.json().get("verdict")
                name = said or {201: "recorded", 202: "promised"}[answer.status_code]
                asked[name] = {"summary": f"{method} {target}", "value": json.loads(line)}
        for line in answer.content.splitlines():
            value = json.loads(line)
            shown = {"summary": f"{method} {target}", "value": shortened(value)}
            kept.setdefault(_name(value, kept, shown["summary"]), shown)
        return answer.status_code

    def submit(self, signed: Signed | bytes, to: str = "", **headers: str) -> int:
        """Submit, keep the answer, and return its status."""
        content = signed if isinstance(signed, bytes) else signed.to_json()
        return self.ask(f"/v1/events{to}", "POST", content, **headers)


def _name(value: Mapping[str, Any], kept: Mapping[str, Any], asked: str) -> str:
    """Return what an answer is called among those of its kind: the word that says it."""
    words = (value.get(each) for each in ("code", "verdict", "state", "status"))
    name = next((each for each in words if isinstance(each, str)), "answer").replace(" ", "-")
    return name if kept.get(name, {}).get("summary", asked) == asked else f"{name}-{len(kept) + 1}"


WHOLE = frozenset({"example", "payload", "schema"})
"""Members of which nothing is left out: an event is signed whole, a schema says all or nothing."""

_LONG = 400
_LONG_LINE = re.compile(r"^— \S+ \S{300,}\n", re.MULTILINE)


def shortened(value: Any) -> Any:
    """Return an answer with the beginnings of its lists, two plain values or one object.

    Of long texts by name there is the shortest.
    """
    if isinstance(value, dict):
        texts = [each for each in value.values() if isinstance(each, str) and len(each) > _LONG]
        if 1 < len(texts) == len(value):
            return {name: each for name, each in value.items() if each == min(texts, key=len)}
        return {name: each if name in WHOLE else shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        plain = not any(isinstance(each, dict) for each in value)
        return [shortened(each) for each in value[: 2 if plain else 1]]
    return _LONG_LINE.sub("", value) if isinstance(value, str) else value


class _Moving(LedgerClient):
    """Submits each event later than the one before."""

    def __init__(self, *given: Any, time: Time) -> None:
        super().__init__(*given)
        self._time = time

    def submit(self, signed: Signed, *, witnessed: bool = False) -> VerifiedReceipt:
        """Submit one event."""
        self._time.move()
        return super().submit(signed, witnessed=witnessed)


def _tell(asking: Asking, time: Time, world: World, home: Home) -> Mapping[str, str]:
    """Tell all chapters, and what submitting is answered; return the words to ask by."""
    told = cast(world, {}, {}, legal_day(time.now))
    with _Moving(asking.url, read_trust(home.trust), time=time) as ledger:
        tale = play(ledger, world, told, *chapters())
        promised = _submit(asking, world, tale)
        kept = ledger.open_note(ledger.get_bytes("/checkpoint"))
    accepted = tale.receipts["acceptance"]
    at = {name: receipt.position for name, receipt in tale.receipts.items()}
    return {
        **names(),
        **variables(told, Done({}, at)),
        "ACCEPTANCE": str(accepted.position),
        "AT": accepted.accepted,
        "SIZE": str(kept.size),
        "ROOT": quote(write_base64(kept.root), safe=""),
        "event": accepted.event_id,
        "promised": payload_hash(promised.envelope.payload),
        "law": bundled_law().sha256,
    }


def _submit(asking: Asking, world: World, tale: Tale) -> Signed:
    """Submit what is recorded, refused, promised and no event; return what was promised."""
    owner, technology = tale.cast.institute, tale.cast.ids["technology"]
    owners = [{"party": owner, "share": [1, 1]}]
    registered = technology_registered(technology="technology:2026-027", owners=owners)
    trl = trl_declared(technology=technology, declared_by=owner)
    recorded, refused = tale.sent["acceptance"], _anew(world, tale.sent["second-licence"])
    unsigned = Signed(sign_envelope(world.payload(trl, owner), [world.key(tale.cast.rival)]))
    promised = world.sign(registered, owner)
    for signed in (recorded, refused, promised):
        asking.submit(signed, "/check")
    for signed in (recorded, refused, unsigned, world.sign(trl, owner, seen=3)):
        asking.submit(signed)
    asking.submit(recorded.to_json() + b"\n" + refused.to_json(), "/batch")
    asking.submit(b"{}")
    asking.submit(b" " * (MAX_BODY + 1))
    asking.submit(recorded, **{"Content-Encoding": "gzip"})
    asking.submit(promised, Prefer="respond-async")
    return promised


def _anew(world: World, signed: Signed) -> Signed:
    """Return an event that says the same: what was refused for good is told less of."""
    said = json.loads(signed.envelope.payload)
    payload = compose(world.origin, said["type"], said["body"], said["signers"])
    return Signed(sign_envelope(payload, [world.key(party) for party in said["signers"]]))


if __name__ == "__main__":
    EXAMPLES.write_text(json.dumps(recorded(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    write()
