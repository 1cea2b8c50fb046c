"""`techledger report`: the PDF of a page, as its server makes it, with the evidence inside."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answers import CouldNotAsk, asking
from api.cli.options import AsJson, Lang, TrustIfAny, Url, must_be_new
from api.describe.language import Language, Said
from api.describe.links import FIGURES, LICENCE_ANSWER, PAGES, placed
from ledger.runtime import durable
from ledger.wire.report_file import NoReport, bundle_in
from ledger.wire.shown import one_line

app = typer.Typer(
    help="A case file, the answer of a licence check, the figures of a year: as a PDF.",
    no_args_is_help=True,
)

Pdf = Annotated[Path, typer.Option(help="New file that the report is written to", dir_okay=False)]
TrueOn = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]
KnownAt = Annotated[
    str | None, typer.Option(help="Position or instant; default: all that is signed")
]


@app.command("case")
def case(  # noqa: PLR0913  (the question's parameters)
    dispute: Annotated[str, typer.Argument(help="Dispute id")],
    *,
    pdf: Pdf,
    url: Url,
    trust: TrustIfAny = None,
    true_on: TrueOn = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Write the case file of a dispute: orders, contracts, terms by day, money, mandates."""
    path = f"{PAGES['dispute']}/{dispute}/ho-so"
    asked = {"true_on": true_on, "known_at": known_at}
    _write(pdf, url, trust, language, path, asked, as_json=as_json)


@app.command("licence")
def licence(  # noqa: PLR0913  (the question's parameters)
    party: Annotated[str, typer.Argument(help="Who acts: an id, a tax code or a name")],
    act: Annotated[str, typer.Argument(help="make, use, sell, import, ...")],
    territory: Annotated[str, typer.Argument(help="world, iso:XX, vn-2025:NN or vn-2004:VN-NN")],
    *,
    pdf: Pdf,
    url: Url,
    trust: TrustIfAny = None,
    field: Annotated[str | None, typer.Option(help="Symbol or words; default: any")] = None,
    scheme: Annotated[str | None, typer.Option(help="Of the symbol: ipc, or vsic")] = None,
    right: Annotated[str | None, typer.Option(help="One right or technology")] = None,
    effect: Annotated[str, typer.Option(help="parties, or third_parties")] = "parties",
    true_on: TrueOn = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Write whether a party was licensed, with every grant looked at and the terms of that day."""
    asked = {
        "party": party,
        "act": act,
        "territory": territory,
        "field": field,
        "scheme": scheme,
        "right": right,
        "effect": effect,
        "true_on": true_on,
        "known_at": known_at,
    }
    _write(pdf, url, trust, language, LICENCE_ANSWER, asked, as_json=as_json)


@app.command("year")
def year(  # noqa: PLR0913  (the question's parameters)
    year: Annotated[int, typer.Argument(help="Calendar year, in Hanoi")],
    *,
    pdf: Pdf,
    url: Url,
    trust: TrustIfAny = None,
    month: Annotated[int | None, typer.Option(help="Only this month, 1 to 12")] = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Write the figures of a year, as known at its end and now, with the events counted."""
    asked = {"month": month, "known_at": known_at}
    _write(pdf, url, trust, language, f"{FIGURES}/{year}", asked, as_json=as_json)


def _write(  # noqa: PLR0913  (what is asked, and what is done with it)
    file: Path,
    url: str,
    trust: Path | None,
    language: Language,
    path: str,
    asked: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    """Fetch a report, check its evidence by a trust root, and write it to a new file.

    Raises `CouldNotAsk` for what is no report or does not verify: then nothing is written.
    """
    must_be_new(file, "--pdf")
    with asking(url, None, language) as (ledger, _):
        raw = ledger.download(f"{placed(language, path)}.pdf", "application/pdf", **asked)
    shown = _checked(raw, trust)
    durable.create(file, raw, 0o644)
    if as_json:
        told = {"file": str(file), "bytes": len(raw), "sha256": sha256(raw).hexdigest()}
        print(json.dumps(told | {"evidence_verified": trust is not None, "pages": "unchecked"}))
        return
    says = _NOT_CHECKED if shown is None else _CHECKED
    print(one_line(says.in_(language).format(file, *(shown or ()))))


def _checked(raw: bytes, trust: Path | None) -> tuple[int, str] | None:
    """Return the size and the log whose evidence a report has; None without a trust root.

    Raises `CouldNotAsk`.
    """
    from api.cli.options import read_trust_in  # noqa: PLC0415  (who names no trust root checks none)
    from ledger.court import MAX_BUNDLE  # noqa: PLC0415
    from ledger.verify.evidence_check import show  # noqa: PLC0415
    from ledger.verify.outcome import Refused  # noqa: PLC0415

    try:
        bundle = bundle_in(raw, MAX_BUNDLE)
        if trust is None:
            return None
        found = show(bundle, read_trust_in(trust))
    except (NoReport, Refused) as error:
        raise CouldNotAsk(f"REFUSED: {error}; nothing is written") from error
    return found.size, found.trust.origin


_CHECKED = Said(
    "{}: bằng chứng bên trong đã kiểm chứng, theo {} mục của {}; lời trên các trang là của máy chủ",
    "{}: the evidence inside is verified, of {} entries of {}; the words on the pages are the"
    " server's",
)
_NOT_CHECKED = Said(
    "{0}: chưa kiểm chứng gì; kiểm tra bằng: python -m ledger.verify {0} --trust trust.json",
    "{0}: nothing of it is verified; check it: python -m ledger.verify {0} --trust trust.json",
)
