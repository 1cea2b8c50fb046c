"""
What there is to know of a type of event before one makes such an event, from one place each.

The form is that of its body (`ledger.events.schema`), who signs and what it is about is the row of
the table of authority. `event_types.json` has by topic an example, and the refusals that its rule
can raise: `python -m tests.support.event_types` writes it; every refusal seen is held to it.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ledger.domain import admission
from ledger.domain.core.refusal import Refusal
from ledger.domain.refused import classes
from ledger.domain.registry import TOPICS
from ledger.events.descriptions import describe_type
from ledger.events.schema import payload_schema
from ledger.powers import TABLE, TopicPowers

assert admission.IssuedInFuture.code, "what refuses any event is declared where that is judged"

OF_ANY = "any"
"""Where the refusals stand that any event can meet."""


@dataclass(frozen=True, slots=True)
class Titles:
    """A title in both languages."""

    en: str
    vi: str


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signs, in words and as the row of the table of authority (docs/spec/authority.md)."""

    says: str
    """Who signs and who may, in words."""
    signers: str
    """Whom it binds, in words of the table."""
    may: str
    """Who may be named where, in words of the table."""
    commits: str
    """To what it commits its signers, in words of the table."""
    waits: str
    """Where it waits before it binds, in words of the table."""
    opposed: str
    """Whose sides are opposed, for whom nobody signs by one hand, in words of the table."""


@dataclass(frozen=True, slots=True)
class RefusalType:
    """A rule that can refuse it."""

    code: str
    """Stable, never translated (docs/reference/refusals.md)."""
    title: Titles
    """The code in words."""
    article: str | None
    """The law, where the law is the reason."""
    final: bool
    """The same bytes are then refused for good."""


@dataclass(frozen=True, slots=True)
class EventTypeName:
    """A type of event, in a list."""

    topic: str
    """Its name, with its version: the `type` of a payload."""
    title: Titles
    """What it is called."""
    says: str
    """What anyone who records it says, in one sentence."""
    family: str
    """Types of one family are about the same matters."""
    link: str
    """Path of what else there is to know."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event: its form, who signs it, what it is about, what refuses it, an example."""

    topic: str
    """Its name, with its version: the `type` of a payload."""
    title: Titles
    """What it is called."""
    says: str
    """What anyone who records it says."""
    family: str
    """Types of one family are about the same matters."""
    module: str
    """Where in `ledger.domain` its body is declared."""
    signers: Signers
    """Who signs it."""
    subjects: tuple[str, ...]
    """What it is about, in words of the table of authority."""
    references: tuple[str, ...]
    """Members that hold the payload hash of an earlier event, by pointers: `*` is any item."""
    refusals: tuple[RefusalType, ...]
    """What its own rule can tell, beside what any event can meet (`GET /v1/types`)."""
    example: Any
    """A whole payload of this type."""
    schema: Any
    """The form of the whole payload, header and body."""


@dataclass(frozen=True, slots=True)
class EventTypes:
    """All types of events, by name, and the refusals that any event can meet."""

    types: tuple[EventTypeName, ...]
    refusals: tuple[RefusalType, ...]


@cache
def list_types() -> EventTypes:
    """Return all types of events, by name."""
    return EventTypes(tuple(map(_name_type, sorted(TOPICS))), _refusals(OF_ANY))


@cache
def describe_event_type(topic: str) -> EventType:
    """Return all that is known of a type. Raises `KeyError` for what is none."""
    body, row = TOPICS[topic], TABLE[topic]
    named, written = _name_type(topic), _written()[topic]
    return EventType(
        topic=topic,
        title=named.title,
        says=describe_type(body),
        family=named.family,
        module=body.__module__.removeprefix("ledger.domain."),
        signers=Signers(say_who_signs(row), *row[:-1]),
        subjects=tuple(row.about.split()),
        references=tuple(f"/body/{path}" for path in body.REFERENCES.split()),
        refusals=_refusals(topic),
        example=written["example"],
        schema=payload_schema(topic),
    )


def _name_type(topic: str) -> EventTypeName:
    body = TOPICS[topic]
    return EventTypeName(
        topic=topic,
        title=Titles(body.TITLE, body.TITLE_VI),
        says=describe_type(body).partition("\n")[0],
        family=body.__module__.split(".")[2],
        link=f"/v1/types/{topic}",
    )


def _refusals(topic: str) -> tuple[RefusalType, ...]:
    return tuple(_describe_refusal(classes()[code]) for code in codes_of(topic))


def codes_of(topic: str) -> Collection[str]:
    """Return the codes of the refusals that a type's own rule can raise, or those of any event."""
    codes: list[str] = _written()[topic]["refusals"]
    return codes


def _describe_refusal(rule: type[Refusal]) -> RefusalType:
    title = " ".join((rule.__doc__ or "").partition("\n\n")[0].split())
    return RefusalType(rule.code, Titles(title, rule.title_vi), rule.article, rule.final)


@cache
def _written() -> Mapping[str, Any]:
    text = files("api.describe").joinpath("event_types.json").read_text("utf-8")
    written: dict[str, Any] = json.loads(text)
    return written


_OFFICERS = {
    "@operator": "the operator",
    "@registrar": "the registrar",
    "@officers": "both officers",
}


def say_who_signs(row: TopicPowers) -> str:
    """Say in words whom the first column of a row binds, and whom the second allows."""
    bound = ", and ".join(map(_say_signer, row.signers.split()))
    allowed = [*map(_say_who_may, row.may.split())]
    return "; ".join((bound, *allowed)) + "."


def _say_signer(word: str) -> str:
    sources, _, condition = word.partition("?")
    return " or, if there is none, ".join(map(_say_source, sources.split("|"))) + _say_if(condition)


def _say_source(source: str) -> str:
    return _OFFICERS.get(source) or ("each of " if "*" in source else "") + f"`{source}`"


def _say_if(condition: str) -> str:
    absent, path = condition.startswith("!"), condition.removeprefix("!")
    if not path:
        return ""
    name, _, value = path.partition("=")
    if value:
        return f" ({'unless' if absent else 'if'} `{name}` is `{value}`)"
    return f" ({'unless' if absent else 'if'} there is something at `{name}`)"


def _say_who_may(word: str) -> str:
    path, _, rest = word.partition("=")
    allowed, _, condition = rest.partition("?")
    return f"`{path}` is {' or '.join(map(_say_allowed, allowed.split('|')))}{_say_if(condition)}"


def _say_allowed(word: str) -> str:
    if word == "#older":
        return "signed for by an older key of its own"
    if word.startswith("#"):
        return f"registered with the role `{word[1:]}`"
    if word == "!@officers":
        return "neither officer"
    if word.startswith("!"):
        return f"another than {_say_source(word[1:])}"
    return "one of the officers" if word == "@officers" else _say_source(word)
