"""Questions put to a served ledger, and their answers on a terminal."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import typer

from api.answer_json import WrongShape, members_of, read_as
from ledger.client import LedgerClient, WrongAnswer, read_trust
from ledger.wire.shown import brief
from projections.answer import Verdict

Answer = Mapping[str, Any]


def asked(url: str, trust: Path, kind: Any, path: str, **parameters: Any) -> Answer:
    """Return the answer to a question, which is of a kind; parameters that are None are left out.

    Raises `WrongAnswer` for what is none of that kind, and as `LedgerClient.get` does.
    """
    named = {name: value for name, value in parameters.items() if value is not None}
    with LedgerClient(url, read_trust(trust)) as ledger:
        answer = ledger.get(path, **named)
    try:
        read: Answer = read_as(kind, answer)
    except WrongShape as error:
        raise WrongAnswer(str(error)) from None
    return read


def granted(grant: Answer) -> str:
    """Return a grant in a line: what, by whom to whom, where, for what, until when."""
    days = f"[{grant['valid_from']}, {grant['valid_to'] or '…'})"
    what = f"{grant['exclusivity']}  {' '.join(grant['acts'])}"
    where = f"{' '.join(grant['territory'])}  {' '.join(grant['field_codes']) or 'any field'}"
    parties = f"{grant['licensor'] or '-'} → {grant['licensee'] or '-'}"
    return f"{grant['ref']}  {what}  {where}  {days}  {parties}"


EXIT_CODES: Mapping[Verdict, int] = {
    "yes": 0,
    "answered": 0,
    "no": 1,
    "contested": 3,
    "unknown": 4,
}
"""What a command that asks ends with, by the answer's verdict; 2 is that nobody could be asked."""


def shown(answer: Answer, lines: Iterable[str], *, as_json: bool) -> NoReturn:
    """Print an answer, which is the server's word, and end the command with its verdict.

    It is JSON, or lines with where to look: the events at the positions that it names can be
    verified, and the rules run over them. Of what the log does not name nothing else is said.
    Raises `WrongAnswer`, with nothing printed, for one whose members do not go together.
    """
    try:
        _must_go_together(answer)
        told = [*_doubts(answer), *(_unknown(answer) if answer["unknown"] else lines)]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WrongAnswer(f"its members do not go together: {error!r}") from error
    if as_json:
        unverified = {"verified": False}
        said = unverified | members_of(answer) | unverified
        print(json.dumps(said, indent=1, ensure_ascii=False))
    else:
        for line in told:
            print(brief(line))
        print(brief(f"as of size {answer['size']}, by events {answer['positions']}"))
        print("unverified: this is the server's answer")
    raise typer.Exit(EXIT_CODES[answer["verdict"]])


def _must_go_together(answer: Answer) -> None:
    """Raise `ValueError` for a verdict that the reasons beside it do not allow."""
    if answer["unknown"] and answer["verdict"] != "unknown":
        raise ValueError(f"{answer['verdict']} of what is unknown")
    if answer["doubted"] and answer["verdict"] not in ("contested", "unknown"):
        raise ValueError(f"{answer['verdict']} of what is contradicted")


def _unknown(answer: Answer) -> Iterator[str]:
    """Yield what the log does not name, and what may be meant by it."""
    near = {each["asked"]: each["ids"] for each in answer["near"]}
    for each in answer["unknown"]:
        meant = f"; near: {', '.join(near[each])}" if near[each] else ""
        yield f"unknown: nothing is recorded of {each}{meant}"


def _doubts(answer: Answer) -> Iterator[str]:
    """Yield what makes an answer a contested one."""
    if answer["verdict"] == "contested":
        doubted = ", ".join(map(str, answer["doubted"]))
        yield "contested: recorded facts contradict what it stands on" + (
            f", events {doubted}" if doubted else ""
        )
