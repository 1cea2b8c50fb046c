"""`techledger follow`: what is recorded, as it comes, each event verified before it is said."""

import json
import sys
from itertools import islice
from typing import Annotated

import typer

from api.cli.answers import telling_no
from api.cli.options import AsJson, Lang, TrustFile, Url
from api.describe.days import clock
from api.describe.event_saying import event_sentence
from api.describe.language import Said
from api.describe.saying import Speech
from ledger.domain.core.types import parse_instant
from ledger.events.lawbook import bundled_law
from ledger.follow.client import LedgerClient, read_trust
from ledger.follow.stream import positions
from ledger.wire.shown import one_line

_HEAD = Said(
    "Từng mục nêu ra đã được kiểm chứng; rằng không thiếu mục nào là lời của máy chủ.",
    "Each entry that is told was verified; that none is left out is the server's word.",
)


def follow(  # noqa: PLR0913  (the command's options)
    *,
    url: Url,
    trust: TrustFile,
    since: Annotated[
        int | None, typer.Option(min=0, help="From this position on; default: from now on")
    ] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Only about it; repeatable")] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Only of this type, such as contract.concluded/1; repeatable"),
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="End after so many events; default: never")
    ] = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print what is recorded as it comes, a sentence a line, or what was verified with --json.

    Each entry is checked as `events show` does it. What breaks off goes on where it was.
    """
    print(_HEAD.in_(language), file=sys.stderr, flush=True)
    speech = Speech(language, bundled_law())
    watch = {"subject": subject or (), "topic": topic or ()}
    with telling_no(language), LedgerClient(url, read_trust(trust)) as ledger:
        for position in islice(positions(url, watch, since), count):
            found, payload = ledger.entry(str(position))
            shown = found.to_json()
            if as_json:
                told = json.dumps({**shown, "payload": payload}, ensure_ascii=False)
            else:
                sentence = "".join(word.text for word in event_sentence(payload, speech, {}))
                accepted = clock(parse_instant(shown["entry"]["accepted"]), language)
                told = one_line(f"{position}  {accepted}  {sentence}")
            print(told, flush=True)
