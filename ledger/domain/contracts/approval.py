"""
What the State has to see before a contract is in force: a permit, a registration.

A contract may wait for either, and says so (`effective_upon`). Whether it has to is the law's word:
a transfer of technology is banned or restricted by its field or by the entry of the list that it
falls under; it is registered if it crosses the border, or is paid with State money.
Refusals come in the order in which they are defined here.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from operator import itemgetter
from typing import Any, Literal

from ledger.domain.contracts.contract_terms import Grant, TermsVersion, Upon
from ledger.domain.core.body import State
from ledger.domain.core.dated_law import Law
from ledger.domain.core.existence import require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step
from ledger.domain.core.scope import field_region
from ledger.domain.parties.party import party_of
from ledger.domain.rights.technology import Technology

Direction = Literal["domestic", "inbound", "outbound", "foreign"]

TRANSFERS = frozenset(
    {"know_how", "technology_transfer", "capital_contribution", "state_purchase", "development"}
)
"""Kinds that transfer technology by themselves; a licence does where it is on a technology."""


class BannedTech(Refusal):
    """What is on the list of banned technologies is not transferred."""

    code = "BANNED_TECH"
    members = ("list_entries", "changes")
    title_vi = "Công nghệ thuộc danh mục cấm chuyển giao"
    article = "Luật Chuyển giao công nghệ, Điều 11"


class PermitMissing(Refusal):
    """A restricted technology is transferred by permit, and not before it."""

    code = "PERMIT_MISSING"
    members = ("effective_upon", "changes")
    title_vi = "Công nghệ hạn chế chuyển giao chưa được cấp giấy phép chuyển giao"
    article = "Luật Chuyển giao công nghệ, Điều 24(2), Điều 28"


class RegistrationNeeded(Refusal):
    """A contract that must be registered is in force from its certificate, not before it."""

    code = "REGISTRATION_NEEDED"
    members = ("effective_upon", "changes")
    title_vi = "Hợp đồng phải đăng ký chỉ có hiệu lực từ khi được cấp giấy chứng nhận đăng ký"
    article = "Luật Chuyển giao công nghệ, Điều 24(3), Điều 31"


def must_wait_for_the_state(state: State, version: TermsVersion, law: Law, day: date) -> None:
    """Refuse a transfer that is banned, or that does not wait for what it has to wait for.

    What was transferred before, in the same direction, is not asked again.
    """
    if not _transfers(version, version.grants):
        return
    stood = version.before if _transfers(version, version.before) else ()
    names, flow = _names(state, version, version.grants), direction(state, version.grants)
    if stood:
        for name in _names(state, version, stood):
            names.pop(name, None)
    _must_not_be_listed(_BANNED, names, version, law, day)
    if version.upon != "permit":
        _must_not_be_listed(_RESTRICTED, names, version, law, day)
    if stood and direction(state, stood) == flow:
        return
    registered = law.find(
        "contract.registration", day, direction=flow, state_money=version.said.state_money
    )
    if registered is not None and version.upon not in ("registration", "permit"):
        raise RegistrationNeeded(
            f"a transfer that is {flow} must be registered",
            positions=version.positions,
            ground=registered,
            step=_awaiting(version, "registration"),
        )


def _transfers(version: TermsVersion, grants: tuple[Grant, ...]) -> bool:
    return version.kind in TRANSFERS or any(grant.technologies for grant in grants)


def direction(state: State, grants: Iterable[Grant]) -> Direction:
    """Return whether technology comes into Vietnam, leaves it, stays within or outside."""
    givers = {party_of(state, grant.licensor).seat for grant in grants}
    takers = {party_of(state, grant.licensee).seat for grant in grants}
    if givers | takers <= {"VN"}:
        return "domestic"
    if "VN" in takers:
        return "inbound"
    return "outbound" if "VN" in givers else "foreign"


def _names(
    state: State, version: TermsVersion, grants: Iterable[Grant]
) -> dict[str | None, int | None]:
    """Return all that a row of the lists may match: declared entries, symbols and those above."""
    grants = tuple(grants)
    regions = (
        field_region(grant.field.scheme, grant.field.edition, grant.field.codes) for grant in grants
    )
    symbols = (symbol for region in regions for path in region.ancestry for symbol in path)
    names: dict[str | None, int | None]
    names = dict.fromkeys((*version.said.list_entries, *symbols))
    on_lists = [
        require_known(state, item, Technology) for grant in grants for item in grant.technologies
    ]
    return names | {item.category: item.classified or item.position for item in on_lists}


_BANNED, _RESTRICTED = "technology.banned", "technology.restricted"


def _must_not_be_listed(
    topic: str, names: Mapping[str | None, int | None], version: TermsVersion, law: Law, day: date
) -> None:
    """Refuse what a row of a list matches; a position is that of who put it on the list."""
    for name, position in sorted(
        ((name, at) for name, at in names.items() if name is not None), key=itemgetter(0)
    ):
        row = law.find(topic, day, matches=name)
        if row is not None:
            refusal: type[Refusal] = BannedTech
            step = Step({"name": name})
            if topic == _RESTRICTED:
                refusal, step = PermitMissing, _awaiting(version, "permit")
            raise refusal(
                f"on the list of {row.instrument}: {row.rule}",
                positions=(*version.positions, *(() if position is None else (position,))),
                ground=row,
                step=step,
            )


def _awaiting(version: TermsVersion, upon: Upon) -> Step:
    """Return the step of waiting for an act of the State: of the event itself, else again."""
    if version.instead is None or upon in version.may_wait:
        return _upon(upon)
    body = {**version.instead.body, "effective_upon": upon}
    return Step(case="anew", instead=Other(version.instead.topic, body))


def _upon(upon: Upon) -> Step:
    return Step(change={"/body/effective_upon": upon})


def must_be_approved(
    subject: str, upon: Upon, acts: tuple[date | None, date | None], position: int, day: date
) -> None:
    """Refuse to be in force on a day before the act of the State that the contract waits for.

    `acts` are the days of its permit and of its registration, `position` that of the contract.
    """
    permitted, registered = acts
    waits: dict[str, tuple[type[Refusal], date | None]] = {
        "permit": (PermitMissing, permitted),
        "registration": (RegistrationNeeded, registered),
    }
    if upon not in waits:
        return
    refusal, act = waits[upon]
    if act is None or day < act:
        raise refusal(
            f"{subject} waits for its {upon}" if act is None else f"its {upon} is of {act}",
            positions=(position,),
            subjects=(subject,),
            step=_approved_first(subject, upon) if act is None else _in_force_from(act),
        )


def _in_force_from(act: date) -> Step:
    return Step({"day": act}, case="later", change={"/body/in_force_from": act.isoformat()})


def _approved_first(subject: str, upon: Upon) -> Step:
    if upon == "permit":
        return Step(case="first", first=(Other("permit.issued/1", {"contract": subject}),))
    of_contract: dict[str, Any] = {"purpose": upon, "amendment": None, "rights": []}
    registered = {"contract": subject, **of_contract}
    return Step(case="first", first=(Other("certificate.issued/1", registered),))


def must_await_registration(
    subject: str, registered: date | None, position: int, upon: Upon
) -> None:
    """Refuse to amend a registered contract but from the certificate of the amendment itself."""
    if registered is not None and upon != "registration":
        raise RegistrationNeeded(
            f"{subject} was registered on {registered}: so is what amends it",
            positions=(position,),
            subjects=(subject,),
            step=_upon("registration"),
        )
