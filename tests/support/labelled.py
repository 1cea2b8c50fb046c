"""
A corpus to be found in, and queries with what is meant by them.

`tests/labelled/subjects.json` has parties, technologies, rights and deals whose names are much
alike. They are made up: whoever bears one of these names is not meant. `queries.json` has what
people type and what they would be glad to see, written without knowledge of any ranking.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from api.cli.signing import sign_sealed
from ledger.domain.core.body import Body
from ledger.follow.client import Signed
from ledger.node.node import Node
from ledger.sequence.judging import Recorded
from ledger.wire.envelope import payload_hash
from tests.support import builders as b
from tests.support import contracts as c
from tests.support import disputes as d
from tests.support import market as m
from tests.support import parties as p
from tests.support.node import append
from tests.support.world import World

HERE = Path(__file__).parents[1] / "labelled"

PRICE, BUDGET = b.vnd(7_316_450_000), b.vnd(2_849_170_000)
"""What every contract and every need seals: it is found nowhere."""

ERASED = "party:tok.5c0ffee5c0ffee5c0ffee5c0ffee5c0f"
"""A person whose identity is erased."""

OFFICERS = (b.OPERATOR, b.REGISTRAR)

_BATCH = 64

Row = Mapping[str, Any]
Named = tuple[str, Signed]


@dataclass(frozen=True)
class Query:
    """What is typed, and the things that are meant: any of them is the right one, none is none."""

    id: str
    kind: str
    q: str
    means: tuple[str, ...]


@dataclass
class Corpus:
    """Where each event stands: by topic and subject, such as `right.granted right:vn.1-2024-00026`.

    A query that names what differs from ledger to ledger does so as `{position[…]}`, `{event[…]}`,
    `{hash[…]}` or, the first digits alone, `{hash[…]:.12}`.
    """

    position: dict[str, int] = field(default_factory=dict)
    event: dict[str, str] = field(default_factory=dict)
    hash: dict[str, str] = field(default_factory=dict)

    def told(self, text: str) -> str:
        """Return a text of the data with what this ledger has in its places."""
        return text.format(position=self.position, event=self.event, hash=self.hash)

    def queries(self) -> list[Query]:
        """Return the labelled queries as this ledger is asked them."""
        return [
            Query(
                row["id"],
                row["kind"],
                self.told(row["q"]),
                tuple(self.told(each) for each in row["means"]),
            )
            for row in json.loads((HERE / "queries.json").read_text())
        ]


def load(node: Node, world: World, today: date) -> Corpus:
    """Record the corpus; every event is admitted."""
    corpus, batch = Corpus(), dict[str, Signed]()
    for name, signed in _Told(world, today.isoformat()).events():
        batch[name] = signed
        if len(batch) == _BATCH:
            _record(node, corpus, batch)
    _record(node, corpus, batch)
    return corpus


def _record(node: Node, corpus: Corpus, batch: dict[str, Signed]) -> None:
    for (name, signed), outcome in zip(batch.items(), append(node, *batch.values()), strict=True):
        assert isinstance(outcome, Recorded), f"{name}: {outcome}"
        payload = signed.envelope.payload
        corpus.position[name] = outcome.position
        corpus.event[name] = json.loads(payload)["event_id"]
        corpus.hash[name] = payload_hash(payload).removeprefix("sha256:")
    batch.clear()


@dataclass(frozen=True)
class _Told:
    """The events of the corpus, each by its topic and its first subject, recorded on `day`."""

    world: World
    day: str

    def events(self) -> Iterator[Named]:
        """Yield all events in an order in which they are admitted."""
        data: Mapping[str, list[Row]] = json.loads((HERE / "subjects.json").read_text())
        telling = {
            "parties": self._party,
            "technologies": self._technology,
            "rights": self._right,
            "listings": self._listing,
            "needs": self._need,
            "contracts": self._contract,
            "disputes": self._dispute,
            "assignments": self._assignment,
        }
        for kind, tell in telling.items():
            for row in data[kind]:
                yield from tell(row)
        yield f"party.registered {ERASED}", self.world.registration(ERASED, name=None)
        yield self._said(p.person_erased(token=ERASED), ERASED, *OFFICERS)

    def _said(self, body: Body, subject: str, *signers: str, seals: str = "") -> Named:
        name = f"{body.TOPIC.partition('/')[0]} {subject}"
        if not seals:
            return name, self.world.sign(body, *signers)
        keys = [self.world.key(each) for each in signers]
        values = body.model_dump(mode="json")
        return name, sign_sealed(self.world.origin, body.TOPIC, values, signers, keys, [seals])

    def _party(self, row: Row) -> Iterator[Named]:
        party, name = row["party"], row["name"]
        more = {each: row[each] for each in ("kind", "seat", "roles") if each in row}
        first = {"name": row.get("was", name), **more}
        yield f"party.registered {party}", self.world.registration(party, **first)
        if "was" in row:
            renamed = p.party_renamed(party=party, name=name, effective_on=self.day)
            yield self._said(renamed, party, party, b.OPERATOR)
        if "english" in row:
            by_itself = {"attested_by": None, "document_sha256": None}
            known = p.known_as(row["english"], party=party, **by_itself)
            yield self._said(known, party, party, b.OPERATOR)
        if "numbers" in row:
            numbers = [p.number(value, scheme) for scheme, value in row["numbers"]]
            yield self._said(p.party_identified(*numbers, party=party), party, party, b.OPERATOR)

    def _technology(self, row: Row) -> Iterator[Named]:
        owner, about = row["owner"], _without(row, "owner")
        body = b.technology_registered(**about, owners=[b.held(owner)], summary="Đã thử nghiệm")
        yield self._said(body, row["technology"], owner)

    def _right(self, row: Row) -> Iterator[Named]:
        right, about = row["right"], _without(row, "owner", "title_no")
        filed = b.right_filed(**about, owners=[b.held(row["owner"])], filed_on="2024-06-10")
        yield self._said(filed, right, b.REGISTRAR)
        if "title_no" in row:
            days = {"granted_on": self.day, "in_force_from": self.day, "expires_on": "2034-06-10"}
            granted = b.right_granted(right=right, title_no=row["title_no"], **days)
            yield self._said(granted, right, b.REGISTRAR)

    def _listing(self, row: Row) -> Iterator[Named]:
        about = {"rights": [], **row, "reviewer": b.OPERATOR}
        body = b.listing_published(**about, summary="Thương lượng trực tiếp")
        yield self._said(body, row["listing"], row["lister"], b.OPERATOR)

    def _need(self, row: Row) -> Iterator[Named]:
        about = {**row, "reviewer": b.OPERATOR, "budget": BUDGET}
        body = m.need_posted(**about, summary="Liên hệ trong giờ làm việc")
        yield self._said(body, row["listing"], row["buyer"], b.OPERATOR, seals="/body/budget")

    def _contract(self, row: Row) -> Iterator[Named]:
        contract, licensor, licensee = (row[each] for each in ("contract", "licensor", "licensee"))
        grant = b.grant(
            licensor=licensor,
            licensee=licensee,
            rights=[row["right"]],
            exclusivity="non_exclusive",
            valid_from=self.day,
        )
        body = b.contract_concluded(
            contract=contract,
            parties=sorted([licensor, licensee]),
            grants=[grant],
            price=PRICE,
            concluded_on=self.day,
            effective_from=self.day,
        )
        yield self._said(body, contract, *body.parties, seals="/body/price")
        filing = row.get("filing")
        if filing:
            about = {"filing": filing, "contract": contract, "filed_on": self.day}
            made = c.filing_made(**about, filed_by=licensor, number=row["filing_no"])
            yield self._said(made, filing, licensor)
        if "certificate" in row:
            about = {"filing": filing, "contract": contract, "issued_on": self.day}
            issued = c.certificate_issued(**about, number=row["certificate"])
            yield self._said(issued, contract, b.REGISTRAR)

    def _dispute(self, row: Row) -> Iterator[Named]:
        dispute, claimant, forum = (row[each] for each in ("dispute", "claimant", "forum"))
        opened = d.dispute_opened(
            dispute,
            claimant=claimant,
            respondents=[row["respondent"]],
            forum=forum,
            concerns=[row["contract"]],
            claim=row["claim"],
        )
        yield self._said(opened, dispute, claimant)
        if "case_no" in row:
            about = {"case_no": row["case_no"], "admitted_on": self.day}
            yield self._said(d.dispute_admitted(dispute, forum=forum, **about), dispute, forum)

    def _assignment(self, row: Row) -> Iterator[Named]:
        about = {"assignment": row["assignment"], "rights": [row["right"]]}
        assignor, assignee = row["assignor"], row["assignee"]
        agreed = b.assignment_agreed(
            **about,
            assignors=[b.held(assignor)],
            assignees=[b.held(assignee)],
            agreed_on=self.day,
        )
        yield self._said(agreed, row["assignment"], assignor, assignee)
        about |= {"registered_on": self.day, "effective_on": self.day}
        registered = b.assignment_registered(**about, register_no=row["register_no"])
        yield self._said(registered, row["assignment"], b.REGISTRAR)


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
