"""`techledger find`: what a text finds, be it a name, a title, a number, an id or a hash."""

from typing import Annotated

import typer

from api.cli.answers import print_answer, query
from api.cli.options import AsJson, Lang, TrustIfAny, Url


def find(  # noqa: PLR0913  (the question's parameters)
    text: Annotated[str, typer.Argument(help="Name, title, number, id, hash or position")],
    *,
    url: Url,
    trust: TrustIfAny = None,
    kind: Annotated[str | None, typer.Option(help="Such as party or right; default: all")] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Position or instant; default: all that is known")
    ] = None,
    after: Annotated[str | None, typer.Option(help="Where the page before says: next")] = None,
    limit: Annotated[int, typer.Option(help="How many, at most")] = 20,
    language: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Find a name, a title, a number, an id, a hash or a position, however it is spelt.

    The best come first, with why they are found; exit code 4 if nothing is.
    """
    asked = {"q": text, "kind": kind, "known_at": known_at, "after": after, "limit": limit}
    answer = query(url, trust, language, "/v1/search", **asked)
    print_answer(answer, language, as_json=as_json)
