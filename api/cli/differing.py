"""`techledger audit diff`: whether a log still holds all that it held, and what is new of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.auditing import code_of, governed_source
from api.cli.options import AsJson, TrustFile, read_note_in
from api.cli.outcome import fail
from api.cli.served import ServedLog
from ledger.domain.registry import TOPICS
from ledger.follow.audit import AuditError, ExportedLog
from ledger.follow.authentic import Authenticated
from ledger.follow.client import ClientError, LedgerClient, read_trust
from ledger.follow.compared import Continuity, Difference, LogState, NotComparable, difference
from ledger.follow.governed import Governed
from ledger.log.checkpoint import open_checkpoint
from ledger.log.encoding import write_base64
from ledger.log.merkle import LogError
from ledger.log.note import parse_note, parse_vkey
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.runtime.http import open_client
from ledger.verify.files import log_in
from ledger.verify.trust import Trust
from ledger.wire.shown import one_line

Place = Annotated[str, typer.Argument(help="A copy's directory, a checkpoint's file, or a URL")]


def diff(old: Place, new: Place, trust: TrustFile, as_json: AsJson = False) -> None:
    """Say whether NEW holds all that OLD held, and what came after it, by kind.

    Either is a copy, a checkpoint that was kept, or a server; both are signed by the log's keys.
    Exit code 1: NEW is another history than OLD (FORK), or has less.
    """
    with ExitStack() as opened:
        try:
            states = _states((old, new), read_trust(trust), opened)
            found = difference(*states)
        except (AuditError, LogError, ClientError) as error:
            members = {"verified": False, "reason": str(error)}
            fail(members, f"REFUSED: {error}", as_json=as_json, code=code_of(error))
        except NotComparable as error:
            raise typer.BadParameter(str(error)) from None
    if as_json:
        print(json.dumps(_members(*states, found), indent=1))
    else:
        for line in _lines(*states, found):
            print(one_line(line))
    if found.held in (Continuity.FORKED, Continuity.SHORTER):
        raise typer.Exit(1)


def _states(places: tuple[str, str], trust: Trust, opened: ExitStack) -> tuple[LogState, LogState]:
    """Open two places, each signed by those who might sign then, as far as the two show it."""
    kept = [each for each in places if not (_is_url(each) or Path(each).is_dir())]
    notes = {each: read_note_in(Path(each), "OLD NEW") for each in kept}
    opener, found = _by_trust(trust), dict[str, LogState]()
    for place in (each for each in places if each not in notes):
        if _is_url(place):
            client = opened.enter_context(LedgerClient(place, trust))
            served = ServedLog(opened.enter_context(open_client(place)))
            shown, opener = Authenticated(served, trust.origin, None), client.open_note
            found[place] = LogState(opener(shown.checkpoint()), shown)
        else:
            governed = Governed(trust)
            shown = governed_source(ExportedLog(log_in(Path(place))), Path(place), governed)
            opener = _by_copy(governed)
            found[place] = LogState(parse_checkpoint(parse_note(shown.checkpoint()).text), shown)
    # A copy or a server has shown by now which keys have followed those of the trust root.
    for place, note in notes.items():
        assert note is not None, "a file is named"
        found[place] = LogState(opener(note))
    old, new = places
    return found[old], found[new]


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _by_trust(trust: Trust) -> Callable[[bytes], Checkpoint]:
    """Return what opens a note by the keys of a trust root."""
    return lambda note: open_checkpoint(note, trust.origin, trust.verifiers)


def _by_copy(governed: Governed) -> Callable[[bytes], Checkpoint]:
    """Return what opens a note by the keys that a copy says might sign at its size."""

    def opened(note: bytes) -> Checkpoint:
        size = min(parse_checkpoint(parse_note(note).text).size, governed.size)
        keys = governed.authority.log_keys_at(size)
        return open_checkpoint(note, governed.trust.origin, tuple(map(parse_vkey, keys)))

    return opened


def _members(old: LogState, new: LogState, found: Difference) -> dict[str, Any]:
    return {
        "held": found.held.name,
        "old": {"size": old.size, "root": write_base64(old.checkpoint.root)},
        "new": {"size": new.size, "root": write_base64(new.checkpoint.root)},
        "first": found.first,
        "kinds": None if found.kinds is None else dict(found.kinds),
    }


def _lines(old: LogState, new: LogState, found: Difference) -> Iterator[str]:
    """Yield a difference as lines for people, the verdict first."""
    yield {
        Continuity.SAME: f"SAME: both have {old.size} entries, and one root",
        Continuity.CONTINUED: f"CONTINUED: {old.size} of {new.size} entries are as they were",
        Continuity.SHORTER: f"SHORTER: NEW has the first {new.size} of {old.size} entries",
        Continuity.FORKED: "FORK: the log has signed two histories: OLD and NEW",
    }[found.held]
    for name, state in (("old", old), ("new", new)):
        yield f"{name}  size {state.size}, root {write_base64(state.checkpoint.root)}"
    if found.held is Continuity.FORKED:
        yield (
            "where they part, only the entries of both show: name copies"
            if found.first is None
            else f"first difference: position {found.first}"
        )
    elif found.kinds is None and found.held is not Continuity.SHORTER:
        yield "what is new, a checkpoint does not show: name a copy, or a server"
    for topic, count in (found.kinds or {}).items():
        title = TOPICS[topic].TITLE if topic in TOPICS else "of a type that is not known here"
        yield f"{count:>7}  {topic:32} {title}"
