"""
The story that `techledger demo` plays: one technology, from listing to revenue share.

Each step is an event's type, body and signers, as an institute, a firm, an inventor, the exchange
and the department would sign them. `None` as `refused` means that the ledger must admit the step;
otherwise it must refuse it with that code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

PRICE = 1_200_000_000
"""The lump sum, in đồng."""

BASE = 8_750_000_000
"""Net selling price of the first period, in đồng; 5 % of it are 437,500,000."""

PARTS = ((0, 650_000), (1, 300_000), (2, 50_000))
"""Institute, inventor, exchange, in parts per million."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what the story is about: subject ids, key records, and the day it is played."""

    operator: str
    registrar: str
    institute: str
    firm: str
    rival: str
    inventor: str
    ids: Mapping[str, str]
    keys: Mapping[str, Mapping[str, str]]
    today: date


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the story. `body` is given the payload hashes of the steps before it."""

    name: str
    says: str
    topic: str
    signers: tuple[str, ...]
    body: Callable[[Mapping[str, str]], dict[str, Any]]
    sealed: tuple[str, ...] = ()
    refused: str | None = None


def story(cast: Cast) -> list[Step]:
    """Return the steps, in order."""
    return [
        *_parties(cast),
        *_technology(cast),
        *_market(cast),
        *_licence(cast),
        *_money(cast),
    ]


def _parties(cast: Cast) -> list[Step]:
    described = (
        (cast.institute, "organisation", "Institute of Materials (demo)", "the institute"),
        (cast.firm, "organisation", "Sông Hồng Coatings JSC (demo)", "the firm"),
        (cast.rival, "organisation", "Đà Nẵng Coatings JSC (demo)", "a second firm"),
        (cast.inventor, "person", None, "the inventor, a random token and no name,"),
    )
    return [
        Step(
            f"register-{index}",
            f"{who} is registered; its own signature proves that it holds its key",
            "party.registered/1",
            (party, cast.operator, *(() if kind == "person" else (cast.registrar,))),
            _fixed(
                party=party,
                kind=kind,
                name=name,
                roles=[],
                seat="VN",
                keys=[dict(cast.keys[party])],
            ),
        )
        for index, (party, kind, name, who) in enumerate(described, 1)
    ]


def _technology(cast: Cast) -> list[Step]:
    ids, owners = cast.ids, [{"party": cast.institute, "share": [1, 1]}]
    filed = cast.today - timedelta(days=900)
    granted = cast.today - timedelta(days=200)
    return [
        Step(
            "technology",
            "the institute declares its technology",
            "technology.registered/1",
            (cast.institute,),
            _fixed(
                technology=ids["technology"],
                title="Lớp phủ chống ăn mòn cho thép ven biển",
                summary="Anti-corrosion coating for steel near the sea, applied without a primer.",
                object_kind="process",
                trl=7,
                owners=owners,
                state_funded_ppm=600_000,
            ),
        ),
        Step(
            "right-filed",
            "the department's registrar records the patent application",
            "right.filed/1",
            (cast.registrar,),
            _fixed(
                right=ids["right"],
                office="vn",
                kind="invention",
                application_no=ids["right"].removeprefix("right:vn."),
                title_no=None,
                name="Lớp phủ chống ăn mòn",
                filed_on=filed.isoformat(),
                owners=owners,
                technology=ids["technology"],
                attested_by=None,
                document_sha256=None,
            ),
        ),
        Step(
            "right-granted",
            "the registrar records the grant: in force until 20 years after filing",
            "right.granted/1",
            (cast.registrar,),
            _fixed(
                right=ids["right"],
                title_no="1-0026606",
                granted_on=granted.isoformat(),
                in_force_from=granted.isoformat(),
                expires_on=_years_after(filed, 20).isoformat(),
                attested_by=None,
                document_sha256=None,
            ),
        ),
    ]


def _market(cast: Cast) -> list[Step]:
    ids = cast.ids
    return [
        Step(
            "listing",
            "the institute lists it on HanoTEX, the exchange reviews",
            "listing.published/1",
            (cast.institute, cast.operator),
            _fixed(
                listing=ids["listing"],
                market="hanotex",
                kind="technology",
                channel="online",
                title="Lớp phủ chống ăn mòn, chuyển quyền sử dụng độc quyền",
                summary="Exclusive licence for Viet Nam.",
                lister=cast.institute,
                reviewer=cast.operator,
                coordinator=None,
                technology=ids["technology"],
                rights=[ids["right"]],
                fields={"scheme": "ipc", "edition": "2026.01", "codes": ["C09D"]},
                ask=None,
                expires_on=(cast.today + timedelta(days=180)).isoformat(),
                scan_sha256=None,
            ),
        ),
        Step(
            "offer",
            "the firm makes an offer; its price is sealed, the log holds a commitment only",
            "offer.made/1",
            (cast.firm,),
            _fixed(
                offer=ids["offer"],
                listing=ids["listing"],
                offeror=cast.firm,
                offeree=cast.institute,
                subject_matter="Exclusive licence, Viet Nam, IPC C09D, eight years",
                price={"amount": PRICE, "currency": "VND"},
                royalty_ppm=50_000,
                terms_sha256=ids["terms"],
                expires_at=f"{cast.today + timedelta(days=30)}T10:00:00.000Z",
                revocable=False,
            ),
            sealed=("/body/price",),
        ),
        Step(
            "acceptance",
            "the institute accepts: it names the hash of exactly that offer",
            "offer.accepted/1",
            (cast.institute,),
            lambda done: {
                "offer": ids["offer"],
                "accepts": done["offer"],
                "accepted_by": cast.institute,
            },
        ),
    ]


def _licence(cast: Cast) -> list[Step]:
    return [
        Step(
            "contract",
            "both sign the licence: exclusive in Viet Nam, 5 % of the net selling price",
            "contract.concluded/1",
            (cast.institute, cast.firm),
            lambda done: (
                _contract(cast, cast.ids["contract"], cast.firm, "exclusive", "iso:VN")
                | {
                    "listing": cast.ids["listing"],
                    "offer": cast.ids["offer"],
                    "acceptance": done["acceptance"],
                }
            ),
            sealed=("/body/price",),
        ),
        Step(
            "second-licence",
            "a second licence for Đà Nẵng in the same field: refused at the door",
            "contract.concluded/1",
            (cast.institute, cast.rival),
            lambda _done: _contract(
                cast, cast.ids["second_contract"], cast.rival, "non_exclusive", "vn-2025:48"
            ),
            refused="EXCLUSIVE_OVERLAP",
        ),
    ]


def _contract(
    cast: Cast, contract: str, licensee: str, exclusivity: str, territory: str
) -> dict[str, Any]:
    until = _years_after(cast.today, 8).isoformat()
    grant = {
        "grant": "g1",
        "licensor": cast.institute,
        "licensee": licensee,
        "rights": [cast.ids["right"]],
        "technologies": [cast.ids["technology"]],
        "acts": ["make", "sell", "use"],
        "exclusivity": exclusivity,
        "territory": {"codes": [territory]},
        "field": {"scheme": "ipc", "edition": "2026.01", "codes": ["C09D"]},
        "valid_from": cast.today.isoformat(),
        "valid_to": until,
        "sublicensing": "consent",
        "transferable": False,
        "accepts": [],
    }
    return {
        "contract": contract,
        "kind": "licence",
        "parties": sorted([cast.institute, licensee]),
        "listing": None,
        "offer": None,
        "acceptance": None,
        "grants": [grant],
        "price": {"amount": PRICE, "currency": "VND"},
        "royalty_ppm": 50_000,
        "royalty_base": "net_selling_price",
        "currency": "VND",
        "terms_sha256": cast.ids["terms"],
        "concluded_on": cast.today.isoformat(),
        "effective_from": cast.today.isoformat(),
        "effective_to": until,
        "dispute_body": "VIAC",
    }


def _money(cast: Cast) -> list[Step]:
    ids, who = cast.ids, (cast.institute, cast.inventor, cast.operator)
    due = BASE * 50_000 // 1_000_000
    paid = [{"party": who[index], "amount": due * ppm // 1_000_000} for index, ppm in PARTS]
    yesterday = cast.today - timedelta(days=1)
    return [
        Step(
            "share",
            "institute, inventor and exchange agree on how revenue is shared",
            "share.agreed/1",
            who,
            _fixed(
                share=ids["share"],
                contract=ids["contract"],
                parts=[{"party": who[index], "ppm": ppm} for index, ppm in PARTS],
                agreed_by=sorted(who),
                effective_from=cast.today.isoformat(),
            ),
        ),
        Step(
            "report",
            "the firm reports its first sales, every deduction on a line of its own",
            "revenue.reported/1",
            (cast.firm,),
            _fixed(
                report=ids["report"],
                contract=ids["contract"],
                period_from=yesterday.isoformat(),
                period_to=cast.today.isoformat(),
                currency="VND",
                gross=BASE + 875_000_000,
                deductions=[{"kind": "vat", "amount": 875_000_000}],
                base=BASE,
                due={"amount": due, "currency": "VND"},
                corrects=None,
                reported_by=cast.firm,
            ),
        ),
        Step(
            "distribution",
            "the exchange distributes 437,500,000 đồng; anyone can recompute it to the đồng",
            "revenue.distributed/1",
            (cast.operator,),
            _fixed(
                distribution=ids["distribution"],
                share=ids["share"],
                contract=ids["contract"],
                reports=[ids["report"]],
                total={"amount": due, "currency": "VND"},
                parts=paid,
                share_parts=None,
            ),
        ),
        Step(
            "payment",
            "the institute, as payee, confirms what it received",
            "payment.confirmed/1",
            (cast.institute,),
            _fixed(
                payment=ids["payment"],
                distribution=ids["distribution"],
                payer=cast.firm,
                payee=cast.institute,
                confirmed_by=cast.institute,
                amount={"amount": paid[0]["amount"], "currency": "VND"},
                paid_on=cast.today.isoformat(),
                overpayment=False,
            ),
        ),
    ]


def _fixed(**body: Any) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    return lambda _done: body


def _years_after(day: date, years: int) -> date:
    """Return the same day years later; of a leap day the last of February (Civil Code art. 148)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
