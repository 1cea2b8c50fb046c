"""
What a contract has to say, and what it may not: contents by law, clauses void by themselves.

Both are rows of law data: which contents a kind of contract needs (`contract.content`), which
clause is void for which kind of industrial property (`contract.void_clause`), each on the day whose
law judges the contract (`law_day`). `breaches` finds all of them, admission refuses the first.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from ledger.domain.contracts.contract_terms import (
    AgreedTerms,
    Exit,
    ExportBan,
    Grant,
    TermsMembers,
    TermsVersion,
)
from ledger.domain.core.body import State
from ledger.domain.core.dated_law import Law
from ledger.domain.core.existence import last_day, require_known
from ledger.domain.core.ground import Ground
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Phrase, Step
from ledger.domain.core.scope import territory_region
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.signature_refusals import SignerMissing
from ledger.domain.rights.protection import territory_of
from ledger.domain.rights.right import Right


class VoidImprovementBack(Refusal):
    """The licensee may improve what it uses, and passes improvements back only for pay."""

    code = "VOID_IMPROVEMENT_BACK"
    members = ("improvements", "changes")
    title_vi = "Điều khoản vô hiệu: cấm cải tiến hoặc buộc chuyển giao miễn phí cải tiến"
    article = "Luật Sở hữu trí tuệ, Điều 144(2)(a)"


class VoidExportBan(Refusal):
    """Exports may be banned only to where the licensor holds the right."""

    code = "VOID_EXPORT_BAN"
    members = ("export_bans", "changes")
    title_vi = "Điều khoản vô hiệu: cấm xuất khẩu sang nơi bên chuyển quyền không có quyền"
    article = "Luật Sở hữu trí tuệ, Điều 144(2)(b)"


class VoidTiedPurchase(Refusal):
    """The licensee must buy from a given source only what quality needs."""

    code = "VOID_TIED_PURCHASE"
    members = ("tied_purchases", "changes")
    title_vi = "Điều khoản vô hiệu: buộc mua hàng không nhằm bảo đảm chất lượng"
    article = "Luật Sở hữu trí tuệ, Điều 144(2)(c)"


class VoidNoChallenge(Refusal):
    """The licensee may dispute the validity of the right, and whether it was the licensor's."""

    code = "VOID_NO_CHALLENGE"
    members = ("no_challenge", "changes")
    title_vi = "Điều khoản vô hiệu: cấm khiếu kiện về hiệu lực hoặc quyền của bên chuyển quyền"
    article = "Luật Sở hữu trí tuệ, Điều 144(2)(d)"


class GrantOutlastsContract(Refusal):
    """What is granted by a contract ends with it at the latest; a contract may have no last day."""

    code = "GRANT_OUTLASTS_CONTRACT"
    members = ("effective_to", "changes")
    title_vi = "Thời hạn cấp quyền dài hơn thời hạn của hợp đồng"
    article = "Luật Sở hữu trí tuệ, Điều 144(1)"


def must_end_with_the_contract(
    grants: Collection[Grant], effective_to: date | None, pointer: str
) -> None:
    """Raise `GrantOutlastsContract` for grants that a contract says to run on after its end.

    `pointer` is where the end stands in the payload.
    """
    if effective_to is None:
        return
    ends = {grant.valid_to for grant in grants}
    end = None if None in ends else max(filter(None, ends), default=None)
    for grant in grants:
        if grant.valid_to is None or grant.valid_to > effective_to:
            raise GrantOutlastsContract(
                f"the contract runs to {last_day(effective_to)}, grant {grant.grant} to "
                f"{last_day(grant.valid_to) or 'no day'}",
                step=Step(
                    {"as_long": _up_to(end)},
                    change={pointer: end and end.isoformat()},
                ),
            )


def must_end_when_cut_short(
    grants: Sequence[Grant], cut_short: tuple[date, int] | None, pointer: str
) -> None:
    """Raise `GrantOutlastsContract` for grants beyond the day from which a contract is over.

    That is said by the event at the position beside it; `pointer` is where the grants stand.
    """
    if cut_short is None:
        return
    day, position = cut_short
    for number, grant in enumerate(grants):
        if grant.valid_to is None or grant.valid_to > day:
            raise GrantOutlastsContract(
                f"the contract runs to {last_day(day)}, grant {grant.grant} to "
                f"{last_day(grant.valid_to) or 'no day'}",
                positions=(position,),
                pointer=f"{pointer}/{number}/valid_to",
                step=Step(
                    {"as_long": _up_to(day)},
                    case="ended",
                    change={f"{pointer}/{number}/valid_to": day.isoformat()},
                ),
            )


def _up_to(end: date | None) -> Phrase:
    if end is None:
        return Phrase("without an end", "không thời hạn")
    return Phrase(f"to {last_day(end)} inclusive", f"đến hết ngày {last_day(end)}")


def must_let_out(exits: Sequence[Exit], parties: Iterable[str], at: str = "/body/exits") -> None:
    """Refuse an exit for one who is no party; `at` is where the exits stand in the payload."""
    among = frozenset(parties)
    for number, each in enumerate(exits):
        if absent := set(each.who) - among:
            left = sorted(among.intersection(each.who) or among)
            told = {"exit": each.exit, "who": ", ".join(left)}
            kept = each.model_copy(update={"who": tuple(left)})
            all_of = (*exits[:number], kept, *exits[number + 1 :])
            raise SignerMissing(
                f"exit {each.exit} is for one who is no party",
                subjects=absent,
                step=Step(
                    told, case="exit", change={at: [one.model_dump(mode="json") for one in all_of]}
                ),
            )


def must_have_contents(version: TermsVersion, law: Law, day: date) -> None:
    """Raise `ContentMissing`, naming what the law asks of this kind of contract and is not said.

    A contract whose grants have ended had its scope.
    """
    kind, terms = version.kind, version.terms
    ground = law.find("contract.content", day, kind=kind)
    if ground is None:
        return
    said: Mapping[str, object] = {
        "scope": (*version.before, *version.grants),
        "price": any(part is not None for part in (terms.price, terms.royalty_ppm, terms.royalty)),
        "dispute_body": terms.dispute_body,
    }
    missing = [name for name in ground.names("required") if not said[name]]
    if missing:
        raise ContentMissing(
            f"a {kind} contract states its {', '.join(missing)}",
            ground=ground,
            positions=version.positions,
            pointer=version.at(_MEMBERS.get(missing[0], missing[0])),
            step=Step(
                {"what": ", ".join(missing)},
                ask=tuple(f"{version.place}/{_MEMBERS.get(name, name)}" for name in missing),
            ),
        )


_MEMBERS = {"scope": "grants"}
"""Which member says a content of the law, where it is not called the same."""


class DateUnproven(Refusal):
    """The parties' word about an earlier day saves no clause that is void when it is recorded."""

    code = "DATE_UNPROVEN"
    members = ("concluded_on",)
    title_vi = "Ngày ký do các bên tự khai không giúp điều khoản thoát khỏi pháp luật ngày ghi sổ"


def must_be_free_of_void_clauses(
    state: State,
    terms: TermsMembers,
    grants: tuple[Grant, ...],
    law: Law,
    day: date,
    said_on: date | None = None,
) -> None:
    """Raise the refusal of the first clause that is void by itself, by the law of a day.

    `said_on` is the day of which the parties say that they agreed on it: `DateUnproven` if the law
    of that day would have let it pass.
    """
    for breach in breaches(state, terms, grants, law, day):
        if said_on is not None and not any(
            type(each) is type(breach) for each in breaches(state, terms, grants, law, said_on)
        ):
            raise DateUnproven(
                f"{breach.detail}: void by the law of {day}, on which it is recorded, and nothing "
                f"proves that it was agreed on {said_on}; leave the clause out",
                positions=breach.positions,
                subjects=breach.subjects,
                ground=breach.ground,
                step=breach.step,
            )
        raise breach


def breaches(
    state: State, terms: TermsMembers, grants: Iterable[Grant], law: Law, day: date
) -> Iterator[Refusal]:
    """Yield a refusal for each clause that is void, in the order of IP Law art. 144(2)."""
    rights = {
        right: require_known(state, right, Right) for grant in grants for right in grant.rights
    }
    kinds = sorted({right.kind for right in rights.values()})
    place = "/body" if isinstance(terms, AgreedTerms) else "/body/changes"
    for clause, refusal, find, member in _CLAUSES:
        details = tuple(find(state, terms, rights))
        ground = _ground(law, day, clause, kinds) if details else None
        if ground is not None:
            left = Step(change={f"{place}/{member}": _lawful(state, terms, rights)[member]})
            yield from (_breach(refusal, detail, rights, ground, left) for detail in details)


def _ground(law: Law, day: date, clause: str, kinds: Iterable[str]) -> Ground | None:
    """Return why the clause is void for one of these kinds of right, if it is."""
    found = (law.find("contract.void_clause", day, clause=clause, object=kind) for kind in kinds)
    return next((ground for ground in found if ground is not None), None)


def _breach(
    refusal: type[Refusal], detail: str, rights: Mapping[str, Right], ground: Ground, left: Step
) -> Refusal:
    positions = (right.position for right in rights.values())
    return refusal(detail, positions=positions, subjects=rights, ground=ground, step=left)


def _lawful(state: State, terms: TermsMembers, rights: Mapping[str, Right]) -> dict[str, object]:
    """Return the members without what may be void in them."""
    bans = [each for each in terms.export_bans if _is_held_there(state, each, rights)]
    tied = [each for each in terms.tied_purchases if each.quality_reason is not None]
    return {
        "improvements": None,
        "export_bans": [each.model_dump(mode="json") for each in bans],
        "tied_purchases": [each.model_dump(mode="json") for each in tied],
        "no_challenge": None,
    }


_Find = Callable[[State, TermsMembers, Mapping[str, Right]], Iterator[str]]


def _improvement_back(
    state: State, terms: TermsMembers, rights: Mapping[str, Right]
) -> Iterator[str]:
    del state, rights
    said = terms.improvements
    if said is not None and said.forbidden:
        yield _quoted("the licensee may not improve", said.clause)
    if said is not None and said.owner == "licensor" and not said.paid:
        yield _quoted("the licensee's improvements belong to the licensor free", said.clause)


def _export_ban(state: State, terms: TermsMembers, rights: Mapping[str, Right]) -> Iterator[str]:
    for ban in terms.export_bans:
        if not _is_held_there(state, ban, rights):
            yield _quoted(f"the licensor has no right in {ban.territory}", ban.clause)


def _is_held_there(state: State, ban: ExportBan, rights: Mapping[str, Right]) -> bool:
    """Whether a title of the licensor's covers the place: one named, or one of the contract."""
    owners = frozenset(owner for right in rights.values() for owner in right.owners)
    titles = [right for right in rights.values() if right.territory]
    if ban.right is not None:
        named = require_known(state, ban.right, Right)
        titles += [named] if not owners.isdisjoint(named.owners) else []
    place = territory_region((ban.territory,))
    return any(territory_of(title).contains(place) for title in titles)


def _tied_purchase(state: State, terms: TermsMembers, rights: Mapping[str, Right]) -> Iterator[str]:
    del state, rights
    for tied in terms.tied_purchases:
        if tied.quality_reason is None:
            yield _quoted(f"{tied.item} must be bought, and quality is no reason", tied.clause)


def _no_challenge(state: State, terms: TermsMembers, rights: Mapping[str, Right]) -> Iterator[str]:
    del state, rights
    if terms.no_challenge is not None:
        yield _quoted("the licensee may not dispute the licensor's rights", terms.no_challenge)


def _quoted(what: str, clause: str | None) -> str:
    return what if clause is None else f"{what}: {clause}"


_CLAUSES: tuple[tuple[str, type[Refusal], _Find, str], ...] = (
    ("improvement_back", VoidImprovementBack, _improvement_back, "improvements"),
    ("export_ban", VoidExportBan, _export_ban, "export_bans"),
    ("tied_purchase", VoidTiedPurchase, _tied_purchase, "tied_purchases"),
    ("no_challenge", VoidNoChallenge, _no_challenge, "no_challenge"),
)
"""Each with the member of the terms that it stands in."""
