"""What the code of a problem means: by which law, which events meet it, and what helps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from api.describe.event_types import OF_ANY, codes_of
from api.describe.language import Said
from api.problems import NO_EVENT, OTHERS, TITLES, UNAVAILABLE, refusal_status
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Way, ways
from ledger.domain.refused import classes
from ledger.domain.registry import TOPICS

FORM, SERVICE = "form", "service"
"""Where codes stand that no rule refuses by: what is no event, and what a server tells."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A code: what it is called, and of a rule its law, its status, whom it refuses, what helps.

    `family` is that of the rule, `FORM` or `SERVICE`; `status` is None where it depends. `final`:
    the same bytes, which all have signed, are refused for good. `ways` are what helps, by case.
    """

    code: str
    title: Said
    family: str
    status: int | None = None
    article: str | None = None
    final: bool = False
    any_event: bool = False
    topics: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()


@cache
def all_coded() -> Mapping[str, Coded]:
    """Return all codes, in their order."""
    found = [*map(_of_rule, classes().values()), *_of_requests()]
    return {each.code: each for each in sorted(found, key=lambda each: each.code)}


def near_codes(code: str) -> tuple[str, ...]:
    """Return codes that may be meant by one that is none."""
    return tuple(get_close_matches(code.upper(), all_coded(), 6))


def _of_rule(kind: type[Refusal]) -> Coded:
    english = " ".join((kind.__doc__ or "").partition("\n\n")[0].split()).removesuffix(".")
    helps = ways()
    cases = (way for name, way in helps.items() if name.startswith(f"{kind.code}/"))
    return Coded(
        kind.code,
        Said(kind.title_vi, english),
        kind.__module__.split(".")[2],
        refusal_status(kind),
        kind.article,
        kind.final,
        kind.code in codes_of(OF_ANY),
        tuple(topic for topic in sorted(TOPICS) if kind.code in codes_of(topic)),
        (*((helps[kind.code],) if kind.code in helps else ()), *cases),
    )


def _of_requests() -> Iterator[Coded]:
    for code, (english, vietnamese) in NO_EVENT.items():
        if code not in classes():
            yield Coded(code, Said(vietnamese, english), FORM, any_event=True)
    for code, (english, vietnamese) in {**TITLES, **OTHERS}.items():
        if code not in NO_EVENT:
            yield Coded(code, Said(vietnamese, english), SERVICE)
    for code, english, vietnamese in UNAVAILABLE.values():
        yield Coded(code, Said(vietnamese, english), SERVICE, 503)
