"""Questions put to a served ledger, and their answers on a terminal."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ledger.client import LedgerClient, read_trust

Answer = Mapping[str, Any]


def asked(url: str, trust: Path, path: str, **parameters: Any) -> Answer:
    """Return the answer to a question; parameters that are None are left out."""
    named = {name: value for name, value in parameters.items() if value is not None}
    with LedgerClient(url, read_trust(trust)) as ledger:
        answer: Answer = ledger.get(path, **named)
    return answer


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
    """
    if as_json:
        print(json.dumps({"verified": False, **answer}, indent=1, ensure_ascii=False))
        return
    for line in lines:
        print(line)
    print(f"as of size {answer['size']}, by events {answer['positions']}")
    print("unverified: this is the server's answer")
