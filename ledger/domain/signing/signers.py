"""
Who signs what, and whether those who did were able to.

Every line must bind a party that the event binds, and every such party needs a line: by a key of
its own, or by a key of somebody who holds its mandate for that topic, sum and day. So no signature
can be stripped from an event, and none added. `who_signs` has the table.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from ledger.domain.contracts.royalty import Royalty
from ledger.domain.core.body import Body, State, key_subject
from ledger.domain.core.context import Context, OpeningRequired, if_opened, recall, reveal
from ledger.domain.core.event import Event
from ledger.domain.core.existence import require_known
from ledger.domain.core.money import Money, ppm
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import (
    HERE,
    Other,
    Phrase,
    Step,
    anybody_but,
    changed,
    leaving_out,
    listed,
)
from ledger.domain.core.types import format_instant, legal_day
from ledger.domain.government.governance import DelayAdopted, OperationHandedOver
from ledger.domain.government.ledger import LedgerOpened
from ledger.domain.market.offer import Offer, OfferMade
from ledger.domain.parties.key import Key, KeyStopped
from ledger.domain.parties.ledger_state import Ledger, registered_as
from ledger.domain.parties.name_alias import PartyKnownAs
from ledger.domain.parties.party import (
    Party,
    PartyRegistered,
    PartyStopped,
    PartyUnknown,
    Power,
    must_bind_by,
    must_not_have_ended,
)
from ledger.domain.parties.signature_refusals import (
    BindsTooEarly,
    CeilingExceeded,
    KeyExpired,
    KeyIsSuspended,
    KeyNoLongerValid,
    KeyNotYetValid,
    KeyUnknown,
    MandateExpired,
    SignerMissing,
    WrongSigner,
)
from ledger.domain.rights.conveyance import ConveyanceAttested
from ledger.domain.rights.right import RightFiled
from ledger.domain.signing.both_sides import must_not_sign_both_sides
from ledger.domain.signing.who_signs import WHO_SIGNS, waits, who_signs
from ledger.powers import (
    Asked,
    Exposure,
    OfferedTerms,
    Officers,
    Stands,
    by_own_keys,
    exposure,
    member,
)

NAMES_STRANGERS = (RightFiled, ConveyanceAttested, PartyKnownAs)
"""Facts of other registers: who is only named in them need not be registered here."""


def _only_stops(body: Body) -> bool:
    """Say whether it stops what waits: its party may wait, and a suspended key may sign it."""
    keeps_the_delay = isinstance(body, DelayAdopted) and body.stopped_by is not None
    return keeps_the_delay or isinstance(body, PartyStopped | KeyStopped)


def must_name_signers(event: Event, ledger: Ledger) -> None:
    """Hold the header's `signers` to the table: `SignerMissing` and `WrongSigner` name them."""
    required = who_signs(event.body, ledger)
    named = frozenset(event.signers)
    if named == required:
        return
    missing = required - named
    if missing:
        raise SignerMissing(
            f"{event.type} binds {listed(missing)} too",
            subjects=missing,
            step=Step({"who": listed(missing)}, change={"/signers": sorted(required)}),
        )
    strangers = named - required
    raise WrongSigner(
        f"{event.type} does not bind {listed(strangers)}",
        subjects=strangers,
        step=leaving_out("/signers", named, strangers),
    )


def say_who_signs(refusal: Refusal, event: Event, ledger: Ledger) -> None:
    """Add to what a refusal says would help who has to sign the event so changed.

    Where only the sender knows a part of what makes its body whole, the sender knows who signs.
    """
    if refusal.way is None or not refusal.way.helps or refusal.step.instead is not None:
        return
    body = _whole(event.body, changed(event.body.model_dump(mode="json"), refusal.changes))
    named = frozenset(event.signers)
    required = named if body is None else who_signs(body, ledger)
    if named != required:
        refusal.changes = {**refusal.changes, "/signers": sorted(required)}
        refusal.sign = tuple(sorted({*refusal.sign, *(required - named)}))
        refusal.unsign = tuple(sorted({*refusal.unsign, *(named - required)}))


def must_wait_long_enough(event: Event, ledger: Ledger, context: Context) -> None:
    """Raise `BindsTooEarly` for what binds before the delay of the ledger is over."""
    if not waits(event.body):
        return
    binds = member(event.body, "not_before") or context.accepted
    earliest = context.accepted + ledger.delay_at(context.accepted)
    if binds < earliest:
        raise BindsTooEarly(
            f"{event.type} may bind from {format_instant(earliest)} on: sign it with `not_before`"
            " then or, for the time until it is sent, later",
            positions=(ledger.said_at(DelayAdopted.TOPIC),),
            step=_binding_from(format_instant(earliest)),
        )


def _binding_from(instant: str) -> Step:
    return Step({"instant": instant}, change={"/body/not_before": instant})


def _signing(parties: Collection[str]) -> Step:
    return Step({"who": listed(parties)}, sign=tuple(sorted(parties)))


def must_be_registered(state: State, event: Event, context: Context) -> None:
    """Raise `PartyUnknown`, naming parties that the event binds or names before they exist.

    Raises `PartyNotYetValid` for one whose registration waits, but to stop that. One that the
    event binds must not have ended: what has ceased to be is bound by nothing more.
    """
    body = event.body
    named = set(event.signers)
    if not isinstance(body, NAMES_STRANGERS):
        named.update(subject for subject in event.subjects if subject.startswith("party:"))
    if isinstance(body, LedgerOpened | PartyRegistered):
        named.difference_update(party for party, _ in body.new_keys())
    unknown = [party for party in named if state.get(party) is None]
    if unknown:
        raise PartyUnknown(
            f"not registered: {listed(unknown)}",
            subjects=unknown,
            step=Step(
                {"who": listed(unknown)},
                first=tuple(Other("party.registered/1", {"party": each}) for each in unknown),
            ),
        )
    for party in sorted(event.signers if _only_stops(body) else named):
        value = state.get(party)
        if isinstance(value, Party):
            must_bind_by(context.accepted, party, value)
    for party in event.signers:
        value = state.get(party)
        if isinstance(value, Party):
            must_not_have_ended(party, value, _in_its_place(event, party, value.successor))


def _in_its_place(event: Event, party: str, successor: str | None) -> Step | None:
    """Return why no successor helps where it stands on the other side already."""
    if successor is None:
        return None
    body = event.body.model_dump(mode="json")
    replaced = changed(body, Step(replace={party: successor}).into(body))
    return None if _whole(event.body, replaced) else Step({"successor": successor}, case="itself")


def _whole(body: Body, told: Mapping[str, Any]) -> Body | None:
    """Return a body of the same topic that says this, if one can."""
    try:
        return type(body).model_validate(told)
    except ValueError:
        return None


def must_bind(state: State, event: Event, ledger: Ledger, context: Context) -> Stands:
    """Judge each signature line by the keys and mandates in force at this position.

    Return, by signer, those by whose keys it is bound.
    Raises `KeyUnknown`, `KeyNoLongerValid`, `KeyIsSuspended`, `KeyNotYetValid`, `KeyExpired`,
    `MandateExpired`, `CeilingExceeded` or `WrongSigner` for a line, and `SignerMissing` for a
    party, or a new key, without one; `SelfDealing` for who signs both sides; `WrongSigner` for
    whom the table does not let do this.
    """
    brought = {record.key_id for _, record in event.body.new_keys()}
    unproven = [key_subject(key_id) for key_id in brought if key_id not in event.signatures]
    if unproven:
        raise SignerMissing(
            f"no line by {listed(unproven)}",
            subjects=unproven,
            step=Step({"who": listed(unproven)}, case="key", ask=("/signatures",)),
        )
    # A key that the event brings binds its own party and nobody through a mandate: else a new key
    # could vouch for itself in the name of anyone who gave that party a mandate.
    stands = {party: {party} for party, _ in event.body.new_keys()}
    officers = Officers(ledger.operator, ledger.registrar)
    lines = _Lines(state, event, context, officers)
    holders = {
        key_id: _holder(state, key_id, event, context)
        for key_id in event.signatures
        if key_id not in brought
    }
    for holder in holders.values():
        for signer in lines.bound_by(holder):
            stands.setdefault(signer, set()).add(holder)
    if missing := set(event.signers) - stands.keys():
        if lines.above:
            raise lines.above.refusal(missing, _signing(missing))
        raise SignerMissing(
            f"no line binds {listed(missing)}{lines.hint}",
            subjects=missing,
            step=_signing(missing),
        )
    must_not_sign_both_sides(event, stands)
    ends = member(event.body, "key_id")
    older = {holder for key_id, holder in holders.items() if key_id != ends}
    _must_be_let(state, event, ledger, older)
    return stands


def _must_be_let(state: State, event: Event, ledger: Ledger, older: Collection[str]) -> None:
    """Raise `WrongSigner` unless the table lets those act whom the event names."""
    officers = Officers(ledger.operator, ledger.registrar)

    def roles(party: str) -> frozenset[str]:
        value = state.get(party)
        return value.roles if isinstance(value, Party) else frozenset()

    asked = Asked(officers, roles, older)
    for party, path, allowed in asked.barred(WHO_SIGNS[type(event.body)], event.body):
        may = _who_may(allowed, event.body, asked)
        registered = state.get(party) if party in event.subjects else None
        raise WrongSigner(
            f"{party} may not be the `{path}` of {event.type}, but {may.en} may",
            positions=(
                ledger.said_at(OperationHandedOver.TOPIC),
                *((registered.position,) if isinstance(registered, Party) else ()),
            ),
            subjects=(party,),
            step=_by_another(party, allowed, may, officers),
        )


def _by_another(party: str, allowed: str, may: Phrase, officers: Officers) -> Step:
    """Return the step by which somebody does it who may."""
    if "#older" in allowed:
        return Step({"who": party}, case="older", ask=("/signatures",))
    if allowed == "!@officers" and party == officers.registrar:
        return Step({"who": party}, case="registrar")
    if allowed == "!@officers":
        handed = Other(OperationHandedOver.TOPIC)
        return Step({"who": party}, case="operator", first=(handed,))
    return Step({"why": may}, ask=(HERE,))


def _who_may(allowed: str, body: Body, asked: Asked) -> Phrase:
    """Return who may, by the words of the table, as a person says it."""
    ways = [_who_may_by(word, body, asked) for word in allowed.split("|")]
    return Phrase(" or ".join(way.en for way in ways), " hoặc ".join(way.vi for way in ways))


def _who_may_by(word: str, body: Body, asked: Asked) -> Phrase:
    if word == "#older":
        return Phrase("who signs by an older key of its own", "bên ký bằng khóa cũ hơn của mình")
    if word.startswith("#"):
        return registered_as(word[1:])
    named = listed(asked.named(word.removeprefix("!"), body))
    return anybody_but(named) if word.startswith("!") else Phrase(named, named)


def _holder(state: State, key_id: str, event: Event, context: Context) -> str:
    """Return whose key it is, if it is in force here and now, for such an event."""
    subject = key_subject(key_id)
    another = Step({"party": listed(event.signers)}, ask=("/signatures",))
    key = state.get(subject)
    if not isinstance(key, Key):
        raise KeyUnknown(f"{subject} is not in the log", subjects=(subject,), step=another)
    if key.revoked is not None:
        raise KeyNoLongerValid(
            f"{subject} was revoked", positions=(key.revoked,), subjects=(subject,), step=another
        )
    if key.suspended is not None and (key.silent or not _only_stops(event.body)):
        raise KeyIsSuspended(
            f"{subject} is suspended", positions=(key.suspended,), subjects=(subject,), step=another
        )
    party = state.get(key.party)
    if not isinstance(party, Party) or key.position < party.position:
        raise KeyNoLongerValid(
            f"{subject} came by a registration that was stopped",
            positions=(key.position,),
            subjects=(subject,),
            step=another,
        )
    if key.not_before is not None and context.accepted < key.not_before:
        binds = format_instant(key.not_before)
        raise KeyNotYetValid(
            f"{subject} binds from {binds} on",
            positions=(key.position,),
            step=Step({"after": binds}, after=key.not_before),
        )
    if key.not_after is not None and context.accepted >= key.not_after:
        raise KeyExpired(
            f"{subject} bound until {key.not_after}", positions=(key.position,), step=another
        )
    return key.party


class _Above(NamedTuple):
    """What an event commits a signer to, the ceilings that it is above, and whether it is secret.

    What was sealed is told to nobody.
    """

    signer: str
    committed: Exposure
    ceilings: Sequence[Money]
    sealed: bool
    positions: tuple[int, ...]

    def refusal(self, subjects: Collection[str], step: Step) -> CeilingExceeded:
        """Return the refusal; the step, of those who sign themselves, says what else helps."""
        beyond, sums, total = self.committed.beyond, self.committed.sums, self.committed.total
        paths = dict.fromkeys(each.at for each in beyond or sums)
        places = [f"/body/{path.partition('/*')[0]}" for path in paths if path]
        comes_to = " + ".join(f"{amount} {unit}" for unit, amount in sorted(total.items()))
        ceiling = listed(f"{each.amount} {each.currency}" for each in self.ceilings)
        told = {"at": listed(places), "total": comes_to, "ceiling": ceiling}
        why = beyond[0].why if beyond else "what is sealed in it" if self.sealed else comes_to
        covers = not beyond and not self.sealed and len(total) == 1
        bare = beyond and all(each.unsaid for each in beyond)
        case = None if covers else "unsaid" if bare else "without"
        return CeilingExceeded(
            f"above the ceiling of {self.signer}'s mandate, {ceiling} (in minor units),"
            f" at {told['at'] or '/body'}: {why}",
            positions=self.positions,
            subjects=subjects,
            pointer=next(iter(places), None),
            step=replace(step, told={**step.told, **told}, case=case),
        )


class _Lines:
    """The lines of an event; `above` says why a mandate did not reach as far as it, if one did."""

    def __init__(self, state: State, event: Event, context: Context, officers: Officers) -> None:
        self._state, self._event, self._context = state, event, context
        self._alone = by_own_keys(officers, event.signers)
        self.above: _Above | None = None

    @property
    def hint(self) -> str:
        """Say how officers sign, where no mandate counts for them."""
        return "; both officers sign, each by a key of its own" if self._alone else ""

    def _without(self, holder: str) -> Step:
        """Return the step of leaving out a line: those sign themselves whom the event binds."""
        signers = self._event.signers
        return Step({"who": listed(signers)}, case="line", sign=signers, unsign=(holder,))

    def bound_by(self, holder: str) -> set[str]:
        """Return those signers whom a line by this holder binds; it must bind one."""
        if holder not in self._event.signers:  # A mandate ends with its holder (CC art. 140).
            signers = self._event.signers
            told = {"party": listed(signers)}
            step = Step(told, case="mandate", sign=tuple(signers), unsign=(holder,))
            value = self._state.get(holder)
            if isinstance(value, Party):
                must_not_have_ended(holder, value, step)
        today = legal_day(self._context.accepted)
        bound, ended = set(), []
        for signer in self._event.signers:
            deputed = signer not in {holder, *self._alone}
            powers = _powers(self._state, signer, holder, self._event) if deputed else ()
            in_force = [power for power in powers if _is_in_force(power, today)]
            if signer == holder or self._suffices(signer, in_force):
                bound.add(signer)
            ended += [power for power in powers if _is_over(power, today)]
        if bound:
            return bound
        if self.above:
            raise self.above.refusal((holder,), self._without(holder))
        if ended:
            raise MandateExpired(
                f"{holder}'s mandate has ended",
                positions=(
                    power.position if power.ended is None else power.ended for power in ended
                ),
                subjects=(holder,),
                step=self._without(holder),
            )
        raise WrongSigner(
            f"{holder} is none of {listed(self._event.signers)}, and holds no mandate that"
            f" covers this{self.hint}",
            subjects=(holder,),
            step=self._without(holder),
        )

    def _suffices(self, signer: str, powers: Sequence[Power]) -> bool:
        """Return whether one of the powers reaches as far as the event commits the signer."""
        ceilings = [power.ceiling for power in powers if power.ceiling is not None]
        if len(ceilings) < len(powers):
            return True
        if not ceilings:
            return False
        committed, sealed = _exposure(self._state, self._event, signer, self._context)
        answers = [committed.within(each.amount, each.currency) for each in ceilings]
        if True in answers:
            return True
        with if_opened(self._context, CeilingExceeded):
            if None in answers:
                unread = committed.unread[0].removesuffix(" is sealed")
                raise OpeningRequired(f"held to a ceiling: {unread} is sealed", sealed=unread)
            places = tuple(power.position for power in powers)
            self.above = _Above(signer, committed, ceilings, sealed, places)
            return False
        return True


def _exposure(state: State, event: Event, signer: str, context: Context) -> tuple[Exposure, bool]:
    """Return what the event commits a signer to, and whether that was sealed, if in part.

    Sealed sums are read from what was opened beside the event, or is kept.
    """
    read = list[str]()

    def named(offer: str) -> OfferedTerms:
        def kept(kind: str, pointer: str, value: Any) -> Any:
            try:
                found = recall(value, offer, context, _READ[kind])
            except OpeningRequired:
                return None
            read.append(pointer)
            return found

        return OfferedTerms(WHO_SIGNS[OfferMade], require_known(state, offer, Offer), kept)

    def opened(kind: str, pointer: str, value: Any) -> Any:
        if pointer not in context.openings:
            return None
        read.append(pointer)
        return reveal(value, pointer, context, _READ[kind])

    committed = exposure(WHO_SIGNS[type(event.body)], event.body, signer, named, opened)
    return committed, bool(read)


_READ: dict[str, Callable[[Any], Any]] = {
    "sum": Money.model_validate,
    "rate": ppm,
    "royalty": Royalty.model_validate,
}
"""How what was opened is read, by what the table takes it for."""


def _powers(state: State, signer: str, holder: str, event: Event) -> Sequence[Power]:
    """Return the mandates for this topic that a signer ever gave to the holder."""
    principal = state.get(signer)
    if not isinstance(principal, Party) or not principal.mandates:
        return ()
    topics = {"*", event.type.partition("/")[0]}
    return [
        power
        for power in principal.mandates.values()
        if power.holder == holder and not topics.isdisjoint(power.topics)
    ]


def _is_over(power: Power, today: date) -> bool:
    return power.ended is not None or (power.valid_to is not None and power.valid_to <= today)


def _is_in_force(power: Power, today: date) -> bool:
    return power.valid_from <= today and not _is_over(power, today)
