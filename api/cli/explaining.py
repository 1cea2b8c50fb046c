"""`techledger audit explain`: why an event stands in the log, or may not, by the very rules."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.auditing import (
    Copy,
    JudgedFile,
    LawDirectory,
    going_on_or_again,
    governed_source,
    judged_file,
    refusals_told,
)
from api.cli.options import AsJson, TrustFile, read_envelope_in, reading
from api.cli.progress import showing_progress
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Event
from ledger.domain.core.types import format_instant, parse_instant
from ledger.events.intake import UUID7, Invalid, read_envelope
from ledger.events.lawbook import available_laws
from ledger.follow.audit import ExportedLog, Replay, decoded, sealed_sizes
from ledger.follow.auditfile import CopyEvents
from ledger.follow.client import read_trust
from ledger.follow.explained import Explanation, RuleRun, explain
from ledger.follow.governed import Governed
from ledger.follow.judged import PastOnDisk, going_on
from ledger.log.merkle import LogError
from ledger.log.note import MAX_NOTE, parse_vkey
from ledger.log.statement import SignedRefusal, open_statement
from ledger.log.tiles import TILE_WIDTH
from ledger.verify.files import log_in
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import payload_hash
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line

_HASH = re.compile("sha256:[0-9a-f]{64}")

_MOST = 8
"""Subjects and positions that a line names at most; --json has all."""

_VALUE = 200
"""Characters of a value that a line shows at most; --json has all."""


def explain_event(  # noqa: PLR0913  (the command's options)
    directory: Copy,
    event: Annotated[
        str, typer.Argument(help="Position, event id, payload hash, or file of a signed event")
    ],
    *,
    trust: TrustFile,
    refusal: Annotated[
        Path | None,
        typer.Option(help="The log's signed refusal of what is in that file", dir_okay=False),
    ] = None,
    law: LawDirectory = None,
    judged: JudgedFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell by which rules an event was judged, in order, what each read, and what it found.

    The copy is judged again up to the event, on this machine, by the rules of this version. All
    that is read of it leads to its signed root; signatures of parties are `audit verify`'s work. A
    file is judged as of what was accepted by the instant of its refusal, or of now. Exit code 1:
    the rules refuse the event.
    """
    file = judged_file(judged, directory, trust)
    with refusals_told(directory, as_json=as_json):
        governed = Governed(read_trust(trust))
        governed_source(ExportedLog(log_in(directory)), directory, governed)
        copy, laws = CopyEvents(directory), available_laws(law)

        def explained() -> tuple[Explanation, SignedRefusal | None]:
            with going_on(file, copy, laws) as past:
                of, accepted, position, said = _asked(event, refusal, copy, governed)
                _judge_up_to(position, past, copy, laws, hidden=as_json)
                past.look_back(position)
                return explain(past, of, accepted, laws), said

        found, said = going_on_or_again((file,), explained)
    if as_json:
        print(json.dumps(_members(found, said), indent=1, ensure_ascii=False))
    else:
        for line in _lines(found, said):
            print(one_line(line))
    if found.refusal is not None:
        raise typer.Exit(1)


def _is_recorded(event: str) -> bool:
    return bool(event.isdecimal() or UUID7.fullmatch(event) or _HASH.fullmatch(event))


def _asked(
    event: str, refusal: Path | None, copy: CopyEvents, governed: Governed
) -> tuple[Event, datetime, int, SignedRefusal | None]:
    """Return the event that is asked about, when and after how many entries it is judged."""
    if _is_recorded(event):
        position = _position_of(event, copy)
        logged = copy.event(position)
        return logged.event, logged.accepted, position, None
    of = _submitted(Path(event))
    said = _refused(refusal, of, governed) if refusal else None
    accepted = parse_instant(said.refused) if said else datetime.now(UTC)
    return of, accepted, _accepted_by(accepted, copy), said


def _position_of(event: str, copy: CopyEvents) -> int:
    """Return where an event stands. Raises `BadParameter` if nowhere."""
    size = copy.checkpoint.size
    if event.isdecimal() and int(event) < size:
        return int(event)
    for position in () if event.isdecimal() else range(size):
        entry = copy.entry(position)
        if _HASH.fullmatch(event):
            found = payload_hash(parse_entry(entry).payload) == event
        else:
            found = event.encode() in entry and decoded(entry, position).event.event_id == event
        if found:
            return position
    raise typer.BadParameter(f"no entry of the {size} is {event}", param_hint="EVENT")


def _submitted(file: Path) -> Event:
    """Return the event in a file. Raises `BadParameter` for what is none."""
    with reading(file, "signed event", "EVENT", Invalid):
        return read_envelope(read_envelope_in(file, "EVENT")).event


def _refused(file: Path, event: Event, governed: Governed) -> SignedRefusal:
    """Return the log's refusal of an event. Raises `BadParameter` for another's."""
    raw = read_regular(file, MAX_NOTE)
    with reading(file, "refusal", "--refusal", LogError):
        said = open_statement(raw, map(parse_vkey, governed.authority.refusal_keys))
    if not isinstance(said, SignedRefusal) or said.payload != event.payload_hash:
        told = f"{file} holds no refusal of {event.payload_hash}"
        raise typer.BadParameter(told, param_hint="--refusal")
    return said


def _accepted_by(instant: datetime, copy: CopyEvents) -> int:
    """Return how many entries were accepted by an instant: entries never go back in time."""
    low, high = 0, copy.checkpoint.size
    while low < high:
        middle = (low + high) // 2
        if parse_instant(parse_entry(copy.entry(middle)).accepted) <= instant:
            low = middle + 1
        else:
            high = middle
    return low


def _judge_up_to(
    position: int, past: PastOnDisk, copy: CopyEvents, laws: Mapping[str, Law], *, hidden: bool
) -> None:
    """Judge what was not judged yet of the entries before a position. Raises `RuleBroken`."""
    seals = frozenset(sealed_sizes(copy.entries(0)))
    with showing_progress(hidden=hidden) as told:
        for logged in Replay(copy.entries(past.size, position), past.origin, laws, seals, past):
            if logged.position % TILE_WIDTH == 0:
                told("rules", logged.position, position)


def _members(found: Explanation, said: SignedRefusal | None) -> dict[str, Any]:
    """Return an explanation as JSON values."""
    event, refusal = found.event, found.refusal
    return {
        "position": found.position,
        "event_id": event.event_id,
        "payload": event.payload_hash,
        "type": event.type,
        "accepted": format_instant(found.accepted),
        "edition": found.edition,
        "law_data_sha256": found.law_data_sha256,
        "verdict": "admitted" if refusal is None else "refused",
        "refusal": refusal
        and {
            "code": refusal.code,
            "detail": refusal.detail,
            "pointer": refusal.pointer,
            "positions": list(refusal.positions),
        },
        "said": said and asdict(said),
        "rules": [asdict(each) for each in found.rules],
        "read": [asdict(each) for each in found.read],
        "references": dict(found.references),
        "law": [each.rule for each in found.grounds],
        "unchecked": [
            {"codes": list(each.codes), "sealed": each.sealed} for each in found.left_out
        ],
    }


def _lines(found: Explanation, said: SignedRefusal | None) -> Iterator[str]:
    """Yield an explanation as lines for people, the verdict last."""
    event = found.event
    yield f"{event.type}  {event.event_id}"
    yield f"judged after {found.position} entries, at {format_instant(found.accepted)}"
    yield f"by the rules of edition {found.edition}, law data {found.law_data_sha256}"
    yield "unverified here: signatures of parties, which techledger audit verify looks at"
    yield from map(_rule, found.rules)
    for each in found.read:
        value = json.dumps(each.value, ensure_ascii=False)
        cut = f"{value[:_VALUE]}{'…' * (len(value) > _VALUE)}"
        yield f"read  {each.subject}, {_by(each.positions)}: {cut}"
    yield from (f"names  {name}, at position {at}" for name, at in found.references.items())
    yield from (f"law  {each.rule}: {each.instrument}, {each.article}" for each in found.grounds)
    yield from (f"unchecked: {each}" for each in found.left_out)
    if said is not None:
        agrees = found.refusal is not None and said.code == found.refusal.code
        yield f"the log refused it at {said.refused} by {said.code}" + ", as here" * agrees
    yield f"REFUSED: {found.refusal.code}: {found.refusal.detail}" if found.refusal else "ADMITTED"


def _rule(run: RuleRun) -> str:
    codes = f" [{', '.join(run.refusals)}]" if run.refusals else ""
    reads = f"; asks for {', '.join(run.reads[:_MOST])}{'…' * (len(run.reads) > _MOST)}"
    return f"{run.verdict:<9}  {'  ' * run.depth}{run.rule}{codes}{reads if run.reads else ''}"


def _by(positions: tuple[int, ...]) -> str:
    if not positions:
        return "of which nothing is recorded"
    more = len(positions) - _MOST
    listed = ", ".join(map(str, positions[:_MOST]))
    return f"by position {listed}" + (f" and {more} more" if more > 0 else "")
