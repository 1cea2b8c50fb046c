"""`techledger rights`: owners, burdens, what may be granted on a right, what ends with it."""

from typing import Annotated, Any

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url

app = typer.Typer(
    help="Who owned a right, what burdens it, what may be granted, what ends with it.",
    no_args_is_help=True,
)

Right = Annotated[str, typer.Argument(help="Right id, e.g. right:us.15145443")]
Thing = Annotated[str, typer.Argument(help="Id of a right or technology")]
Day = Annotated[str | None, typer.Option(help="Legal day YYYY-MM-DD; default: today")]
KnownAt = Annotated[str | None, typer.Option(help="Position or instant; default: all known")]
KnownAtByEither = Annotated[
    str | None,
    typer.Option(help="Position or instant, a day with --known-by office; default: all known"),
]
KnownBy = Annotated[str, typer.Option(help="ledger, or office: by its day of recording")]
Effect = Annotated[str, typer.Option(help="parties, or third_parties")]
Territory = Annotated[
    str | None, typer.Option(help="world, iso:XX, vn-2025:NN or vn-2004:VN-NN; default: anywhere")
]
Field = Annotated[str | None, typer.Option(help="Symbol of the IPC; default: anything")]
From = Annotated[str | None, typer.Option("--from", help="First legal day; default: today")]
To = Annotated[str | None, typer.Option("--to", help="First day after; default: no end")]


@app.command("title")
def title(  # noqa: PLR0913  (the question's parameters)
    right: Right,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAtByEither = None,
    known_by: KnownBy = "ledger",
    effect: Effect = "parties",
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print who owned the right on a day, and which assignments wait."""
    answer = query(
        url,
        trust,
        language,
        "/v1/rights/{right}/title",
        right=right,
        true_on=true_on,
        known_at=known_at,
        known_by=known_by,
        effect=effect,
    )
    print_answer(answer, language, as_json=as_json)


@app.command("chain")
def chain(
    right: Right,
    *,
    url: Url,
    trust: TrustIfAny = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print every event of the right's title, in order of recording."""
    path = "/v1/rights/{right}/chain"
    answer = query(url, trust, language, path, right=right, known_at=known_at)
    print_answer(answer, language, as_json=as_json)


@app.command("liens")
def liens(  # noqa: PLR0913  (the question's parameters)
    right: Right,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAtByEither = None,
    known_by: KnownBy = "ledger",
    effect: Effect = "parties",
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the liens in force on a day, in order of rank."""
    answer = query(
        url,
        trust,
        language,
        "/v1/rights/{right}/liens",
        right=right,
        true_on=true_on,
        known_at=known_at,
        known_by=known_by,
        effect=effect,
    )
    print_answer(answer, language, as_json=as_json)


@app.command("status")
def status(  # noqa: PLR0913  (the question's parameters)
    right: Right,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    territory: Annotated[str | None, typer.Option(help="One of its States: iso:XX")] = None,
    known_at: KnownAtByEither = None,
    known_by: KnownBy = "ledger",
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Say whether the right is in force on a day; exit code 1 if not."""
    answer = query(
        url,
        trust,
        language,
        "/v1/rights/{right}/status",
        right=right,
        true_on=true_on,
        territory=territory,
        known_at=known_at,
        known_by=known_by,
    )
    print_answer(answer, language, as_json=as_json)


@app.command("exclusive")
def exclusive(  # noqa: PLR0913  (the question's parameters)
    subject: Thing,
    *,
    url: Url,
    trust: TrustIfAny = None,
    territory: Territory = None,
    field: Field = None,
    start: From = None,
    end: To = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print the exclusive and sole grants there, for that, between two days."""
    answer = query(
        url,
        trust,
        language,
        f"{_path_of(subject)}/exclusive",
        subject=subject,
        **_part(territory or "world", field, start, end),
        known_at=known_at,
    )
    print_answer(answer, language, as_json=as_json)


def _path_of(subject: str) -> str:
    """Return where a right or technology is asked about."""
    kind = "technologies" if subject.startswith("technology:") else "rights"
    return f"/v1/{kind}/{{subject}}"


def _part(
    territory: str | None, field: str | None, start: str | None, end: str | None
) -> dict[str, Any]:
    scheme = {} if field is None else {"scheme": "ipc"}
    return {"territory": territory, "field": field, **scheme, "from": start, "to": end}


@app.command("left")
def left(  # noqa: PLR0913  (the question's parameters)
    subject: Thing,
    *,
    url: Url,
    trust: TrustIfAny = None,
    territory: Territory = None,
    field: Field = None,
    start: From = None,
    end: To = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print what may still be granted, exclusively and otherwise, and what is in the way."""
    answer = query(
        url,
        trust,
        language,
        f"{_path_of(subject)}/left-to-grant",
        subject=subject,
        **_part(territory, field, start, end),
        known_at=known_at,
    )
    print_answer(answer, language, as_json=as_json)


@app.command("dependents")
def dependents(  # noqa: PLR0913  (the question's parameters)
    right: Right,
    *,
    url: Url,
    trust: TrustIfAny = None,
    true_on: Day = None,
    known_at: KnownAt = None,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print which licences end with the right, and who must be told."""
    path = "/v1/rights/{right}/dependents"
    answer = query(url, trust, language, path, right=right, true_on=true_on, known_at=known_at)
    print_answer(answer, language, as_json=as_json)
