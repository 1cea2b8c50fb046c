"""Random events of what is shared, paid and disputed."""

from random import Random
from typing import Any

from tests.support import builders as b
from tests.support import disputes as d
from tests.support import moneys as m
from tests.support.chance import PARTIES, name, near, pair
from tests.support.random_deals import a_contract
from tests.support.reference_days import later
from tests.support.reference_deals import WHOLE
from tests.support.reference_model import Said
from tests.support.reference_money import WholeReference


def agree_on_share(random: Random, ref: WholeReference, day: str) -> Any:
    """Agree on shares of a contract: mostly by its licensor, seldom by others or without some."""
    del day
    contract = a_contract(random, ref)
    one, other = pair(random)
    if ref.contract(contract) and random.randint(0, 4):
        one = ref.grant_of(contract)["licensor"]
        other = random.choice([party for party in PARTIES if party != one])
    rate = random.choice((700_000, 333_333, 700_000, WHOLE + 1))
    rest = WHOLE - rate - (0 if random.randint(0, 5) else 1)
    earlier = ref.all("share.agreed", contract=contract)
    standing = ref.standing(contract, "revenue")
    before = [
        e["said"] for e in earlier if e["said"]["share"] in standing or not random.randint(0, 9)
    ]
    bound = [part["party"] for said in before for part in said["parts"]]
    agreed = {one, *([other] if random.randint(0, 2) else [])}
    agreed |= {*(bound if random.randint(0, 3) else [])}
    supersedes = before[-1]["share"] if before else None
    free = [f"share:{number}" for number in range(12) if f"share:{number}" != supersedes]
    return b.share_agreed(
        share=random.choice(free),
        contract=contract,
        parts=[b.part(one, rate), b.part(other, rest)],
        agreed_by=sorted(agreed),
        supersedes=supersedes if random.randint(0, 5) else None,
    )


def report(random: Random, ref: WholeReference, day: str) -> Any:
    """Report under a flat rate; or correct a report."""
    chosen = a_contract(random, ref)
    deed = ref.contract(chosen)
    by = random.choice(PARTIES)
    if deed and random.randint(0, 7):
        by = ref.grant_of(chosen)["licensee"]
    before = ref.all("revenue.reported", contract=chosen)
    corrects = random.choice(before)["said"]["report"] if before and random.randint(0, 1) else None
    gross = random.choice((1_000_001, 2_000_010, 500))
    start, end = _sold(random, ref, chosen, day)
    odd = 100 if not random.randint(0, 14) else 0
    over: Said = {
        "report": name(random, "report", 20),
        "contract": chosen,
        "corrects": corrects,
        "reported_by": by,
        "period_from": start,
        "period_to": end,
        "currency": "VND",
        "gross": gross,
        "deductions": [{"kind": "vat", "amount": odd}] if odd else [],
        "base": gross - odd if random.randint(0, 9) else gross - 1,
        "units": 0,
        "lines": [],
        "rate": None,
        "stacked": 0,
        "due": b.vnd(0),
        "reckoning": None,
    }
    if over["report"] == corrects:
        over["report"] = "report:21"
    due = ref.reckoning(over)[1] if deed else 0
    amount = due if random.randint(0, 9) else due + 1
    currency = "VND" if random.randint(0, 20) else "USD"
    return b.revenue_reported(**{**over, "due": {"amount": amount, "currency": currency}})


def _sold(random: Random, ref: WholeReference, contract: str, day: str) -> tuple[str, str]:
    """Return days on which something was sold: under the contract and over, mostly."""
    if not ref.contract(contract) or not random.randint(0, 9):
        return later(day, -400), later(day, random.choice((-390, 1)))
    begins = ref.grant_of(contract)["valid_from"]
    start = later(begins, random.randint(-1, 12))
    return start, later(start, random.choice((0, 1, 3, 7, 7)))


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


def _payment(random: Random, ref: WholeReference) -> Said:
    """Return who pays whom on which distribution, and the amount that it gives."""
    made = ref.all("revenue.distributed")
    if not made:
        return {"distribution": "distribution:99", "payee": PARTIES[0], "payer": PARTIES[1]}
    said = random.choice(made)["said"]
    part = random.choice(said["parts"])
    payer = random.choice([party for party in PARTIES if party != part["party"]])
    return {"distribution": said["distribution"], "payee": part["party"], "payer": payer}


def pay(random: Random, ref: WholeReference, day: str) -> Any:
    """Confirm a payment, of one that was instructed where there is one, or say that it failed."""
    instructed = ref.all("payment.instructed")
    between = _payment(random, ref)
    payment = name(random, "payment", 30)
    if instructed and random.randint(0, 2):
        said = random.choice(instructed)["said"]
        payment = said["payment"]
        between = {each: said[each] for each in between} if random.randint(0, 9) else between
    if not random.randint(0, 5):
        by = random.choice((between["payer"], b.BANK, *PARTIES))
        return m.payment_failed(payment=payment, said_by=by, failed_on=near(random, day))
    overpaid = not random.randint(0, 3)
    amount = _amount(random, ref, between) + (random.randint(1, 3) if overpaid else 0)
    currency = "VND" if random.randint(0, 9) else "USD"
    gets = between["payer" if amount < 0 else "payee"]
    by = random.choice((gets, gets, b.BANK, *PARTIES))
    return b.payment_confirmed(
        **between,
        payment=payment,
        confirmed_by=by,
        amount={"amount": amount, "currency": currency},
        paid_on=near(random, day),
        overpayment=overpaid,
    )


def _amount(random: Random, ref: WholeReference, between: Said) -> int:
    """Return what is payable, mostly, or a little else."""
    payable = 10
    if ref.one("revenue.distributed", distribution=between["distribution"]):
        payable = ref.payable(between["distribution"], between["payee"])
    return random.choice((payable, payable, payable + 1, 10))


def instruct(random: Random, ref: WholeReference, day: str) -> Any:
    between = _payment(random, ref)
    return m.payment_instructed(
        **between,
        payment=name(random, "payment", 30),
        amount=b.vnd(max(_amount(random, ref, between), 1)),
        instructed_on=near(random, day),
    )


def give_back(random: Random, ref: WholeReference, day: str) -> Any:
    """Note that too much was paid, or give back."""
    paid = ref.all("payment.confirmed", overpayment=True) or ref.all("payment.confirmed")
    between = _payment(random, ref)
    if paid and random.randint(0, 7):
        said = random.choice(paid)["said"]
        between = {each: said[each] for each in between}
    above = 1
    if ref.one("revenue.distributed", distribution=between["distribution"]):
        of = (between["distribution"], between["payee"])
        above = max(ref.confirmed(*of) - ref.payable(*of), 1)
    amount = random.choice((above, above, above, above + 1))
    if random.randint(0, 2):
        return m.overpayment_noted(amount, **between, noted_on=near(random, day))
    by = random.choice((between["payer"], between["payer"], b.BANK, *PARTIES))
    return m.refund_made(
        amount,
        **between,
        refund=name(random, "refund", 9),
        confirmed_by=by,
        paid_on=near(random, day),
    )


_HELD = {
    "right": "right.filed",
    "share": "share.agreed",
    "listing": "listing.published",
    "contract": "contract.concluded",
}
_EFFECTS = {
    "right": "FREEZE_TITLE",
    "share": "HOLD_PAYMENT",
    "contract": "HOLD_PAYMENT",
    "listing": "SUSPEND_LISTING",
}


def _something(random: Random, ref: WholeReference) -> str:
    """Return a subject that can be held."""
    kinds = [kind for kind, topic in _HELD.items() if ref.all(topic)]
    if not kinds:
        return "listing:9"
    kind = random.choice(kinds)
    subject: str = random.choice(ref.all(_HELD[kind]))["said"][kind]
    return subject


def open_dispute(random: Random, ref: WholeReference, day: str) -> Any:
    claimant, respondent = pair(random)
    return d.dispute_opened(
        name(random, "dispute", 8),
        claimant=claimant,
        respondents=[respondent],
        concerns=[_something(random, ref)],
        forum=random.choice((d.COURT, d.COURT, d.COURT, b.BANK)),
        known_since=later(day, -30),
    )


def _a_dispute(random: Random, ref: WholeReference) -> Said:
    """Return a dispute, mostly one that is open, and what its forum can lift."""
    found = [entry["said"] for entry in ref.all("dispute.opened")]
    standing = [said for said in found if ref.open(said["dispute"])]
    if not found:
        return {"dispute": "dispute:9", "claimant": b.FIRM, "respondents": [b.RIVAL], "lifts": []}
    said = random.choice(standing if standing and random.randint(0, 5) else found)
    gone, orders = ref.lifted(said["dispute"]), ref.orders(said["dispute"])
    held = ref.holding_orders(said["dispute"])
    lifts = [
        d.lift(*on, name=each) for each, on in orders.items() if each in held and each not in gone
    ]
    return {**said, "lifts": lifts}


def order(random: Random, ref: WholeReference, day: str) -> Any:
    """Order or lift a hold."""
    said = _a_dispute(random, ref)
    forum = d.COURT if random.randint(0, 9) else random.choice(PARTIES)
    if random.randint(0, 2):
        given = _hold(random, ref, day)
        return d.hold_ordered(given, dispute=said["dispute"], forum=forum)
    lifts = said["lifts"]
    lifted = random.sample(lifts, 1) if lifts else [d.lift(b.RIGHT, name="o9")]
    return d.hold_lifted(*lifted, dispute=said["dispute"], forum=forum)


def _hold(random: Random, ref: WholeReference, day: str) -> Said:
    on = _something(random, ref)
    kind = on.partition(":")[0]
    start, days = near(random, day), random.choice((None, None, 40, 0))
    over: Said = {"start": start, "end": None if days is None else later(start, days)}
    if kind in ("contract", "share"):
        over["party"] = random.choice((None, random.choice(PARTIES)))
    return d.order(_EFFECTS[kind], on, name=f"o{random.randint(1, 4)}", **over)


_DEEDS = ("contract.concluded", "sublicence.granted", "assignment.agreed", "share.agreed")


def rule(random: Random, ref: WholeReference, day: str) -> Any:
    """Take a case, hear it, or decide it: mostly by declaring a deed void."""
    said = _a_dispute(random, ref)
    forum = d.COURT if random.randint(0, 9) else random.choice(PARTIES)
    which = random.randint(0, 5)
    if which == 0:
        admitted = near(random, day)
        return d.dispute_admitted(said["dispute"], forum=forum, admitted_on=admitted)
    if which == 1:
        by = random.choice((said["claimant"], *said["respondents"], *PARTIES))
        return d.evidence_filed(said["dispute"], filed_by=by)
    deeds = [entry for topic in _DEEDS for entry in ref.all(topic)]
    orders = [_voidance(random, ref, day, random.choice(deeds))] if deeds else []
    return d.ruling_made(
        said["dispute"],
        forum=forum,
        ruled_on=near(random, day),
        final=not random.randint(0, 2),
        orders=orders if random.randint(0, 4) else [],
        lifts=said["lifts"] if random.randint(0, 4) else [],
    )


def _voidance(random: Random, ref: WholeReference, day: str, entry: Said) -> Said:
    said = entry["said"]
    topic = entry["topic"].partition(".")[0]
    kind = "contract" if topic == "sublicence" else topic
    rights = said.get("rights", ())
    if kind == "contract":
        rights = ref.grant_of(said["contract"])["rights"]
    if not random.randint(0, 9):
        rights = [b.OTHER_RIGHT] if ref.one("right.filed", right=b.OTHER_RIGHT) else ()
    # Seldom the hash of another event of the log than the one that made the deed.
    event = entry["hash"] if random.randint(0, 9) else random.choice(ref.log)["hash"]
    start = later(day, random.choice((0, 0, -5, 20)))
    named = f"o{random.randint(5, 9)}"
    return d.order("DECLARE_VOID", said[kind], *rights, name=named, event=event, start=start)


def end_dispute(random: Random, ref: WholeReference, day: str) -> Any:
    del day
    said = _a_dispute(random, ref)
    lifts = said["lifts"] if random.randint(0, 4) else []
    if random.randint(0, 1):
        by = said["claimant"] if random.randint(0, 4) else random.choice(PARTIES)
        return d.dispute_withdrawn(said["dispute"], claimant=by, lifts=lifts)
    sides = [said["claimant"], *said["respondents"]]
    sides = sides if random.randint(0, 3) else [random.choice(PARTIES)]
    return d.settlement_recorded(said["dispute"], parties=sides, lifts=lifts)
