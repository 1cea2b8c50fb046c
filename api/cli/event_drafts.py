"""What helps who makes events by hand: an example, sealed sections, a draft in words, a list."""

import json
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.answers import asking, print_answer, query
from api.cli.options import MAKES, AsJson, Lang, TrustIfAny, Url, must_be_new, reading
from api.cli.paging import show_lines
from api.cli.signing import seal_section
from api.describe.description import Described, lines_of
from api.describe.event_saying import event_sentence
from api.describe.event_types import describe_event_type
from api.describe.links import ENTRY, placed
from api.describe.saying import Speech
from api.describe.text import text_of
from ledger.domain.core.forms import first_fault
from ledger.domain.registry import TOPICS
from ledger.events.lawbook import bundled_law
from ledger.follow.signed import Signed
from ledger.runtime import durable
from ledger.wire.canonical import dump, load
from ledger.wire.commitment import BadOpening, opening_to_object, section_at
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line
from ledger.wire.strict import load_json


def must_be_type(topic: str) -> None:
    """Raise `BadParameter` for what no type is called, with those that are called nearly so."""
    if topic not in TOPICS:
        near = ", ".join(get_close_matches(topic, TOPICS, 6)) or "none"
        told = f"no type is called {topic}; near: {near}; techledger events types lists all"
        raise typer.BadParameter(told, param_hint="TOPIC")


def template(
    topic: Annotated[str, typer.Argument(help="Type with its version, e.g. offer.made/1")],
) -> None:
    """Print the body of an example of a type, to be filled in for `events new --body`."""
    must_be_type(topic)
    print(json.dumps(describe_event_type(topic).example["body"], indent=1, ensure_ascii=False))


def seal(
    file: Annotated[Path, typer.Argument(help="A payload that nobody has signed")],
    at: Annotated[list[str], typer.Option(help="Section, e.g. /body/price; repeatable")],
    openings: Annotated[Path, typer.Option(help="New file for what opens the sections")],
) -> None:
    """Put a commitment in the place of sections of a payload; write it to standard output.

    Who has an opening can show the section to others; who loses it cannot. `events sign --openings`
    sends it along.
    """
    must_be_new(openings, "--openings")
    raw = read_regular(file)
    with reading(file, "payload", "FILE", KeyError):
        payload = load(raw)
        names = (str(payload["ledger"]), str(payload["event_id"]))
    made = []
    for pointer in at:
        if not pointer.startswith("/body/") or section_at(payload, pointer) is None:
            raise typer.BadParameter(f"nothing stands at {pointer}", param_hint="--at")
        made.append(opening_to_object(seal_section(*names, payload, pointer)))
    try:
        TOPICS[payload["type"]].model_validate(payload["body"])
    except (KeyError, ValidationError):
        told = f"{', '.join(at)} cannot be sealed; techledger events types TOPIC says what can"
        raise typer.BadParameter(told, param_hint="--at") from None
    durable.create(openings, json.dumps(made, ensure_ascii=False).encode(), 0o600)
    sys.stdout.buffer.write(dump(payload))


def explain(
    file: Annotated[Path, typer.Argument(help="A payload, a signed event or a submission")],
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Tell in words what an event says, from its very bytes, before anybody signs or sends it."""
    raw = read_regular(file)
    with reading(file, "payload", "FILE", BadOpening, KeyError):
        value = load_json(raw)
        signed = isinstance(value, dict) and value.keys() & {"payloadType", "envelope"}
        payload = load(Signed.from_json(raw).envelope.payload if signed else raw)
        if payload["type"] not in TOPICS:
            raise KeyError(payload["type"])
    try:
        TOPICS[payload["type"]].model_validate(payload["body"])
    except (KeyError, ValidationError) as error:
        place, why = ((), "missing") if isinstance(error, KeyError) else first_fault(error)
        at = "/".join(("/body", *place))
        told = f"{file} holds no {payload['type']}: {at}: {why}; {MAKES['body']}"
        raise typer.BadParameter(told, param_hint="FILE") from None
    speech = Speech(language, bundled_law())
    sentence = "".join(word.text for word in event_sentence(payload, speech, {}))
    if as_json:
        print(json.dumps({"sentence": sentence, "payload": payload}, indent=1, ensure_ascii=False))
        return
    lines = lines_of(TOPICS[payload["type"]], payload["body"], speech)
    show_lines(map(one_line, text_of(Described(sentence, lines, ()))))


def list_events(  # noqa: PLR0913  (the question's parameters)
    *,
    url: Url,
    trust: TrustIfAny = None,
    topic: Annotated[str | None, typer.Option(help="Only of this type, with its version")] = None,
    subject: Annotated[str | None, typer.Option(help="Only those about it")] = None,
    since: Annotated[int, typer.Option(min=0, help="Only from this position on")] = 0,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all of them as a table.")] = False,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print what was recorded, the newest first: the last fifty, or with --csv all."""
    asked = {"topic": topic, "subject": subject, "since": since}
    if not as_csv:
        print_answer(query(url, trust, language, "/v1/events", **asked), language, as_json=as_json)
    if trust is not None:
        told = "the rows of --csv are checked by no trust root: leave --trust away, or --csv"
        raise typer.BadParameter(told, param_hint="--trust")
    with asking(url, None, language) as (ledger, _):
        table = ledger.download(f"{placed(language, ENTRY)}.csv", "text/csv", **asked)
    if sys.stdout.isatty():
        show_lines(map(one_line, table.decode("utf-8-sig", "replace").splitlines()))
    else:
        sys.stdout.buffer.write(table)
