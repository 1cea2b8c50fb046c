"""`techledger events`: make, sign, submit and show events, one step a person."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answered import as_said
from api.cli.answers import WHAT_HELPS, asking, telling_no, titled
from api.cli.delays import delay_of
from api.cli.event_drafts import explain, list_events, must_be_type, seal, template
from api.cli.options import AsJson, Lang, TrustFile, TrustIfAny, Url, must_be_new, reading
from api.describe.checking import headed
from api.describe.event_types import EventType, describe_event_type, list_types
from api.describe.language import Language, Said
from ledger.events.compose import BodyUnfit, TypeUnknown, compose, with_delay
from ledger.follow.client import (
    LedgerClient,
    Signed,
    Verdict,
    VerifiedReceipt,
    VerifiedWord,
    read_trust,
)
from ledger.home.keystore import load_key
from ledger.log.statement import Promise
from ledger.quoted import quoted
from ledger.runtime import durable
from ledger.wire.canonical import load
from ledger.wire.commitment import (
    BadOpening,
    Opening,
    opening_from_object,
    sealed_at,
    verify_opening,
)
from ledger.wire.envelope import (
    Envelope,
    envelope_to_object,
    sign_envelope,
)
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line
from ledger.wire.strict import load_json

EXIT_WAITS = 3

app = typer.Typer(help="Make, sign, submit and show events.", no_args_is_help=True)
app.command("template")(template)
app.command("seal")(seal)
app.command("explain")(explain)
app.command("list")(list_events)


@app.command("new")
def new(
    topic: Annotated[str, typer.Argument(help="Type of the event, e.g. offer.accepted/1")],
    body: Annotated[Path, typer.Option(help="File with the body as JSON; - is standard input")],
    signer: Annotated[list[str], typer.Option(help="Party id that the event binds; repeatable")],
    trust: TrustFile,
    url: Annotated[
        str | None,
        typer.Option(
            help="Where the ledger is served, which says how long this has to wait",
            envvar="LEDGER_URL",
        ),
    ] = None,
    seen: Annotated[int | None, typer.Option(help="Log size that the signers had in view")] = None,
) -> None:
    """Write a new event's payload, canonical and ready to sign, to standard output.

    What has to wait says from when on it binds (`not_before`): with --url it is filled in, a little
    after the ledger's delay.
    """
    raw = sys.stdin.buffer.read() if str(body) == "-" else read_regular(body)
    root = read_trust(trust)
    try:
        with reading(body, "body", "--body", BodyUnfit, ValueError):
            members = load_json(raw)
            if not isinstance(members, dict):
                raise ValueError(f"an object is wanted, not {quoted(members)}")  # noqa: TRY004
            if url is not None:
                with LedgerClient(url, root) as ledger:
                    members = with_delay(topic, members, delay_of(ledger), datetime.now(UTC))
            payload = compose(root.origin, topic, members, signer, seen=seen)
    except TypeUnknown as error:
        raise typer.BadParameter(str(error), param_hint="TOPIC") from None
    sys.stdout.buffer.write(payload)


@app.command("types")
def types(
    topic: Annotated[
        str | None, typer.Argument(help="Type with its version, e.g. offer.made/1; default: all")
    ] = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the types of events, or of one what it needs, who signs it and what refuses it.

    With --json it is what a server answers at /v1/types, with a JSON Schema of the payload.
    """
    known = list_types()
    if topic is None:
        if as_json:
            print(json.dumps(asdict(known), indent=1, ensure_ascii=False))
            return
        for each in known.types:
            print(f"{each.topic:32} {each.title.vi if language == 'vi' else each.title.en}")
        return
    must_be_type(topic)
    found = describe_event_type(topic)
    if as_json:
        print(json.dumps(asdict(found), indent=1, ensure_ascii=False))
    else:
        print("\n".join(_told(found, language)))


def _told(kind: EventType, language: Language) -> Iterator[str]:
    yield f"{kind.topic}  {kind.title.vi if language == 'vi' else kind.title.en}"
    yield kind.says
    yield f"signed by  {kind.signers.says}"
    yield f"about      {', '.join(kind.subjects)}"
    body = kind.schema["properties"]["body"]
    for name, member in body["properties"].items():
        optional = "" if name in body.get("required", ()) else " (may be absent)"
        yield f"{name:26} {member['description']}{optional}"
    for refusal in kind.refusals:
        title = refusal.title.vi if language == "vi" else refusal.title.en
        yield f"{refusal.code:26} {title}"


@app.command("sign")
def sign(
    file: Annotated[
        Path, typer.Argument(help="A payload, or an envelope or a submission that others signed")
    ],
    key: Annotated[list[Path], typer.Option(help="PEM file of a private key; repeatable")],
    openings: Annotated[
        Path | None,
        typer.Option(help="File with a list of what opens the payload's sealed sections"),
    ] = None,
) -> None:
    """Sign a payload, or add signatures to an envelope; write the envelope to standard output.

    Several signatures over one payload are the normal case for contracts: the file goes round. What
    opens its sealed sections goes along, and each opening is held to the commitment that is signed.
    """
    raw = read_regular(file)
    opens = {} if openings is None else _openings_in(openings)
    with reading(file, "payload", "FILE"):
        value = load_json(raw)
        is_payload = not (isinstance(value, dict) and value.keys() & {"payloadType", "envelope"})
        earlier = None if is_payload else Signed.from_json(raw)
        payload = earlier.envelope.payload if earlier else raw
        opened = {each.path: each for each in (earlier.openings if earlier else ())} | opens
        _must_open(load(payload), opened.values())
    signed = sign_envelope(payload, [load_key(path) for path in key])
    envelope = _joined(earlier.envelope if earlier else None, signed)
    if opened:
        print(Signed(envelope, tuple(opened.values())).to_json().decode())
    else:
        print(json.dumps(envelope_to_object(envelope)))


def _openings_in(file: Path) -> dict[str, Opening]:
    """Return the openings that a file lists, by their paths. Raises `BadParameter`."""
    raw = read_regular(file)
    with reading(file, "openings", "--openings"):
        value = load_json(raw)
        if not isinstance(value, list):
            raise BadOpening(f"not a list, but {quoted(value)}")
        return {each.path: each for each in map(opening_from_object, value)}


def _must_open(payload: dict[str, Any], openings: Iterable[Opening]) -> None:
    """Refuse an opening that does not open a section of the payload, saying which."""
    names = (str(payload.get("ledger")), str(payload.get("event_id")))
    for each in openings:
        try:
            verify_opening(sealed_at(payload, each.path), *names, each)
        except BadOpening as error:
            raise BadOpening(f"{each.path}: {error}") from None


def _joined(earlier: Envelope | None, signed: Envelope) -> Envelope:
    """Return one envelope with both signers' lines, a key's newer line in place of its older."""
    lines = {line.key_id: line for each in (earlier, signed) if each for line in each.signatures}
    return Envelope(
        signed.payload_type, signed.payload, tuple(lines[key_id] for key_id in sorted(lines))
    )


@app.command("submit")
def submit(  # noqa: PLR0913  (the command's options)
    file: Annotated[Path, typer.Argument(help="An envelope, or a submission with openings")],
    *,
    url: Url,
    trust: TrustFile,
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Wait for a quorum of witnesses")
    ] = False,
    promise: Annotated[
        Path | None,
        typer.Option(help="Ask for a signed promise of an answer, and keep it in this file"),
    ] = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Submit an event; verify its receipt against the trust root; print it."""
    signed = _read_signed(file)
    if promise is not None:
        must_be_new(promise, "--promise")
    with telling_no(language), LedgerClient(url, read_trust(trust), language=language) as ledger:
        if promise is None:
            receipt = ledger.submit(signed, witnessed=witnessed)
        elif isinstance(found := ledger.submit_promised(signed), VerifiedReceipt):
            receipt = found
            print(f"no promise was made: {promise} is not written", file=sys.stderr)
        else:
            _keep(promise, found.note)
            _print_word(found, as_json=as_json)
            return
    _print_receipt(receipt, as_json=as_json)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="What is to be submitted")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Ask what would become of an event, submitted now; nothing is recorded, and nothing refused.

    The answer is the server's word; the events that it names are verified. Exit code 0: it would be
    admitted, or is recorded; 1: it would be refused.
    """
    signed = _read_signed(file)
    with asking(url, trust, language) as (ledger, checking):
        found = ledger.check(signed)
        named = sorted({*found.positions})
        checked = checking.check(found.size, named) if checking else None
    if as_json:
        print(json.dumps(as_said(found.members, checked), indent=1, ensure_ascii=False))
    else:
        for line in headed(_foretold(found, language), checked, language):
            print(one_line(line))
    if found.problem is not None:
        raise typer.Exit(1)


@app.command("answer")
def answer(
    file: Annotated[Path, typer.Argument(help="What was submitted for a promise")],
    url: Url,
    trust: TrustFile,
    refusal: Annotated[Path | None, typer.Option(help="Keep a signed refusal in this file")] = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Ask what a promise came to: print the verified receipt or refusal.

    Exit code 0: it was recorded; 1: it was refused; 3: it waits.
    """
    signed = _read_signed(file)
    if refusal is not None:
        must_be_new(refusal, "--refusal")
    with telling_no(language), LedgerClient(url, read_trust(trust), language=language) as ledger:
        found = ledger.promised_answer(signed)
    if found is None:
        print("waits for its answer")
        raise typer.Exit(EXIT_WAITS)
    if isinstance(found, VerifiedReceipt):
        _print_receipt(found, as_json=as_json)
        return
    if refusal is not None:
        _keep(refusal, found.note)
    _print_word(found, as_json=as_json)
    raise typer.Exit(1)


def _keep(file: Path, note: bytes) -> None:
    """Write the operator's word to a new file; print it where it cannot be kept."""
    try:
        durable.create(file, note, 0o644)
    except OSError as error:
        print(f"{file} cannot be written, so here it is: {error.strerror}", file=sys.stderr)
        print(note.decode("utf-8", "replace"))
        raise typer.Exit(1) from None


def _read_signed(file: Path) -> Signed:
    raw = read_regular(file)
    with reading(file, "signed event", "FILE"):
        return Signed.from_json(raw)


def _foretold(found: Verdict, language: Language) -> Iterator[str]:
    as_of = "" if found.size is None else _AS_OF.in_(language).format(found.size)
    if found.problem is None:
        place = found.members.get("position")
        at = "" if place is None else _AT.in_(language).format(place)
        recorded = f"{_RECORDED.in_(language)}{at}"
        yield f"{_ADMITTED.in_(language) if found.verdict == 'admitted' else recorded}{as_of}"
        if binds := found.members.get("not_before"):
            yield f"{_BINDS.in_(language):11} {binds}"
        return
    told = ": ".join(titled(found.problem))
    yield f"{_REFUSED.in_(language)}, {found.problem.code}: {told}{as_of}"
    for name, label in _LABELS.items():
        if value := found.problem.problem.get(name):
            yield f"{label.in_(language):11} {value}"
    if found.problem.helps:
        yield f"{WHAT_HELPS.in_(language):11} {found.problem.helps}"
    if since := found.members.get("refused"):
        yield f"{_FINAL.in_(language):11} {_DEAD.in_(language).format(since)}"
    elif found.final:
        yield f"{_FINAL.in_(language):11} {_DIES.in_(language)}"


_AS_OF = Said(", theo {} mục", ", as of {} entries")
_ADMITTED = Said("sẽ được ghi", "would be admitted")
_RECORDED = Said("đã được ghi", "is recorded")
_AT = Said(" ở vị trí {}", " at position {}")
_BINDS = Said("ràng buộc từ", "binds from")
_REFUSED = Said("sẽ bị từ chối", "would be refused")
_LABELS = {"article": Said("điều luật", "article"), "positions": Said("vị trí", "positions")}
_FINAL = Said("chung cuộc", "final")
_DEAD = Said(
    "những byte này đã bị từ chối hẳn lúc {}: hãy ký một sự kiện mới",
    "these bytes were refused for good at {}: sign a new event",
)
_DIES = Said(
    "nếu nộp, những byte này sẽ bị từ chối hẳn: hãy khắc phục nguyên nhân trước",
    "submitted, these bytes would be refused for good: mend the cause before",
)


def _print_word(word: VerifiedWord, *, as_json: bool) -> None:
    said = word.said
    if as_json:
        print(
            json.dumps({"said": said.MAGIC, **asdict(said), "note": word.note.decode()}, indent=1)
        )
    elif isinstance(said, Promise):
        print(f"verified  promised to be recorded or refused by {said.answer_by}")
    else:
        print(f"verified  refused, {said.code}, at {said.refused}; final: {said.final}")


def _print_receipt(receipt: VerifiedReceipt, *, as_json: bool) -> None:
    if as_json:
        members: dict[str, Any] = {
            "event_id": receipt.event_id,
            "position": receipt.position,
            "accepted": receipt.accepted,
            "checkpoint_size": receipt.size,
            "grade": "witnessed" if receipt.witnessed else "logged",
            "proof": receipt.proof.decode(),
            "unverified": {"replayed": receipt.replayed, "proof": list(receipt.strangers)},
        }
        print(json.dumps(members, indent=1))
        return
    grade = "witnessed" if receipt.witnessed else "logged"
    print(f"verified  position {receipt.position} under checkpoint {receipt.size}, {grade}")
    print(f"accepted  {receipt.accepted}")
    if receipt.replayed:
        print("unverified: the server says that it had the event before")


@app.command("show")
def show(
    which: Annotated[str, typer.Argument(help="An event id, or a position in the log")],
    url: Url,
    trust: TrustFile,
) -> None:
    """Print an event as the log holds it, what of it was verified, and what not."""
    with LedgerClient(url, read_trust(trust)) as ledger:
        found, payload = ledger.entry(which)
    print(json.dumps({**found.to_json(), "payload": payload}, indent=1, ensure_ascii=False))
