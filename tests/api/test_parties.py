"""Questions 11, 12, 27 and 28 and their kin, over HTTP: parties, keys, powers, documents."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.core.body import Body
from ledger.events.intake import decode
from ledger.follow.client import LedgerClient, Signed
from ledger.home.paths import Home
from ledger.node.genesis import key_record
from ledger.node.node import Node
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support import contracts, documents, mandates, parties
from tests.support.builders import AUTHOR, FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.node import append
from tests.support.world import World

SECOND = PrivateKey.generate()
FIRST_NAME, NEW_NAME = "Công ty Lạ", "Công ty Cổ phần Sao Mới"


@dataclass
class Log:
    """What was said, and where it stands."""

    node: Node
    world: World
    at: dict[str, int] = field(default_factory=dict)

    def say(
        self, name: str, body: Body, *signers: str, keys: Iterable[PrivateKey] | None = None
    ) -> None:
        """Append an event signed by its signers' first keys, or by these."""
        lines = list(keys or map(self.world.key, signers))
        self.put(name, Signed(sign_envelope(self.world.payload(body, *signers), lines)))

    def put(self, name: str, signed: Signed) -> None:
        """Append a signed event."""
        (recorded,) = append(self.node, signed)
        assert hasattr(recorded, "position"), recorded
        self.at[name] = recorded.position


@pytest.fixture(scope="module")
def log(node: Node, world: World) -> Log:
    told = Log(node, world)
    told.put("author", world.registration(AUTHOR, kind="person", name=None))
    by_party = {"attested_by": None, "document_sha256": None}
    told.say("known", parties.known_as(**by_party), FIRM, OPERATOR)
    told.say("identified", parties.party_identified(), FIRM, OPERATOR)
    told.say("renamed", parties.party_renamed(), FIRM, OPERATOR)
    told.say("related", parties.relation_declared(), FIRM, OPERATOR)
    mandate = mandates.mandate_given(ceiling=b.vnd(1_000_000_000))
    told.say("mandate", mandate, INSTITUTE, OPERATOR)
    added = b.key_added(key=key_record(SECOND))
    told.say("key", added, INSTITUTE, keys=[world.key(INSTITUTE), SECOND])
    told.say("before", b.technology_registered(), INSTITUTE, keys=[SECOND])
    told.say("right", b.right_filed(), REGISTRAR)
    contract = b.contract_concluded(**contracts.LATE)
    told.say("contract", contract, INSTITUTE, FIRM, keys=[SECOND, world.key(FIRM)])
    told.say("other", b.other_right_filed(), REGISTRAR)
    suspended = parties.key_suspended(key_id=SECOND.key_id, suspended_by=REGISTRAR)
    told.say("suspended", suspended, REGISTRAR)
    told.say("resumed", parties.key_resumed(key_id=SECOND.key_id), INSTITUTE)
    revoked = b.key_revoked(
        key_id=SECOND.key_id, reason="compromised", compromised_since=told.at["right"]
    )
    told.say("revoked", revoked, INSTITUTE)
    told.say("sent", documents.STORY[0].model_copy(update={"readers": ()}), INSTITUTE)
    told.say("received", documents.document_received(system=OPERATOR), OPERATOR)
    told.say("opened", documents.file_opened(), FIRM, OPERATOR)
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return told


def test_a_party_is_called_as_on_the_day_that_is_asked(ledger: LedgerClient, log: Log):
    now = ledger.get(f"/v1/parties/{FIRM}")
    assert ("organisation", "VN", NEW_NAME) == (now["kind"], now["seat"], now["name"])
    assert {log.at["known"], log.at["identified"], log.at["renamed"]} <= set(now["positions"])
    before = ledger.get(f"/v1/parties/{FIRM}", true_on="2026-09-30")
    assert FIRST_NAME == before["name"]
    unaware = ledger.get(f"/v1/parties/{FIRM}", known_at=log.at["renamed"] - 1)
    assert FIRST_NAME == unaware["name"]
    said = {(fact["fact"], fact["scheme"], fact["value"]) for fact in now["facts"]}
    assert ("identifier", "lei", "5493001KJTIIGC8Y1R12") in said
    assert ("spelling", "", "US WELL SERVICES LLC") in said


def test_of_a_party_that_is_not_registered_nothing_is_known(ledger: LedgerClient, log: Log):
    nobody = ledger.get("/v1/parties/party:vn.nobody", at_least=log.at["opened"])
    assert (None, None, []) == (nobody["kind"], nobody["name"], nobody["positions"])


def test_relations_say_to_whom_since_when_and_by_which_event(ledger: LedgerClient, log: Log):
    answer = ledger.get(f"/v1/parties/{RIVAL}/relations")
    (relation,) = answer["relations"]
    assert (FIRM, "parent_subsidiary", True) == (
        relation["other"],
        relation["kind"],
        relation["above"],
    )
    assert [log.at["related"]] == answer["positions"]
    asked = ledger.get(f"/v1/parties/{RIVAL}/relations", to=FIRM)
    assert (True, [log.at["related"]]) == (asked["related"], asked["positions"])
    earlier = ledger.get(f"/v1/parties/{RIVAL}/relations", to=FIRM, true_on="2025-12-31")
    assert earlier["related"] is False
    assert ledger.get(f"/v1/parties/{RIVAL}/relations", to=INSTITUTE)["related"] is False


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        ({"true_on": "2026-06-01", "topic": "contract.concluded", "amount": 1_000_000_000}, []),
        ({"true_on": "2026-06-01"}, []),
        ({"true_on": "2026-06-01", "topic": "offer.made"}, ["topic"]),
        ({"true_on": "2026-06-01", "topic": "assignment.agreed"}, ["topic", "boundless"]),
        ({"true_on": "2026-06-01", "amount": 1_000_000_001}, ["ceiling"]),
        ({"true_on": "2026-06-01", "amount": 1, "currency": "USD"}, ["currency"]),
        ({"true_on": "2025-12-31"}, ["not_begun"]),
        ({"true_on": "2027-01-01"}, ["over"]),
    ],
)
def test_power_to_bind(ledger: LedgerClient, log: Log, asked: dict[str, object], lacks: list[str]):
    """Question 12, and what each mandate lacks for it."""
    answer = ledger.get(f"/v1/parties/{INSTITUTE}/power", signer=AUTHOR, **asked)
    assert (not lacks, False) == (answer["binds"], answer["itself"])
    (judged,) = answer["mandates"]
    assert lacks == judged["lacks"]
    assert [log.at["mandate"]] == answer["positions"]


def test_power_to_bind_as_known_before_the_mandate_and_of_oneself(ledger: LedgerClient, log: Log):
    asked = {"signer": AUTHOR, "true_on": "2026-06-01", "known_at": log.at["mandate"] - 1}
    unknown = ledger.get(f"/v1/parties/{INSTITUTE}/power", **asked)
    assert (False, []) == (unknown["binds"], unknown["mandates"])
    itself = ledger.get(f"/v1/parties/{INSTITUTE}/power", signer=INSTITUTE)
    assert (True, True) == (itself["binds"], itself["itself"])
    (given,) = ledger.get(f"/v1/parties/{INSTITUTE}/mandates")["mandates"]
    assert (AUTHOR, log.at["mandate"], None) == (given["holder"], given["given"], given["ended"])


def test_keys_of_a_party_and_of_one_key(ledger: LedgerClient, log: Log):
    answer = ledger.get(f"/v1/parties/{INSTITUTE}/keys")
    first, second = answer["keys"]
    assert first["revoked"] is None
    assert (log.at["key"], log.at["revoked"]) == (
        second["added"]["position"],
        second["revoked"]["position"],
    )
    key = ledger.get(f"/v1/keys/{SECOND.key_id}")
    assert second == key["key"]
    history = ("key", "suspended", "resumed", "revoked")
    assert [log.at[each] for each in history] == key["positions"]
    held = (key["key"]["suspended"], key["key"]["resumed"])
    assert [REGISTRAR, INSTITUTE] == [each["by"] for each in held]
    assert [log.at["right"], log.at["revoked"]] == key["key"]["doubt"]
    before = ledger.get(f"/v1/keys/{SECOND.key_id}", known_at=log.at["revoked"] - 1)
    assert (None, None) == (before["key"]["revoked"], before["key"]["doubt"])
    meanwhile = ledger.get(f"/v1/keys/{SECOND.key_id}", known_at=log.at["suspended"])["key"]
    assert (log.at["suspended"], None) == (
        meanwhile["suspended"]["position"],
        meanwhile["resumed"],
    )


def test_what_a_key_signed_between_compromise_and_revocation(
    ledger: LedgerClient, node: Node, log: Log
):
    """Question 11; the word of the party closes what is open, and is known from its position on."""
    path = f"/v1/keys/{SECOND.key_id}/signed"
    everything = ledger.get(path)
    assert [log.at["key"], log.at["before"], log.at["contract"]] == [
        each["event"]["position"] for each in everything["signed"]
    ]
    doubted = ledger.get(path, between="compromise", topic="contract.concluded/1")
    (signed,) = doubted["signed"]
    terms = f"/v1/contracts/{signed['event']['subjects'][0]}/terms"
    contested = ledger.get(terms)
    assert ("contested", [log.at["contract"]]) == (contested["verdict"], contested["doubted"])
    assert (log.at["contract"], True, True, []) == (
        signed["event"]["position"],
        signed["in_doubt"],
        signed["open"],
        signed["words"],
    )
    word = parties.reconfirmation_given(
        b.contract_concluded(**contracts.LATE),
        event=signed["event"]["payload_hash"],
        key_id=SECOND.key_id,
    )
    log.say("word", word, INSTITUTE)
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    (closed,) = ledger.get(path, between="compromise")["signed"]
    assert (True, False) == (closed["in_doubt"], closed["open"])
    assert ["confirmed"] == [each["outcome"] for each in closed["words"]]
    assert "answered" == ledger.get(terms)["verdict"]
    (then,) = ledger.get(path, between="compromise", known_at=log.at["word"] - 1)["signed"]
    assert then["open"] is True
    unaware = ledger.get(path, between="compromise", known_at=log.at["revoked"] - 1)
    assert [] == unaware["signed"]


def test_signed_has_pages(ledger: LedgerClient, log: Log):
    path = f"/v1/keys/{SECOND.key_id}/signed"
    first = ledger.get(path, limit=2)
    assert log.at["before"] == first["next_after"]
    last = ledger.get(path, limit=2, after=first["next_after"])
    assert (None, [log.at["contract"]]) == (
        last["next_after"],
        [each["event"]["position"] for each in last["signed"]],
    )


def test_documents_of_a_contract_and_who_opened_one(ledger: LedgerClient, log: Log):
    """Questions 27 and 28: complete against what was sent, and every opening of the file."""
    answer = ledger.get(f"/v1/contracts/{b.CONTRACT}/documents")
    assert answer["complete"] is True
    (document,) = answer["documents"]
    assert (FIRM, OPERATOR) == (
        document["received"][0]["by"],
        document["received"][0]["attested_by"],
    )
    assert [FIRM] == [each["by"] for each in document["opened"]]
    assert [log.at["sent"], log.at["received"], log.at["opened"]] == answer["positions"]
    sent = ledger.get(f"/v1/contracts/{b.CONTRACT}/documents", known_at=log.at["sent"])
    assert (False, [FIRM]) == (sent["complete"], sent["documents"][0]["missing"])
    alone = ledger.get(f"/v1/documents/{documents.DOCUMENT}")
    assert document == alone["document"]
    assert answer["positions"] == alone["positions"]


def test_of_an_unknown_document_nothing_is_said(ledger: LedgerClient, log: Log):
    assert log.at
    nothing = ledger.get("/v1/documents/document:none")
    assert (None, []) == (nothing["document"], nothing["positions"])
    assert [] == ledger.get("/v1/contracts/contract:none/documents")["documents"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (f"/v1/parties/{FIRM}/power", {}),
        (f"/v1/parties/{FIRM}/power", {"signer": FIRM, "amount": "-1"}),
        ("/v1/parties/right:us.1", {}),
        ("/v1/keys/abc", {}),
        (f"/v1/keys/{64 * '0'}/signed", {"between": "ever"}),
    ],
)
def test_a_question_has_its_form(http: httpx2.Client, path: str, asked: dict[str, str]):
    assert 422 == http.get(path, params=asked).status_code


def test_the_command_line_asks_the_same(url: str, home: Home, log: Log):
    def run(*words: str) -> tuple[int, str]:
        options = ["--url", url, "--trust", str(home.trust)]
        done = CliRunner().invoke(app, ["parties", *words, *options])
        return done.exit_code, done.output

    code, text = run("power", INSTITUTE, "--signer", AUTHOR, "--true-on", "2026-06-01")
    assert (0, True) == (code, f"Yes: {AUTHOR} may bind {INSTITUTE}" in text), text
    assert f"proved by entries: {log.at['mandate']}" in text
    code, text = run("power", INSTITUTE, "--signer", AUTHOR, "--true-on", "2025-06-01")
    assert (1, True) == (code, "lacks: it has not begun" in text)
    assert NEW_NAME in run("show", FIRM)[1]
    code, text = run("show", "party:vn.nobody")
    assert (4, True) == (code, "nothing is recorded of party:vn.nobody" in text)
    code, text = run("signed", SECOND.key_id, "--between", "compromise")
    assert (0, True) == (code, "contract.concluded/1" in text)
    assert '"binds": true' in run("power", INSTITUTE, "--signer", INSTITUTE, "--json")[1]
