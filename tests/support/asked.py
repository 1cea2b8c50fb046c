"""
What the examples of docs/questions.md ask about: the demo's story, and what happened besides.

Ids are fixed and the order is fixed, so that subjects and positions in the document are those of
the log. The demo's part is played today; what is older has the days that stand here.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from api.cli.story import Cast
from ledger.client import Signed
from ledger.domain.event import Body
from ledger.domain.ledger import opened
from ledger.domain.who_signs import who_signs
from ledger.genesis import key_record
from ledger.wire.envelope import sign_envelope
from ledger.wire.keys import PrivateKey
from tests.support import builders as b
from tests.support import contracts, disputes, mandates, moneys, titles
from tests.support.builders import AUTHOR, BANK, FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.disputes import COURT, order
from tests.support.world import World

RIGHT = "right:vn.1-2024-00026"
LAPSED = "right:vn.1-2019-00417"
MARK = "right:vn.4-2018-10021"
TECHNOLOGY = "technology:2024-026"
LICENCE = "contract:2026-014"
ROYALTIES = "contract:2026-009"
DOUBTED = "contract:2026-021"
SUBLICENCE = "contract:2026-014-s1"
SHARE = "share:2026-014"
DISTRIBUTION = "distribution:2026-014-1"
OFFER = "offer:2026-031"
DISPUTE = "dispute:12-2026-kdtm-st"

COMPROMISED = 35
"""The position since which nobody knows who signed with the institute's second key."""

_OLD_RATES = [{"upto": 1_000_000_000, "rate_ppm": 40_000}, {"upto": None, "rate_ppm": 30_000}]
_MINIMUM = {"amount": 60_000_000, "credit": "same_year"}


def cast_of(world: World, today: date) -> Cast:
    """Return who plays the demo's part, and what it is about."""
    parties = {"institute": INSTITUTE, "firm": FIRM, "rival": RIVAL, "inventor": AUTHOR}
    return Cast(
        operator=OPERATOR,
        registrar=REGISTRAR,
        **parties,
        ids={
            "technology": TECHNOLOGY,
            "right": RIGHT,
            "listing": "listing:2026-007",
            "offer": OFFER,
            "contract": LICENCE,
            "second_contract": "contract:2026-015",
            "share": SHARE,
            "report": "report:2026-014-1",
            "distribution": DISTRIBUTION,
            "payment": "payment:2026-014-1",
            "terms": b.SOME_HASH,
        },
        keys={party: key_record(world.key(party)) for party in parties.values()},
        today=today,
    )


class Told(NamedTuple):
    """An event by its name; `key` signs for the institute in place of its first one."""

    name: str
    body: Body
    key: PrivateKey | None = None


def happened(world: World, today: date, second: PrivateKey) -> Iterator[Told]:
    """Return what happened after the demo's story, in order; `second` is the institute's."""
    yield from _older_right()
    yield from _royalties()
    yield from _mark(world)
    yield from _key(second, today)
    yield Told("sublicence", _sublicence(today))
    yield from _dispute(today)
    yield Told(
        "lapsed",
        b.right_lapsed(right=LAPSED, effective_from="2026-03-01", published_on=today.isoformat()),
    )


def _older_right() -> Iterator[Told]:
    numbers = {"application_no": "1-2019-00417", "name": "Quy trình sấy thăng hoa"}
    yield Told("filed", b.right_filed(right=LAPSED, filed_on="2019-03-10", **numbers))
    granted = {"granted_on": "2021-05-04", "in_force_from": "2021-05-04"}
    yield Told(
        "granted",
        b.right_granted(right=LAPSED, title_no="1-0031417", expires_on="2039-03-10", **granted),
    )


def _royalties() -> Iterator[Told]:
    """Return a licence by quarters whose rates change in July, its reports and its money."""
    schedule = moneys.royalty(tiers=_OLD_RATES, minimum=_MINIMUM)
    grant = b.grant(
        licensee=RIVAL,
        rights=[LAPSED],
        exclusivity="non_exclusive",
        acts=["make", "sell"],
        valid_from="2026-01-01",
    )
    days = {"concluded_on": "2025-12-20", "effective_from": "2026-01-01"}
    yield Told(
        "royalties",
        moneys.licence(
            contract=ROYALTIES,
            parties=[INSTITUTE, RIVAL],
            grants=[grant],
            royalty=schedule,
            confirms={"reason": "Hai bên xác nhận hợp đồng đã thực hiện từ đầu năm"},
            **days,
        ),
    )
    by = {"contract": ROYALTIES, "reported_by": RIVAL}
    yield Told("first", moneys.report(1_000_000_000, 36_000_000, report="report:2026-009-q1", **by))
    parts = [b.part(INSTITUTE, 700_000), b.part(AUTHOR, 300_000)]
    yield Told(
        "split",
        b.share_agreed(
            share="share:2026-009",
            contract=ROYALTIES,
            parts=parts,
            agreed_by=[AUTHOR, INSTITUTE],
            effective_from="2026-11-01",
        ),
    )
    yield Told(
        "distributed",
        b.revenue_distributed(
            distribution="distribution:2026-009-1",
            share="share:2026-009",
            contract=ROYALTIES,
            reports=["report:2026-009-q1"],
            total=b.vnd(36_000_000),
            parts=[
                {"party": INSTITUTE, "amount": 25_200_000},
                {"party": AUTHOR, "amount": 10_800_000},
            ],
        ),
    )
    yield Told(
        "paid",
        b.payment_confirmed(
            payment="payment:2026-009-1",
            distribution="distribution:2026-009-1",
            payer=RIVAL,
            payee=INSTITUTE,
            confirmed_by=INSTITUTE,
            amount=b.vnd(25_200_000),
        ),
    )
    yield Told(
        "amended",
        contracts.terms_amended(
            contract=ROYALTIES,
            parties=sorted([INSTITUTE, RIVAL]),
            changes={
                "royalty": moneys.royalty(
                    tiers=[{"upto": None, "rate_ppm": 50_000}], minimum=_MINIMUM
                )
            },
            concluded_on="2026-11-20",
            effective_from="2026-07-01",
            confirms={"reason": "Hai bên đã áp dụng mức mới từ quý III"},
        ),
    )
    second = {"report": "report:2026-009-q2", **by}
    yield Told("second", moneys.second_report(500_000_000, 14_500_000, **second))


def _mark(world: World) -> Iterator[Told]:
    """Return a mark that is charged twice, and sold with both charges on it."""
    yield Told(
        "bank",
        b.party_registered(
            party=BANK,
            name="Ngân hàng (ví dụ)",
            roles=["bank"],
            keys=[key_record(world.key(BANK))],
        ),
    )
    numbers = {"application_no": "4-2018-10021", "kind": "mark", "name": "SÔNG HỒNG"}
    yield Told("mark", b.right_filed(right=MARK, filed_on="2018-04-02", **numbers))
    yield Told(
        "mark-granted",
        b.right_granted(
            right=MARK,
            title_no="4-0310021",
            granted_on="2019-09-09",
            in_force_from="2019-09-09",
            expires_on="2038-04-02",
        ),
    )
    for number in ("1", "2"):
        yield Told(
            f"charged-{number}",
            b.security_created(
                security=f"security:2026-{number}",
                rights=[MARK],
                secures=f"Hợp đồng tín dụng {number}/2026",
                forbids_assignment=False,
                created_on="2026-10-01",
            ),
        )
    yield Told(
        "perfected",
        titles.security_perfected(
            security="security:2026-2", rights=[MARK], registered_at="2026-10-02T03:00:00.000Z"
        ),
    )
    deed = {"assignment": "assignment:2026-5", "rights": [MARK]}
    yield Told("sold", b.assignment_agreed(late_reason="Nộp muộn", **deed))
    yield Told("sale-registered", b.assignment_registered(**deed))


def _key(second: PrivateKey, today: date) -> Iterator[Told]:
    """Return a second key of the institute, what it signed, and its revocation."""
    yield Told("key", b.key_added(key=key_record(second)), second)
    grant = b.grant(
        rights=[LAPSED], exclusivity="non_exclusive", acts=["import"], valid_from=today.isoformat()
    )
    given = {"mandate": "mandate:2026-3", "ceiling": b.vnd(10**9), "valid_to": "2199-01-01"}
    yield Told("mandate", mandates.mandate_given(**given))
    days = dict.fromkeys(("concluded_on", "effective_from"), today.isoformat())
    yield Told(
        "doubted",
        b.contract_concluded(contract=DOUBTED, grants=[grant], royalty_ppm=None, **days),
        second,
    )
    yield Told(
        "revoked",
        b.key_revoked(key_id=second.key_id, reason="compromised", compromised_since=COMPROMISED),
    )


def _sublicence(today: date) -> Body:
    passed_on = b.grant(
        licensor=FIRM,
        licensee=RIVAL,
        rights=[RIGHT],
        technologies=[TECHNOLOGY],
        acts=["sell"],
        exclusivity="non_exclusive",
        territory={"codes": ["vn-2025:48"]},
        field={"scheme": "ipc", "edition": "2026.01", "codes": ["C09D"]},
        valid_from=today.isoformat(),
        sublicensing="no",
    )
    return b.sublicence_granted(
        contract=SUBLICENCE,
        head_contract=LICENCE,
        consent_by=INSTITUTE,
        grant=passed_on,
        concluded_on=today.isoformat(),
    )


def _dispute(today: date) -> Iterator[Told]:
    on = today.isoformat()
    yield Told(
        "opened", disputes.dispute_opened(DISPUTE, concerns=[LICENCE], known_since="2026-10-01")
    )
    yield Told("admitted", disputes.dispute_admitted(DISPUTE, admitted_on=on))
    held = order("HOLD_PAYMENT", SHARE, name="o1", party=AUTHOR, start=on)
    frozen = order("FREEZE_TITLE", RIGHT, name="o2", start=on, end="2199-01-01")
    yield Told("held", disputes.hold_ordered(held, frozen, dispute=DISPUTE))
    yield Told("lifted", disputes.hold_lifted(disputes.lift(RIGHT, name="o2"), dispute=DISPUTE))


def court(world: World) -> Body:
    """Return the registration of the forum, with a key that it has."""
    return disputes.court_registered().model_copy(
        update={"keys": b.party_registered(keys=[key_record(world.key(COURT))]).keys}
    )


def signed(world: World, told: Told) -> Signed:
    """Return the event signed by all whom it binds, as the table has it."""
    signers = sorted(who_signs(told.body, opened(b.ledger_opened(), 0)))
    keys: Sequence[PrivateKey] = [
        told.key if told.key is not None and party == INSTITUTE else world.key(party)
        for party in signers
    ]
    if told.name == "key":
        keys = [*map(world.key, signers), *([told.key] if told.key else [])]
    return Signed(sign_envelope(world.payload(told.body, *signers), list(keys)))
