"""Questions put to a served ledger, and their answers on a terminal."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from api.answer_json import WrongShape, members_of, read_as
from ledger.client import LedgerClient, WrongAnswer, read_trust
from ledger.wire.shown import brief

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


def shown(answer: Answer, lines: Iterable[str], *, as_json: bool) -> None:
    """Print an answer, which is the server's word: as JSON, or as lines with where to look.

    The events at the positions that it names can be verified, and the rules run over them.
    Raises `WrongAnswer`, with nothing printed, for one whose members do not go together.
    """
    try:
        told = [*lines]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WrongAnswer(f"its members do not go together: {error!r}") from error
    if as_json:
        unverified = {"verified": False}
        said = unverified | members_of(answer) | unverified
        print(json.dumps(said, indent=1, ensure_ascii=False))
        return
    for line in told:
        print(brief(line))
    print(brief(f"as of size {answer['size']}, by events {answer['positions']}"))
    print("unverified: this is the server's answer")
