"""How pages are filled: answers in words, links that keep the question, in either language."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from api.deps import node_of
from api.describe import days
from api.describe.checked_here import CHECKED
from api.describe.event_names import event_name
from api.describe.event_saying import kind_name
from api.describe.interface import INTERFACE
from api.describe.language import Language
from api.describe.links import (
    COMPARED,
    EVENT_TYPES,
    FIGURES,
    FIND,
    LICENCE_CHECK,
    OF_PARTIES,
    PAGES,
    PREFIXES,
    AddressQuery,
    placed,
)
from api.describe.money import number, share
from api.describe.places import office, places
from api.describe.rulebook_words import TRUSTED
from api.explorer.named import PARTY
from api.explorer.subject_answers import Asked
from api.problems import RULES
from api.reads.questions import QUESTIONS
from ledger.node.node import Node
from ledger.wire.base64 import b64encode
from ledger.wire.shown import visible_lines
from projections.questions.search import Group, Hit

HERE = Path(__file__).parent

# Nothing is loaded from elsewhere, nothing is inline, one script of ours runs, nobody frames it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'",
    "Cache-Control": "no-store",
}

SCRIPT = "/static/verify.js"
"""Where the check of a page is found; a page loads no other bytes than these."""

INTEGRITY = f"sha256-{b64encode(sha256((HERE / SCRIPT[1:]).read_bytes()).digest())}"

LINES = 50
"""Rows of a list that a page shows; an answer has them all."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a template says things by: the words of one language, and where links lead."""

    request: Request
    question: AddressQuery
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        """Return the page's language."""
        return self.question.language

    def word(self, name: str, *given: object) -> str:
        """Return what the page itself says. Raises `KeyError` for what nobody has worded."""
        return INTERFACE[name].in_(self.language).format(*given)

    def checked(self) -> str:
        """Return what the check of a page may say, by name, as JSON."""
        return json.dumps({name: said.in_(self.language) for name, said in CHECKED.items()})

    def name(self, subject: str) -> str | None:
        """Return what a party is called, if the page knows it."""
        return self.names.get(subject)

    def sentence(self, text: str) -> str:
        """Return a sentence that says parties by their names, where it has their ids."""
        return PARTY.sub(lambda found: self.names.get(found[0], found[0]), text)

    def kept(self) -> Mapping[str, str]:
        """Return what the page was asked beside its subject, of what was not left open."""
        return self.question.asking()

    def kind(self, kind: str) -> str:
        """Return what a kind of what is found is called."""
        return kind_name(kind, self.language)

    def counted(self, groups: Sequence[Group]) -> str:
        """Return how many there are of each kind."""
        return ", ".join(
            f"{self.number(group.count)}{'+' * group.more} {self.kind(group.kind)}"
            for group in groups
        )

    def check(self, **filled: str) -> str:
        """Return the address of the licence check, with what is filled in already."""
        asked = {**filled, **self.question.asking(("true_on", "known_at", "effect"))}
        query = urlencode(asked, safe=":")
        return self.page(LICENCE_CHECK) + (f"?{query}" if query else "")

    def seek(self, text: str, kind: str | None = None, after: str | None = None) -> str:
        """Return the address of what is found by a text, of one kind or all."""
        asked = {"q": text, "loai": kind, "after": after}
        said = {name: value for name, value in asked.items() if value is not None}
        return f"{self.page(FIND)}?{urlencode(said)}"

    def found(self, hit: Hit) -> str:
        """Return where that is shown which is found."""
        if hit.kind == "entry":
            return self.entry(hit.position)
        return f"/v1/keys/{hit.id}" if hit.kind == "key" else self.subject(hit.id)

    def of_today(self) -> str:
        """Return the address of this page that is asked nothing beside its subject."""
        return self.request.url.path

    def day(self, value: date) -> str:
        """Return a day."""
        return days.day(value, self.language)

    def moment(self, value: datetime) -> str:
        """Return an instant, in Hà Nội."""
        return days.moment(value, self.language)

    def known(self, at: int | datetime) -> str:
        """Return up to which entry, or which instant, it was asked what was known."""
        if isinstance(at, int):
            return self.word("as_known_to_entry", at)
        return self.word("as_known_at", self.moment(at))

    def asked(self, asked: Asked) -> str:
        """Return what was asked: of which day, as known when to whom, between whom."""
        if asked.known_by == "office":
            known = self.word("by_office")
            if isinstance(asked.known_at, date):
                known = f"{self.word('as_known_by_office')} {self.day(asked.known_at)}"
        elif isinstance(asked.known_at, int | datetime):
            known = self.known(asked.known_at)
        else:
            known = self.word("by_ledger")
        between = "not_third_parties" if asked.not_of_others else asked.effect
        return f"{self.word('true_on')} {self.day(asked.on)}, {known}, {self.word(between)}"

    def clock(self, value: datetime) -> str:
        """Return an instant where it is said that it is told in Hà Nội."""
        return days.clock(value, self.language)

    def event(self, topic: str) -> str:
        """Return what a type of event is called."""
        return event_name(topic, self.language)

    def office(self, code: str) -> str:
        """Return an office."""
        return office(code, self.language)

    def span(self, start: date, end: date | None) -> str:
        """Return the days from a first to the last before an end, open where there is none."""
        return days.span(start, end, self.language)

    def trust(self, trust: str) -> str:
        """Return how a row of law data was read."""
        return TRUSTED[trust].in_(self.language)

    def figures(self, year: int, month: int | None = None) -> str:
        """Return the address of the figures of a year, or of a month of it."""
        where = self.question.address(self.page(f"{FIGURES}/{year}"), ("known_at",))
        return where if month is None else f"{where}{'&' if '?' in where else '?'}month={month}"

    def rule(self, code: str) -> str:
        """Return the address that says what a code means."""
        return self.page(f"{RULES}/{code}")

    def event_type(self, topic: str) -> str:
        """Return the address that says what a type of event is."""
        return self.page(f"{EVENT_TYPES}/{topic}")

    def places(self, codes: Sequence[str]) -> str:
        """Return places."""
        return places(codes, self.language)

    def number(self, value: int) -> str:
        """Return a whole number."""
        return number(value, self.language)

    def share(self, value: Fraction) -> str:
        """Return a fraction of the whole."""
        return share(value.numerator, value.denominator, self.language)

    def subject(self, subject: str) -> str:
        """Return the address where a subject is shown."""
        return self.question.subject(subject)

    def compare(self, contract: str) -> str:
        """Return the address where versions of a contract's terms are compared."""
        return self.question.page(f"{PAGES['contract']}/{contract}/{COMPARED}")

    def listing(self, listing: str, kind: str | None) -> str:
        """Return the address where a listing or a need is shown."""
        return self.question.subject(listing, kind="need" if kind == "need" else None)

    def entry(self, position: int) -> str:
        """Return the address where an entry is shown."""
        return self.question.entry(position)

    def of_party(self, party: str) -> Mapping[str, str]:
        """Return where what a party has is listed, by what it is."""
        return {
            each: self.question.page(path.format(party=party)) for each, path in OF_PARTIES.items()
        }

    def page(self, path: str) -> str:
        """Return the address of a page of this ledger, which is asked nothing."""
        return placed(self.language, path)

    def next_page(self, subject: str, after: int) -> str:
        """Return the address of what a subject's page lists next."""
        return self.question.subject(subject, after=after)

    def twin(self, operation: str, asked: AddressQuery | None = None, **path: str) -> str:
        """Return the address at which the API answers the same question, or what is asked."""
        question = QUESTIONS[operation]
        where = question.route.url_path_for(question.route.name, **path)
        return (asked or self.question).address(str(where), question.takes)

    def elsewhere(self) -> str:
        """Return the address of this very page in the other language."""
        path = self.request.url.path.removeprefix(PREFIXES[self.language])
        query = self.request.url.query
        return placed(self.other, path) + (f"?{query}" if query else "")

    @property
    def other(self) -> Language:
        """Return the language that the page is not in."""
        return "en" if self.language == "vi" else "vi"


def language_of(request: Request) -> Language:
    """Return the language that a page is asked for in, by its path."""
    path = request.url.path
    english = PREFIXES["en"]
    return "en" if path == english or path.startswith(f"{english}/") else "vi"


def page(
    request: Request,
    template: str,
    question: AddressQuery | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
    **shown: Any,
) -> HTMLResponse:
    """Return a page with the headers that all pages have, and the foot of each of its sheets."""
    asked = question or AddressQuery(language_of(request))
    node = node_of(request)
    latest = node.feed.newest
    context = {
        "origin": node.identity.origin,
        "say": Spoken(request, asked, names),
        "latest": latest,
        "root": b64encode(latest.root) if latest else "",
        "witnessed": witnessed(node),
        "shown_lines": LINES,
        **shown,
    }
    links = [headers["Link"]] if "Link" in headers else []
    if again := shown.get("again"):
        links.append(f'<{again.proof}>; rel="alternate"; type="application/json"; title="proof"')
    said = {**HEADERS, "Content-Language": asked.language, **headers}
    if links:
        said["Link"] = ", ".join(links)
    return templates.TemplateResponse(request, template, context, status, said)


def witnessed(node: Node) -> tuple[int, int, int] | None:
    """Return how many witnesses of the policy cosigned the log last, of how many, at what size.

    None where the policy asks for none.
    """
    best = node.best_checkpoint
    if best is None or not node.quorum.asked:
        return None
    cosigned = node.quorum.cosigners(best.note)
    return len(cosigned), len(node.quorum.policy.witnesses), best.size


def visible_or(value: object) -> object:
    """Return a value as a page shows it: of a text, every code point that it has."""
    return visible_lines(value) if type(value) is str else value


templates = Jinja2Templates(directory=HERE / "templates")
templates.env.finalize = visible_or
templates.env.globals.update(utc=days.utc, script=SCRIPT, integrity=INTEGRITY)
