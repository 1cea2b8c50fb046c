"""Random events of the market and of contracts."""

from collections.abc import Iterable
from random import Random
from typing import Any

from ledger.domain.market.offer import Proposed
from tests.support import builders as b
from tests.support.chance import PARTIES, RIGHTS, name, near, owner, pair, said_before
from tests.support.contracts import (
    LATE,
    contract_terminated,
    leave,
    notice_received,
    notice_served,
    terms_amended,
)
from tests.support.market import listing_resumed
from tests.support.reference_days import later
from tests.support.reference_deals import ROYALTY_PPM, WHOLE
from tests.support.reference_model import Said
from tests.support.reference_money import WholeReference

PLACES = ("iso:VN", "vn-2025:01", "vn-2025:48", "iso:VN", "iso:VN", "iso:LA", "vn-2004:VN-27")
FIELDS = ("A61K", "A61P", "A61", "A61K", "A61P", "A02")
ACTS = (["make", "sell"], ["sell"], ["import"])


def publish(random: Random, ref: WholeReference, day: str) -> Any:
    right = random.choice(RIGHTS)
    return b.listing_published(
        listing=name(random, "listing", 6),
        rights=[right],
        lister=owner(random, ref, right),
        reviewer=random.choice((b.REVIEWER, b.REVIEWER, b.OPERATOR, b.RIVAL)),
        expires_on=random.choice((None, later(day, 10))),
    )


def review(random: Random, ref: WholeReference, day: str) -> Any:
    """Suspend, resume or close a listing."""
    del day
    listing = said_before(random, ref, "listing.published", "listing", "listing")
    reviewer = random.choice((b.REVIEWER, b.REVIEWER, b.RIVAL))
    which = random.randint(0, 4)
    if which == 0:
        return b.listing_closed(listing=listing, closed_by=random.choice(PARTIES))
    if which < 3:
        return b.listing_suspended(listing=listing, reviewer=reviewer)
    return listing_resumed(listing=listing, reviewer=reviewer)


def _terms_of_offer(random: Random, ref: WholeReference, day: str) -> Said:
    listed = said_before(random, ref, "listing.published", "listing", "listing")
    return {
        "listing": random.choice((None, listed)),
        "royalty_ppm": random.choice((ROYALTY_PPM, ROYALTY_PPM, ROYALTY_PPM, WHOLE + 1)),
        "expires_at": later(day, random.choice((30, 30, 2, -1))) + "T05:00:00.000Z",
        "revocable": bool(random.randint(0, 1)),
    }


def _proposed(random: Random, ref: WholeReference, day: str, sides: list[str]) -> list[Said]:
    """Return the grant that an offer proposes between its sides; mostly it names none."""
    if random.randint(0, 3):
        return []
    grant = granted(random, ref, day, None)
    sides.sort(key=lambda party: party not in ref.owning(ref.objects(grant)[0]))
    grant["licensor"], grant["licensee"] = sides
    return [{name: grant[name] for name in Proposed.model_fields}]


def offer(random: Random, ref: WholeReference, day: str) -> Any:
    maker, addressee = pair(random)
    terms = _terms_of_offer(random, ref, day)
    terms["proposed"] = _proposed(random, ref, day, [maker, addressee])
    return b.offer_made(**terms, offer=name(random, "offer", 12), offeror=maker, offeree=addressee)


def answer(random: Random, ref: WholeReference, day: str) -> Any:
    """Accept, reject, revoke or counter an offer."""
    found = ref.all("offer.made", "offer.countered")
    made = random.choice(found) if found else {"hash": b.SOME_HASH, "said": _NO_OFFER}
    said = made["said"]
    by = random.choice((said["offeree"], said["offeree"], said["offeree"], *PARTIES))
    which = random.randint(0, 6)
    if which < 3:
        accepts = made["hash"] if random.randint(0, 3) else b.SOME_HASH
        return b.offer_accepted(offer=said["offer"], accepts=accepts, accepted_by=by)
    if which == 3:
        return b.offer_rejected(offer=said["offer"], rejected_by=by)
    if which == 4:
        revoker = random.choice((said["offeror"], said["offeror"], by))
        return b.offer_revoked(offer=said["offer"], revoked_by=revoker)
    number = random.choice([each for each in range(1, 13) if said["offer"] != f"offer:{each}"])
    return b.offer_countered(
        **_terms_of_offer(random, ref, day),
        offer=f"offer:{number}",
        offeror=by if by != said["offeror"] else said["offeree"],
        offeree=said["offeror"],
        counters=said["offer"],
        counters_event=made["hash"] if random.randint(0, 5) else b.SOME_HASH,
    )


_NO_OFFER = {"offer": "offer:99", "offeror": b.INSTITUTE, "offeree": b.FIRM}


def _things(random: Random, ref: WholeReference) -> tuple[list[str], list[str]]:
    """Return what a grant is on: a right, mostly, or a technology, or both."""
    known = bool(ref.all("technology.registered"))
    which = random.randint(0, 9 if known else 5)
    right = [random.choice(RIGHTS)] if which < 8 else []
    return right, [b.TECHNOLOGY] if which > 6 else []


def _things_of(head: Said) -> tuple[list[str], list[str]]:
    return head["rights"], head["technologies"]


def granted(random: Random, ref: WholeReference, day: str, head: Said | None) -> Said:
    """Return a grant: near its head grant, if there is one."""
    rights, technologies = _things(random, ref) if head is None else _things_of(head)
    things = [*rights, *technologies]
    licensor = head["licensee"] if head else owner(random, ref, things[0])
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
        rights=rights,
        technologies=technologies,
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
        "no_challenge": "Licensee shall not question" if odd == 2 else None,
        "tied_purchases": [{"item": "resin", "quality_reason": None}] if odd == 3 else [],
        "concluded_on": near(random, day),
        "confirms": random.choice((None, None, LATE["confirms"])),
    }


def exits(random: Random, parties: Iterable[str]) -> list[Said]:
    """Return the exits of a contract: mostly one for everybody, seldom for a stranger, or none."""
    who = sorted(parties)
    if not random.randint(0, 4):
        return []
    if not random.randint(0, 20):
        who = [b.OPERATOR]
    ground = random.choice(("convenience", "convenience", "breach"))
    days = {each: random.choice((None, 0, 3, 3)) for each in ("notice_days", "cure_days")}
    return [leave(who=who if random.randint(0, 4) else who[:1], ground=ground, **days)]


def conclude(random: Random, ref: WholeReference, day: str) -> Any:
    grant = granted(random, ref, day, None)
    parties = {grant["licensor"], grant["licensee"]}
    others = [party for party in PARTIES if party not in parties]
    accepted = ref.all("offer.accepted")
    follows: Said = {"offer": None, "acceptance": None}
    if accepted and not random.randint(0, 2):
        follows, parties = _as_accepted(random, ref, grant, random.choice(accepted))
        others = [party for party in PARTIES if party not in parties]
    if not random.randint(0, 20):
        follows = {"offer": "offer:1", "acceptance": b.SOME_HASH}
    if not random.randint(0, 20):
        parties = {grant["licensor"], (others or PARTIES)[0]}
    return b.contract_concluded(
        **{**terms(random, day), **follows},
        contract=name(random, "contract", 12),
        parties=sorted(parties),
        consents=random.choice(([], others)) if set(others).isdisjoint(parties) else [],
        grants=[grant],
        exits=exits(random, parties),
        effective_from=later(day, random.choice((-200, 0, 0, 10))),
        effective_to=random.choice((None, None, None, later(day, 500))),
    )


def _as_accepted(
    random: Random, ref: WholeReference, grant: Said, entry: Said
) -> tuple[Said, set[str]]:
    """Return what a contract has from an acceptance, mostly, and its parties; change the grant."""
    made = ref.made(entry["said"]["offer"])
    assert made is not None
    offer = made["said"]
    follows: Said = {"offer": offer["offer"], "acceptance": entry["hash"]}
    if random.randint(0, 5):
        follows.update({each: offer[each] for each in ("price", "royalty_ppm")})
    listing = ref.one("listing.published", listing=offer["listing"] or "")
    if listing is not None and random.randint(0, 5):
        grant["rights"] = listing["rights"]
        grant["technologies"] = []
    sides = [offer["offeror"], offer["offeree"]]
    if random.randint(0, 5):
        owners = ref.owning(ref.objects(grant)[0])
        sides.sort(key=lambda party: party not in owners)
        grant["licensor"], grant["licensee"] = sides
    if offer["proposed"] and random.randint(0, 5):
        grant.update(offer["proposed"][0])
        grant["sublicensing"] = random.choice(("no", "consent", grant["sublicensing"]))
    return follows, {grant["licensor"], grant["licensee"]}


def amend(random: Random, ref: WholeReference, day: str) -> Any:
    """Change the exits or the rate of a contract, or how deep a grant may be passed on."""
    chosen = a_contract(random, ref)
    while "head_contract" in (ref.contract(chosen) or {}):
        chosen = ref.above(chosen)[0]
    found = ref.contract(chosen)
    parties = sorted(ref.parties(found)) if found else [b.FIRM, b.INSTITUTE]
    which = random.choice((0, 0, 1, 2))
    changes: Said = {"exits": exits(random, parties) if random.randint(0, 2) else []}
    rights: list[str] = []
    if which == 1:
        changes = {"royalty_ppm": random.choice((ROYALTY_PPM, 40_000, 60_000, WHOLE + 1))}
    elif which == 2 and found:
        grant = {**ref.grant_of(chosen), "depth": random.choice((None, 0, 1))}
        changes, rights = {"grants": [grant]}, ref.objects(grant)
    start = later(day, random.choice((0, 0, 20, -2)))
    while ref.all("terms.amended", contract=chosen, effective_from=start):
        start = later(start, 1)
    sharers = sorted(ref.sharers(chosen)) if found else []
    return terms_amended(
        contract=chosen,
        changes=changes,
        consents=sharers if start < day and random.randint(0, 1) else [],
        rights=rights if random.randint(0, 9) else [b.RIGHT],
        parties=parties if random.randint(0, 9) else sorted(pair(random)),
        concluded_on=near(random, day),
        effective_from=start,
        confirms=random.choice((None, None, LATE["confirms"])),
    )


def a_contract(random: Random, ref: WholeReference) -> str:
    """Return a contract of the log, mostly one that was not ended, or an unknown one."""
    made = ref.all("contract.concluded", "sublicence.granted")
    found = [str(entry["said"]["contract"]) for entry in made]
    left = [each for each in found if not ref.all("contract.terminated", contract=each)]
    left = left if left and random.randint(0, 7) else found
    return random.choice(left) if left else "contract:99"


def sublicense(random: Random, ref: WholeReference, day: str) -> Any:
    chosen = a_contract(random, ref)
    head = ref.grant_of(chosen) if ref.contract(chosen) else b.grant()
    grant = granted(random, ref, day, head)
    parties = {grant["licensor"], grant["licensee"]}
    consents = [head["licensor"]] if random.randint(0, 1) else []
    free = [f"contract:{number}" for number in range(13, 21)]
    return b.sublicence_granted(
        **terms(random, day),
        contract=random.choice([each for each in free if each != chosen]),
        head_contract=chosen,
        head_grant="g1" if random.randint(0, 15) else "g2",
        sublicensor=grant["licensor"],
        sublicensee=grant["licensee"],
        grant=grant,
        consents=[party for party in consents if party not in parties],
    )


_MATTERS: tuple[Said, ...] = (
    *({},) * 5,
    {"exit": None},
    {"matter": "breach"},
    {"matter": "renewal", "exit": None},
)


def serve(random: Random, ref: WholeReference, day: str) -> Any:
    chosen = a_contract(random, ref)
    found = ref.contract(chosen)
    sides = sorted(ref.parties(found)) if found and random.randint(0, 5) else pair(random)
    sender, addressee = random.sample(sides, 2)
    return notice_served(
        notice=name(random, "notice", 8),
        contract=chosen,
        served_by=sender,
        served_on=addressee,
        sent_on=near(random, day),
        **random.choice(_MATTERS),
    )


def receive(random: Random, ref: WholeReference, day: str) -> Any:
    found = ref.all("notice.served")
    said = random.choice(found)["said"] if found else {"notice": "notice:9", "served_on": b.FIRM}
    contract = said.get("contract") if random.randint(0, 9) else None
    by = random.choice((said["served_on"], said["served_on"], b.OPERATOR, *PARTIES))
    return notice_received(
        notice=said["notice"],
        contract=contract or "contract:9",
        received_on=near(random, day),
        confirmed_by=by,
    )


def terminate(random: Random, ref: WholeReference, day: str) -> Any:
    """End a contract by consent, or by a notice that is about it, mostly."""
    chosen = a_contract(random, ref)
    served = ref.all("notice.served", contract=chosen) or ref.all("notice.served")
    notice = random.choice(served)["said"] if served and random.randint(0, 5) else None
    found = ref.contract(chosen)
    parties = sorted(ref.parties(found)) if found else [b.FIRM, b.INSTITUTE]
    ground = random.choice(("consent", "exit", "exit", "exit", "serious_breach"))
    alone = [notice["served_by"]] if notice and random.randint(0, 5) else parties[:1]
    rights = ref.objects(ref.grant_of(chosen)) if found and random.randint(0, 9) else [b.RIGHT]
    confirms = LATE["confirms"] if found and not random.randint(0, 3) else None
    if confirms is not None and random.randint(0, 2):
        parties = sorted({*parties, *ref.concerned(chosen, day)})
    arrived = ref.all("notice.received", notice=notice["notice"]) if notice else []
    days = [later(each["said"]["received_on"], random.randint(0, 4)) for each in arrived]
    days = [max(day, each) if random.randint(0, 5) else each for each in days]
    exits = ref.terms_on(chosen, day)["exits"] if found else []
    ground = "exit" if exits and notice and random.randint(0, 2) else ground
    return contract_terminated(
        contract=chosen,
        ground=ground,
        exit=random.choice(("out", "out", "out", "other")) if ground == "exit" else None,
        terminated_by=parties if ground == "consent" and random.randint(0, 4) else alone,
        notice=None if notice is None else notice["notice"],
        terminated_on=random.choice((day, later(day, 15), later(day, -5), *days, *days)),
        confirms=confirms,
        rights=rights,
    )
