"""
From bytes to a verified event: strict parse, canonical check, model, signatures.

Everything here is parallel and takes no lock. What it lets through is exactly what its signers
signed; whether a rule forbids it is judged later, under the sequencer's lock.

`read` takes what a client sent; `decode` takes what the log holds. Both make the same `Event`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from ledger.domain.core.body import KeyRecord
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.forms import first_fault
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import parse_instant
from ledger.domain.government.governance import LogKeysAdopted, PolicyAdopted, RefusalKeysAdopted
from ledger.domain.parties.signature_refusals import KeyUnknown, SignerMissing
from ledger.domain.registry import TOPICS
from ledger.log.key import MalformedKey
from ledger.log.note import check_log_keys
from ledger.log.policy import MalformedPolicy, parse_policy_of
from ledger.log.statement import check_refusal_keys
from ledger.quoted import MOST_QUOTED, listed, quoted
from ledger.wire import canonical, signing_keys
from ledger.wire.base64 import MalformedBase64, b64decode
from ledger.wire.canonical import WireError
from ledger.wire.commitment import (
    BadOpening,
    Opening,
    opening_from_object,
    sealed_at,
    section_at,
    verify_opening,
)
from ledger.wire.entry import MAGIC, Entry, EntryTooLarge, format_entry, parse_entry
from ledger.wire.envelope import (
    Envelope,
    MalformedEnvelope,
    Signature,
    envelope_from_object,
    pae,
    payload_hash,
)
from ledger.wire.strict import MalformedJson, load_json

MAX_BODY = 256 * 1024
"""Bytes of one submission: envelope in base64 and openings (architecture, §9)."""

_MEMBERS = frozenset(
    ("body", "event_id", "issued_at", "ledger", "nonce", "not_after", "signers", "subjects", "type")
)
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NONCE = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_ANY_INSTANT = "2026-01-01T00:00:00.000Z"  # All instants are written in 24 characters.
_BEFORE_INSTANT = f"{MAGIC}\naccepted ".encode()
_AFTER_INSTANT = len(_BEFORE_INSTANT) + len(_ANY_INSTANT)


MAX_PERSONS = 256
"""Persons whom an opening names at most: for each a key is kept by which it can be erased."""


CODES = (
    *("MALFORMED", "MALFORMED_ENVELOPE", "NOT_CANONICAL", "FRACTIONAL_VND", "TYPE_UNKNOWN"),
    *("WRONG_LEDGER", "SUBJECTS_MISMATCH", "KEY_REFUSED", "KEY_WEAK", "LOG_KEY_REFUSED"),
    *("POLICY_MALFORMED", "BAD_OPENING", "ENTRY_TOO_LARGE"),
)
"""What input may be told that is no event, beside that it is too large."""


class Invalid(Exception):
    """Input that is no event at all: refused before any rule runs; nothing is stored.

    `code` is stable, `pointer` says where in the payload (RFC 6901), if anywhere; `near` is what
    may be meant. `event_id` is the one that the payload names, where it could be read that far.
    """

    event_id: str | None = None

    def __init__(
        self, code: str, detail: str, *, pointer: str | None = None, near: Sequence[str] = ()
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.near = near


@dataclass(frozen=True, slots=True)
class Submission:
    """An event as it came: the parsed fact, the bytes that were signed, the openings beside it.

    `entry` is the entry that it will be, but for the instant (`accepted_at`).
    """

    event: Event
    envelope: Envelope
    openings: tuple[Opening, ...]
    entry: bytes


class SignatureCheck(NamedTuple):
    """One signature to check: plain bytes, so that another process can do it."""

    algorithm: str
    public_key: bytes
    signature: bytes
    message: bytes


class KeyCheck(NamedTuple):
    """One new key to look at for weaknesses, likewise."""

    public_key: bytes


def read(raw: bytes, origin: str) -> Submission:
    """Read one submission, `{"envelope": DSSE, "openings": [...]}`, without its signatures.

    Raises `Invalid`. `signature_checks`, and then `key_checks`, say what is left to verify.
    """
    if len(raw) > MAX_BODY:
        raise Invalid("TOO_LARGE", f"a submission has at most {MAX_BODY} bytes")
    try:
        submission = load_json(raw)
    except MalformedJson as error:
        raise Invalid("MALFORMED", f"the request is not JSON of ours: {error}") from None
    if not isinstance(submission, dict) or not {"envelope"} <= submission.keys() <= {
        "envelope",
        "openings",
    }:
        told = quoted(submission) if not isinstance(submission, dict) else listed(submission)
        raise Invalid(
            "MALFORMED", f'a submission is {{"envelope": ..., "openings": [...]}}, not {told}'
        )
    try:
        envelope = envelope_from_object(submission["envelope"])
    except MalformedEnvelope as error:
        raise Invalid("MALFORMED_ENVELOPE", str(error)) from None
    openings = _read_openings(submission.get("openings", []))
    read_one = read_signed(envelope, openings)
    if read_one.event.ledger != origin:
        wrong = Invalid("WRONG_LEDGER", f"this ledger is {origin}", pointer="/ledger")
        wrong.event_id = read_one.event.event_id
        raise wrong
    return read_one


def read_envelope(envelope: Envelope, openings: tuple[Opening, ...] = ()) -> Submission:
    """Read what an envelope says, and judge its new keys, not its signatures. Raises `Invalid`."""
    submission = read_signed(envelope, openings)
    for record, check in zip(
        new_key_records(submission.event), key_checks(submission), strict=True
    ):
        if weakness := signing_keys.find_weakness(check.public_key):
            raise weak_key(record.key_id, weakness)
    return submission


def read_signed(envelope: Envelope, openings: tuple[Opening, ...]) -> Submission:
    """Read what an envelope says whose signatures are looked at elsewhere. Raises `Invalid`."""
    value = load_payload(envelope.payload)
    try:
        event = _event(value, envelope.payload, envelope.signatures)
        entry = _frame(envelope)
        _check_new_keys(event)
        _check_trust(event)
        _check_openings(value, event, openings)
    except Invalid as error:
        named = value.get("event_id")
        error.event_id = named if isinstance(named, str) and UUID7.fullmatch(named) else None
        raise
    return Submission(event, envelope, openings, entry)


def load_payload(payload: bytes) -> dict[str, Any]:
    """Parse a payload that is its own canonical form. Raises `Invalid` with the place if not.

    Equal to `ledger.wire.canonical.load` (a property test says so), and several times as fast.
    """
    try:
        value = orjson.loads(payload)
        if isinstance(value, dict) and orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == payload:
            canonical.check_parsed(value, payload)
            return value
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, canonical.NotCanonical):
        pass
    # Something is off: the reference implementation says what, and where.
    try:
        canonical.load(payload)
    except canonical.NotCanonical as error:
        code = "FRACTIONAL_VND" if error.reason == "fraction" else "NOT_CANONICAL"
        raise Invalid(code, str(error), pointer=error.pointer) from None
    raise Invalid(
        "NOT_CANONICAL", f"the payload, {len(payload)} bytes, is not its own canonical form"
    )


def _event(value: dict[str, Any], payload: bytes, signatures: Sequence[Signature]) -> Event:
    members = value.keys()
    if members != _MEMBERS and members != _MEMBERS | {"seen"}:
        wrong = sorted(members ^ _MEMBERS - {"seen"})
        raise Invalid("MALFORMED", f"members missing or unknown: {', '.join(wrong)}")
    topic = value["type"]
    model = TOPICS.get(topic) if isinstance(topic, str) else None
    if model is None:
        alike = get_close_matches(topic[:MOST_QUOTED], TOPICS, 6) if isinstance(topic, str) else []
        meant = f"; near: {', '.join(alike)}" if alike else ""
        unknown = f"{quoted(topic)} is no type of event known here{meant}"
        raise Invalid("TYPE_UNKNOWN", unknown, pointer="/type", near=alike)
    if not isinstance(value["ledger"], str):
        raise Invalid(
            "MALFORMED", f"not a ledger's origin: {quoted(value['ledger'])}", pointer="/ledger"
        )
    _match(UUID7, value["event_id"], "/event_id", "a UUIDv7 in lower case")
    _match(NONCE, value["nonce"], "/nonce", "128 random bits in base64url without padding")
    seen = value.get("seen")
    if "seen" in value and (type(seen) is not int or seen < 0):
        raise Invalid(
            "MALFORMED", f"a log size is an integer of 0 or more: {quoted(seen)}", pointer="/seen"
        )
    try:
        body = model.model_validate(value["body"])
    except ValidationError as error:
        pointer, why = _first_of(error)
        raise Invalid("MALFORMED", why, pointer=pointer) from None
    subjects = _sorted_strings(value["subjects"], "/subjects")
    if frozenset(subjects) != body.subjects():
        missing, extra = body.subjects() - {*subjects}, {*subjects} - body.subjects()
        told = [
            f"{listed(sorted(which)[:5])} {says}"
            for which, says in (
                (missing, "follows from the body and is missing"),
                (extra, "does not follow from the body and goes"),
            )
            if which
        ]
        raise Invalid("SUBJECTS_MISMATCH", "; ".join(told), pointer="/subjects")
    return Event(
        ledger=value["ledger"],
        event_id=value["event_id"],
        type=topic,
        issued_at=_instant(value["issued_at"], "/issued_at"),
        not_after=_instant(value["not_after"], "/not_after"),
        seen=seen,
        subjects=subjects,
        signers=_sorted_strings(value["signers"], "/signers"),
        body=body,
        payload_hash=payload_hash(payload),
        signatures=tuple(signature.key_id for signature in signatures),
    )


def _first_of(error: ValidationError) -> tuple[str, str]:
    """Return where in a payload its body is not of its form, and why, without what was given."""
    place, said = first_fault(error)
    return "/".join(["/body", *place]), said


def _match(pattern: re.Pattern[str], value: object, pointer: str, form: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Invalid("MALFORMED", f"not {form}", pointer=pointer)


def _instant(value: object, pointer: str) -> Any:
    try:
        return parse_instant(value)
    except ValueError as error:
        raise Invalid("MALFORMED", str(error), pointer=pointer) from None


def _sorted_strings(value: object, pointer: str) -> tuple[str, ...]:
    if not isinstance(value, list) or set(map(type, value)) != {str}:
        raise Invalid(
            "MALFORMED", f"a list of strings is wanted, not {quoted(value)}", pointer=pointer
        )
    if sorted(set(value)) != value:
        raise Invalid("MALFORMED", "the list must be sorted, each item once", pointer=pointer)
    return tuple(value)


def _frame(envelope: Envelope) -> bytes:
    """Return the entry of an envelope, as if accepted at `_ANY_INSTANT`."""
    try:
        return format_entry(
            Entry(_ANY_INSTANT, envelope.payload_type, envelope.signatures, envelope.payload)
        )
    except EntryTooLarge as error:
        raise Invalid("ENTRY_TOO_LARGE", str(error)) from None


def _check_new_keys(event: Event) -> None:
    for _party, record in event.body.new_keys():
        try:
            spki = b64decode(record.public_key)
            signing_keys.load_public(record.algorithm, spki)
        except (MalformedBase64, signing_keys.KeyRefused) as error:
            raise Invalid("KEY_REFUSED", f"{record.key_id}: {error}") from None
        if signing_keys.key_id(spki) != record.key_id:
            raise Invalid("KEY_REFUSED", f"{record.key_id} is not the SHA-256 of that public key")


def _check_trust(event: Event) -> None:
    """Read the log keys and the policy that an event adopts: who verifies has to, for ever."""
    body = event.body
    try:
        if isinstance(body, LogKeysAdopted):
            check_log_keys(body.log_keys, event.ledger)
        if isinstance(body, RefusalKeysAdopted):
            check_refusal_keys(body.refusal_keys, event.ledger)
        if isinstance(body, PolicyAdopted):
            parse_policy_of(event.ledger, body.text)
    except MalformedKey as error:
        raise Invalid("LOG_KEY_REFUSED", str(error)) from None
    except MalformedPolicy as error:
        raise Invalid("POLICY_MALFORMED", str(error), pointer="/body/policy") from None


def _read_openings(value: object) -> tuple[Opening, ...]:
    if not isinstance(value, list):
        raise Invalid("MALFORMED", f"openings are a list, not {quoted(value)}")
    try:
        return tuple(opening_from_object(item) for item in value)
    except BadOpening as error:
        raise Invalid("BAD_OPENING", str(error)) from None


def _check_openings(value: dict[str, Any], event: Event, openings: Sequence[Opening]) -> None:
    for opening in openings:
        if canonical.dump(opening.value).count(b"party:tok.") > MAX_PERSONS:
            raise Invalid("BAD_OPENING", f"at most {MAX_PERSONS} persons", pointer=opening.path)
        try:
            commitment = sealed_at(value, opening.path)
            verify_opening(commitment, event.ledger, event.event_id, opening)
        except BadOpening as error:
            raise Invalid("BAD_OPENING", str(error), pointer=opening.path) from None
    if openings:
        _check_opened(value, event, openings)


def _check_opened(value: dict[str, Any], event: Event, openings: Sequence[Opening]) -> None:
    """Hold what was opened to the form of its section: as if it stood there for all to read."""
    opened = deepcopy(value)
    for opening in openings:
        if opening.value is None or (
            isinstance(opening.value, dict) and opening.value.keys() == {"commitment"}
        ):
            told = f"what was opened for {opening.path} is not its value: {quoted(opening.value)}"
            raise Invalid("OPENING_MALFORMED", told, pointer=opening.path)
        above, _, name = opening.path.rpartition("/")
        section = section_at(opened, above)
        section[int(name) if isinstance(section, list) else name] = opening.value
    try:
        type(event.body).model_validate(opened["body"])
    except ValidationError as error:
        at, told = _first_of(error)
        paths = [each.path for each in openings]
        place = next((path for path in paths if f"{at}/".startswith(f"{path}/")), paths[0])
        told = f"what was opened for {place} is not of its form: {told}"
        raise Invalid("OPENING_MALFORMED", told, pointer=place) from None


def new_key_records(event: Event) -> Iterable[KeyRecord]:
    """Return the keys that an event itself brings: their lines are their proof of possession."""
    return (record for _party, record in event.body.new_keys())


def signature_checks(
    submission: Submission, find_key: Callable[[str], tuple[str, bytes] | None]
) -> list[SignatureCheck]:
    """Return the signatures to verify. `find_key` maps a key id to (algorithm, SPKI DER).

    A key id is the hash of the key, so no matter who supplies the key, it is the right one; whether
    it was in force is judged at admission. Raises `KeyUnknown`, and `SignerMissing` if only keys
    have signed that the event itself brings: anyone who has no key is not to have new ones looked
    at.
    """
    own = {
        record.key_id: (record.algorithm, b64decode(record.public_key))
        for record in new_key_records(submission.event)
    }
    if own.keys() >= set(submission.event.signatures):
        raise SignerMissing(
            f"no key that the log has already has signed: {listed(submission.event.signatures)}"
        )
    message = pae(submission.envelope.payload_type, submission.envelope.payload)
    checks = []
    for signature in submission.envelope.signatures:
        found = own.get(signature.key_id) or find_key(signature.key_id)
        if found is None:
            raise KeyUnknown(
                f"no key {signature.key_id} was ever added",
                step=Step({"party": ", ".join(submission.event.signers)}, ask=("/signatures",)),
            )
        checks.append(SignatureCheck(found[0], found[1], signature.value, message))
    return checks


def key_checks(submission: Submission) -> list[KeyCheck]:
    """Return the new keys to look at, once all signatures are known to be good."""
    records = new_key_records(submission.event)
    return [KeyCheck(b64decode(record.public_key)) for record in records]


def weak_key(key_id: str, weakness: str) -> Invalid:
    """Return the refusal of a new key, by a word of `keys.WEAKNESSES`."""
    return Invalid("KEY_WEAK", f"{key_id}: {signing_keys.WEAKNESSES[weakness]} ({weakness})")


def accepted_at(entry: bytes, accepted: bytes) -> bytes:
    """Return an entry, the leaf's bytes, with another instant: all have 24 characters."""
    assert len(accepted) == len(_ANY_INSTANT), "an instant is written in one way"
    return b"".join((_BEFORE_INSTANT, accepted, entry[_AFTER_INSTANT:]))


def subjects_said(entry: bytes) -> tuple[str, ...]:
    """Return the subjects that an entry names, in its order; none where none can be read."""
    try:
        said = canonical.load(parse_entry(entry).payload, admission=False).get("subjects")
    except WireError:
        return ()
    named = said if isinstance(said, list) else ()
    return tuple(dict.fromkeys(each for each in named if isinstance(each, str)))


def decode(entry: bytes, position: int) -> Logged:
    """Read an entry of the log back. Its signatures were verified when it was admitted."""
    parsed = parse_entry(entry)
    event = _event(orjson.loads(parsed.payload), parsed.payload, parsed.signatures)
    return Logged(event, position, parse_instant(parsed.accepted))
