"""Random events in a tiny universe, so that they meet: what the whole-domain test tries next."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.support import builders as b
from tests.support import disputes as d
from tests.support import titles as t
from tests.support.reference_deals import ROYALTY_PPM, WHOLE, WholeReference
from tests.support.reference_model import Said, later

PARTIES = (b.INSTITUTE, b.FIRM, b.RIVAL)
RIGHTS = (b.RIGHT, b.OTHER_RIGHT)
PLACES = ("iso:VN", "vn-2025:01", "vn-2025:48", "iso:VN", "iso:VN", "iso:LA", "vn-2004:VN-27")
FIELDS = ("A61K", "A61P", "A61", "A61K", "A61P", "A02")
ACTS = (["make", "sell"], ["sell"], ["import"])
FRACTIONS = ((1, 1), (1, 2), (1, 4))

Action = Callable[[Random, WholeReference, str], Any]
"""Makes a body out of chance, what the reference knows, and today."""


def name(random: Random, kind: str, many: int = 3) -> str:
    """Return one of few ids of a kind, so that many a time it is taken, or unknown."""
    return f"{kind}:{random.randint(1, many)}"


def near(random: Random, day: str) -> str:
    """Return today, mostly, or a day about it."""
    return later(day, random.choice((0, 0, 0, 0, 0, -40, -5, 1)))


def holdings(random: Random, *parties: str) -> list[Said]:
    """Return holdings of these parties, of one fraction."""
    fraction = random.choice(FRACTIONS)
    return [b.held(party, *fraction) for party in parties]


def pair(random: Random) -> list[str]:
    return random.sample(PARTIES, 2)


def owner(random: Random, ref: WholeReference, right: str) -> str:
    """Return an owner of a right, mostly."""
    owners = sorted(ref.owners(right)) if ref.one("right.filed", right=right) else []
    return random.choice(owners or PARTIES) if random.randint(0, 5) else random.choice(PARTIES)


def said_before(random: Random, ref: WholeReference, topic: str, member: str, kind: str) -> str:
    """Return an id that is in the log, mostly."""
    found = [entry["said"][member] for entry in ref.all(topic)]
    return random.choice(found) if found and random.randint(0, 7) else name(random, kind)


def file_right(random: Random, ref: WholeReference, day: str) -> Any:
    del ref, day
    owners = random.choice(
        ([b.held(random.choice(PARTIES))], [b.held(p, 1, 2) for p in pair(random)])
        + ([b.held(random.choice(PARTIES), 1, 2)],)
    )
    over = {
        "owners": owners,
        "kind": random.choice(("invention", "utility_solution", "software")),
        "filed_on": random.choice(("2020-03-10", "2020-03-10", "2027-12-01")),
    }
    return random.choice((b.right_filed, b.other_right_filed))(**over)


def change_status(random: Random, ref: WholeReference, day: str) -> Any:
    make = random.choice((b.right_lapsed, b.right_restored, b.right_restored))
    del ref
    effect = later(day, random.choice((-300, -20, 0, 20)))
    return make(right=random.choice(RIGHTS), effective_from=effect, published_on=near(random, day))


def revoke(random: Random, ref: WholeReference, day: str) -> Any:
    del ref, day
    if random.randint(0, 5):
        return give_mandate(random, WholeReference(), "2026-11-02")
    party = random.choice(PARTIES[1:])
    by = random.choice((party, b.OPERATOR, b.BANK))
    return b.key_revoked(party=party, key_id=b.key_id(party), revoked_by=by)


def give_mandate(random: Random, ref: WholeReference, day: str) -> Any:
    from ledger.domain.mandate import MandateEnded, MandateGiven  # noqa: PLC0415

    principal, holder = pair(random)
    both = {"mandate": name(random, "mandate", 4), "principal": principal, "holder": holder}
    earlier = ref.all("mandate.given")
    if earlier and random.randint(0, 1):
        chosen = random.choice(earlier)["said"]
        both = {each: chosen[each] for each in both} if random.randint(0, 4) else both
        return b.built(MandateEnded, {**both, "ended_by": random.choice(PARTIES)}, {})
    topics = random.choice((["*"], ["assignment.agreed"], ["contract.concluded", "offer.made"]))
    end = random.choice((None, later(day, 10), later(day, -1)))
    over = {"topics": topics, "ceiling": None, "valid_from": near(random, day), "valid_to": end}
    return b.built(MandateGiven, {**both, **over}, {})


def assign(random: Random, ref: WholeReference, day: str) -> Any:
    right = random.choice(RIGHTS)
    given = holdings(random, owner(random, ref, right))
    others = [party for party in PARTIES if party != given[0]["party"]]
    taken = [{**given[0], "party": random.choice(others)}]
    if not random.randint(0, 9):
        taken = holdings(random, taken[0]["party"])
    parties = {given[0]["party"], taken[0]["party"]}
    consenting = random.choice(([], [], [b.BANK], [p for p in PARTIES if p not in parties]))
    notices = [e["said"]["preemption"] for e in ref.all("coowner.notified")]
    chosen = random.sample(notices, min(len(notices), random.randint(0, 1)))
    return b.assignment_agreed(
        assignment=name(random, "assignment", 6),
        rights=[right],
        assignors=given,
        assignees=taken,
        price=b.vnd(random.choice((800, 1000))),
        agreed_on=near(random, day),
        consenting=consenting,
        notices=chosen if random.randint(0, 9) else ["preemption:9"],
    )


def notify(random: Random, ref: WholeReference, day: str) -> Any:
    if ref.all("coowner.notified") and not random.randint(0, 2):
        notice = random.choice(ref.all("coowner.notified"))["said"]
        by = random.choice((notice["notified"], notice["notified"], *PARTIES))
        return t.preemption_waived(
            preemption=notice["preemption"], waived_by=by, waived_on=near(random, day)
        )
    right = random.choice(RIGHTS)
    seller = owner(random, ref, right)
    others = [party for party in PARTIES if party != seller]
    return t.coowner_notified(
        preemption=name(random, "preemption", 5),
        rights=[right],
        sellers=holdings(random, seller),
        notified=random.choice(others),
        price=b.vnd(random.choice((800, 1000))),
        received_on=near(random, day),
    )


def settle(random: Random, ref: WholeReference, day: str) -> Any:
    """Register, refuse, rescind or note an assignment."""
    found = ref.all("assignment.agreed")
    agreed = random.choice(found)["said"] if found and random.randint(0, 9) else None
    assignment = agreed["assignment"] if agreed else "assignment:9"
    rights = agreed["rights"] if agreed and random.randint(0, 9) else [random.choice(RIGHTS)]
    both = {"assignment": assignment, "rights": rights}
    parties = pair(random)
    if agreed and random.randint(0, 4):
        parties = [agreed["assignors"][0]["party"], agreed["assignees"][0]["party"]]
    which = random.randint(0, 6)
    if which < 2:  # noqa: PLR2004
        until = later(day, random.choice((0, 10, 60, 61)))
        return t.priority_noted(**both, noted_by=random.choice(parties), until=until)
    if which < 5:  # noqa: PLR2004
        return b.assignment_registered(**both, registered_on=near(random, day))
    if which == 5:  # noqa: PLR2004
        return t.assignment_refused(**both, refused_on=near(random, day))
    return t.assignment_rescinded(**both, parties=parties, rescinded_on=near(random, day))


def charge(random: Random, ref: WholeReference, day: str) -> Any:
    found = ref.all("security.created")
    if found and random.randint(0, 2):
        said = random.choice(found)["said"]
        both = {"security": said["security"], "rights": said["rights"]}
        if random.randint(0, 1):
            return t.security_perfected(**both)
        rights = random.choice((said["rights"], [random.choice(RIGHTS)]))
        creditor = random.choice((b.BANK, b.BANK, *PARTIES))
        return b.security_released(
            security=said["security"], rights=rights, creditor=creditor, released_on=day
        )
    right = random.choice(RIGHTS)
    return b.security_created(
        security=name(random, "security", 4),
        rights=[right],
        debtors=[owner(random, ref, right)],
        forbids_assignment=bool(random.randint(0, 1)),
        created_on=near(random, day),
    )


def market(random: Random, ref: WholeReference, day: str) -> Any:
    listing = said_before(random, ref, "listing.published", "listing", "listing")
    which = random.randint(0, 5)
    if which == 0 and random.randint(0, 1):
        return b.listing_closed(listing=listing, closed_by=random.choice(PARTIES))
    if which == 1 and random.randint(0, 1):
        reviewer = random.choice((b.REVIEWER, b.RIVAL))
        return b.listing_suspended(listing=listing, reviewer=reviewer)
    right = random.choice(RIGHTS)
    return b.listing_published(
        listing=name(random, "listing", 6),
        rights=[right],
        lister=owner(random, ref, right),
        reviewer=random.choice((b.REVIEWER, b.REVIEWER, b.OPERATOR, b.RIVAL)),
        expires_on=random.choice((None, later(day, 10))),
    )


def offer(random: Random, ref: WholeReference, day: str) -> Any:
    found = ref.all("offer.made", "offer.countered")
    maker, addressee = pair(random)
    terms = {
        "offer": name(random, "offer", 12),
        "listing": random.choice((None, name(random, "listing", 6))),
        "royalty_ppm": random.choice((ROYALTY_PPM, ROYALTY_PPM, WHOLE + 1)),
        "expires_at": later(day, random.choice((30, 2, -1))) + "T05:00:00.000Z",
        "revocable": bool(random.randint(0, 1)),
    }
    if not found or not random.randint(0, 2):
        return b.offer_made(**terms, offeror=maker, offeree=addressee)
    made = random.choice(found)
    said = made["said"]
    by = random.choice((said["offeree"], said["offeree"], said["offeree"], *PARTIES))
    which = random.randint(0, 6)
    if which < 3:  # noqa: PLR2004
        accepts = made["hash"] if random.randint(0, 3) else b.SOME_HASH
        return b.offer_accepted(offer=said["offer"], accepts=accepts, accepted_by=by)
    if which == 3:  # noqa: PLR2004
        return b.offer_rejected(offer=said["offer"], rejected_by=by)
    if which == 4:  # noqa: PLR2004
        revoker = random.choice((said["offeror"], said["offeror"], by))
        return b.offer_revoked(offer=said["offer"], revoked_by=revoker)
    if by == said["offeror"] or terms["offer"] == said["offer"]:
        by, terms["offer"] = said["offeree"], "offer:13"
    if said["offer"] == terms["offer"]:
        terms["offer"] = "offer:14"
    return b.offer_countered(
        **terms,
        offeror=by,
        offeree=said["offeror"],
        counters=said["offer"],
        counters_event=made["hash"] if random.randint(0, 5) else b.SOME_HASH,
    )


def granted(random: Random, ref: WholeReference, day: str, head: Said | None) -> Said:
    """Return a grant: near its head grant, if there is one."""
    right = head["rights"][0] if head else random.choice(RIGHTS)
    licensor = head["licensee"] if head else owner(random, ref, right)
    licensee = random.choice([party for party in PARTIES if party != licensor])
    start = later(day, random.choice((0, 10, 10, 400, -1)))
    exclusivity = random.choice(("exclusive", "sole", "non_exclusive", "non_exclusive"))
    place, field, acts = random.choice(PLACES), random.choice(FIELDS), random.choice(ACTS)
    if head and random.randint(0, 3):
        exclusivity, acts = "non_exclusive", head["acts"]
        place, field = head["territory"]["codes"][0], head["field"]["codes"][0]
        start = max(start, head["valid_from"])
    ends = (later(start, 300), later(start, 600), later(start, 0), "2031-01-01", "2045-01-01")
    return b.grant(
        licensor=licensor,
        licensee=licensee,
        rights=[right],
        acts=acts,
        exclusivity=exclusivity,
        territory={"codes": [place]},
        field={"scheme": "ipc", "edition": "2026.01", "codes": [field]},
        valid_from=start,
        valid_to=random.choice(ends[:2] * 2 + ends[2:]),
        sublicensing=random.choice(("no", "consent", "free", "free")),
        depth=random.choice((None, 1, 2)),
    )


def terms(random: Random, day: str) -> Said:
    """Return what a contract says beside its grants; seldom something void or missing."""
    price, rate = b.vnd(1000), ROYALTY_PPM
    odd = random.randint(0, 19)
    if odd == 0:
        price, rate = None, None
    return {
        "price": price,
        "royalty_ppm": WHOLE + 1 if odd == 1 else rate,
        "royalty_base": "net_selling_price",
        "no_challenge": "Licensee shall not question" if odd == 2 else None,  # noqa: PLR2004
        "tied_purchases": [{"item": "resin", "quality_reason": None}] if odd == 3 else [],  # noqa: PLR2004
        "concluded_on": near(random, day),
    }


def contract(random: Random, ref: WholeReference, day: str) -> Any:
    found = ref.all("contract.concluded", "sublicence.granted")
    if found and not random.randint(0, 2):
        return sublicense(random, ref, day)
    if found and not random.randint(0, 5):
        return terminate(random, ref, day)
    grant = granted(random, ref, day, None)
    parties = {grant["licensor"], grant["licensee"]}
    others = [party for party in PARTIES if party not in parties]
    accepted = ref.all("offer.accepted")
    follows: Said = {"offer": None, "acceptance": None}
    if accepted and not random.randint(0, 3):
        entry = random.choice(accepted)
        follows = {"offer": entry["said"]["offer"], "acceptance": entry["hash"]}
    if not random.randint(0, 20):
        follows = {"offer": "offer:1", "acceptance": b.SOME_HASH}
    if not random.randint(0, 20):
        parties = {grant["licensor"], others[0]}
    return b.contract_concluded(
        **terms(random, day),
        **follows,
        contract=name(random, "contract", 12),
        parties=sorted(parties),
        consents=random.choice(([], others)) if set(others).isdisjoint(parties) else [],
        grants=[grant],
        effective_from=later(day, random.choice((-200, 0, 0, 10))),
        effective_to=random.choice((None, later(day, 500))),
    )


def sublicense(random: Random, ref: WholeReference, day: str) -> Any:
    chosen = random.choice(ref.all("contract.concluded", "sublicence.granted"))["said"]["contract"]
    head = ref.grant_of(chosen)
    grant = granted(random, ref, day, head)
    parties = {grant["licensor"], grant["licensee"]}
    consents = [head["licensor"]] if random.randint(0, 1) else []
    return b.sublicence_granted(
        **terms(random, day),
        contract=f"contract:{random.randint(13, 20)}",
        head_contract=chosen,
        head_grant="g1" if random.randint(0, 15) else "g2",
        sublicensor=grant["licensor"],
        sublicensee=grant["licensee"],
        grant=grant,
        consents=[party for party in consents if party not in parties],
    )


def terminate(random: Random, ref: WholeReference, day: str) -> Any:
    from tests.support.contracts import contract_terminated  # noqa: PLC0415

    chosen = random.choice(ref.all("contract.concluded", "sublicence.granted"))["said"]
    parties = sorted(ref.parties(chosen))
    return contract_terminated(
        contract=chosen["contract"],
        ground=random.choice(("consent", "consent", "consent", "convenience")),
        terminated_by=parties if random.randint(0, 4) else parties[:1],
        notice=None,
        terminated_on=later(day, random.choice((0, 0, 15))),
        rights=ref.grant_of(chosen["contract"])["rights"] if random.randint(0, 5) else [b.RIGHT],
    )


def agree_on_share(random: Random, ref: WholeReference, day: str) -> Any:
    del day
    one, other = pair(random)
    rate = random.choice((700_000, 333_333, 700_000, WHOLE + 1))
    rest = WHOLE - rate - (0 if random.randint(0, 5) else 1)
    agreed = [one, other] if random.randint(0, 6) else [one]
    return b.share_agreed(
        share=name(random, "share", 6),
        contract=said_before(random, ref, "contract.concluded", "contract", "contract"),
        parts=[b.part(one, rate), b.part(other, rest)],
        agreed_by=agreed,
    )


def report(random: Random, ref: WholeReference, day: str) -> Any:
    found = ref.all("contract.concluded", "sublicence.granted")
    chosen = random.choice(found)["said"]["contract"] if found else "contract:1"
    by = random.choice(PARTIES)
    if found and random.randint(0, 7):
        by = ref.grant_of(chosen)["licensee"]
    before = ref.all("revenue.reported", contract=chosen)
    corrects = random.choice(before)["said"]["report"] if before and random.randint(0, 1) else None
    gross = random.choice((1_000_001, 2_000_010, 500))
    over: Said = {
        "report": name(random, "report", 20),
        "contract": chosen,
        "corrects": corrects,
        "reported_by": by,
        "gross": gross,
        "deductions": [{"kind": "vat", "amount": 100}],
        "base": gross - 100 if random.randint(0, 9) else gross,
    }
    if over["report"] == corrects:
        over["report"] = "report:21"
    due = ref.due(over) if found else 0
    amount = due if random.randint(0, 9) else due + 1
    if amount < 0 and corrects is None:
        amount = 0
    start = f"2026-{random.randint(1, 9):02}-01"
    return b.revenue_reported(
        **over,
        due=b.vnd(amount) if random.randint(0, 20) else {"amount": amount, "currency": "USD"},
        period_from=start,
        period_to=random.choice((later(start, 28), later(start, 28), later(start, 0), "2029-01-01")),
    )


def distribute(random: Random, ref: WholeReference, day: str) -> Any:
    del day
    shares, reports = ref.all("share.agreed"), ref.all("revenue.reported")
    fit = [(s["said"], r["said"]) for s in shares for r in reports]
    fit = [each for each in fit if each[0]["contract"] == each[1]["contract"]] or fit
    if not fit:
        return b.revenue_distributed(share="share:9", contract="contract:1", reports=["report:9"])
    share, filed = random.choice(fit)
    total = ref.left_to_share(filed)
    parts = ref.split(total, share["parts"])
    if not random.randint(0, 7):
        parts[share["parts"][0]["party"]] += 1
    return b.revenue_distributed(
        distribution=name(random, "distribution", 20),
        share=share["share"],
        contract=share["contract"],
        reports=[filed["report"]],
        total=b.vnd(total),
        parts=[{"party": party, "amount": amount} for party, amount in parts.items()],
    )


def pay(random: Random, ref: WholeReference, day: str) -> Any:
    made = ref.all("revenue.distributed")
    if not made:
        return distribute(random, ref, day)
    said = random.choice(made)["said"]
    part = random.choice(said["parts"])
    payer = random.choice([party for party in PARTIES if party != part["party"]])
    by = random.choice((part["party"], part["party"], b.BANK, payer, random.choice(PARTIES)))
    amount = random.choice((part["amount"], part["amount"], part["amount"] + 1, 10))
    currency = "VND" if random.randint(0, 9) else "USD"
    return b.payment_confirmed(
        payment=name(random, "payment", 30),
        distribution=said["distribution"],
        payer=payer,
        payee=part["party"],
        confirmed_by=by,
        amount={"amount": amount, "currency": currency},
        paid_on=near(random, day),
        overpayment=not random.randint(0, 9),
    )


def dispute(random: Random, ref: WholeReference, day: str) -> Any:  # noqa: PLR0911
    found = ref.all("dispute.opened")
    on = random.choice(
        [e["said"][k] for k, topic in _HELD for e in ref.all(topic)] or ["listing:9"]
    )
    claimant, respondent = pair(random)
    if not found or not random.randint(0, 3):
        forum = random.choice((d.COURT, d.COURT, d.COURT, b.BANK))
        return d.dispute_opened(
            name(random, "dispute", 8),
            claimant=claimant,
            respondents=[respondent],
            concerns=[on],
            forum=forum,
        )
    said = random.choice(found)["said"]
    chosen = said["dispute"]
    forum = d.COURT if random.randint(0, 5) else claimant
    gone = ref.lifted(chosen)
    lifts = [d.lift(*on_, name=o) for o, on_ in ref.orders(chosen).items() if o not in gone]
    which = random.randint(0, 9)
    if which < 5:  # noqa: PLR2004
        kind = on.partition(":")[0]
        start, days = near(random, day), random.choice((None, 40, 0))
        over: Said = {"start": start, "end": None if days is None else later(start, days)}
        if kind in ("contract", "share"):
            over["party"] = random.choice((None, claimant))
        order = d.order(_EFFECTS[kind], on, name=f"o{random.randint(1, 4)}", **over)
        return d.hold_ordered(order, dispute=chosen, forum=forum)
    if which < 7:  # noqa: PLR2004
        lifted = random.sample(lifts, 1) if lifts else [d.lift(b.RIGHT, name="o9")]
        return d.hold_lifted(*lifted, dispute=chosen, forum=forum)
    lifts = lifts if random.randint(0, 4) else []
    if which == 7:  # noqa: PLR2004
        by = said["claimant"] if random.randint(0, 4) else claimant
        return d.dispute_withdrawn(chosen, claimant=by, lifts=lifts)
    sides = [said["claimant"], *said["respondents"]] if random.randint(0, 3) else [claimant]
    return d.settlement_recorded(chosen, parties=sides, lifts=lifts)


_HELD = (
    ("right", "right.filed"),
    ("share", "share.agreed"),
    ("listing", "listing.published"),
    ("contract", "contract.concluded"),
)
_EFFECTS = {
    "right": "FREEZE_TITLE",
    "share": "HOLD_PAYMENT",
    "contract": "HOLD_PAYMENT",
    "listing": "SUSPEND_LISTING",
}

ACTIONS: tuple[Action, ...] = (
    file_right,
    change_status,
    revoke,
    give_mandate,
    assign,
    assign,
    notify,
    settle,
    settle,
    charge,
    market,
    offer,
    contract,
    contract,
    agree_on_share,
    report,
    distribute,
    pay,
    dispute,
)
