"""
Each question with an example that this ledger can answer: of what it has recorded itself.

What a question is asked is taken from the newest event of a type that names such a thing, so the
examples of one ledger hang together; where nothing of the kind is recorded, there is none.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from fastapi.dependencies.utils import get_flat_params

from api.deps import reader_of
from api.describe.language import Language, Said
from api.describe.links import (
    COMPARED,
    DUTIES,
    ENTRY,
    FIGURES,
    FIND,
    LAW,
    LICENCE_ANSWER,
    MARKET,
    OF_PARTIES,
    PAGES,
    placed,
)
from api.describe.question_words import IN_VIETNAMESE
from api.reads.questions import QUESTIONS, Question, command_of
from ledger.node.node import Node
from projections.questions.feed import feed_of
from projections.questions.search import titles_of
from projections.questions.terms import terms_on
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow

AMENDED = "terms.amended/1"
"""What gives a contract a second version."""

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "technology": ("listing.published/1", "technology.registered/1"),
    "right": ("right.filed/1",),
    "contract": (AMENDED, "revenue.distributed/1", "contract.concluded/1"),
    "distribution": ("revenue.distributed/1",),
    "share": ("share.agreed/1",),
    "dispute": ("dispute.opened/1",),
    "listing": ("listing.published/1",),
    "offer": ("offer.made/1",),
    "document": ("document.sent/1",),
    "party": ("contract.concluded/1", "party.registered/1"),
    "key": ("party.registered/1",),
}
"""From which events an id of each kind is taken, the first that there are."""

PAGE_OF: Mapping[str, str] = {
    "listEvents": ENTRY,
    "listListings": MARKET,
    "listDuties": DUTIES,
    "listEditions": LAW,
    "getFigures": f"{FIGURES}/{{year}}",
    "search": f"{FIND}?q={{q}}",
    "checkLicence": f"{LICENCE_ANSWER}?party={{party}}&act={{act}}&territory={{territory}}",
    "diffVersions": f"{PAGES['contract']}/{{contract}}/{COMPARED}?tu={{before}}&den={{after}}",
    "listPartyRights": OF_PARTIES["rights"],
    "listPartyContracts": OF_PARTIES["contracts"],
    "listPartyOffers": OF_PARTIES["offers"],
    **dict.fromkeys(("getFalls", "getGrounds"), f"{ENTRY}/{{position}}"),
    **dict.fromkeys(
        ("getTitle", "getStatus", "getStatusHistory", "getDependents", "getLiens"),
        f"{PAGES['right']}/{{right}}",
    ),
    "getTechnology": f"{PAGES['technology']}/{{technology}}",
    **dict.fromkeys(
        ("getTerms", "listVersions", "getSublicences", "getRevenue", "getOverdue", "getHolds"),
        f"{PAGES['contract']}/{{contract}}",
    ),
    "getComputation": f"{PAGES['distribution']}/{{distribution}}",
    "getDispute": f"{PAGES['dispute']}/{{dispute}}",
    **dict.fromkeys(
        ("getParty", "getPartyKeys", "getMandates", "getDues"), f"{PAGES['party']}/{{party}}"
    ),
    **dict.fromkeys(("getListing", "getMatches"), f"{PAGES['listing']}/{{listing}}"),
    "getOffer": f"{PAGES['offer']}/{{offer}}",
}
"""The page that answers a question, where there is one."""


@dataclass(frozen=True, slots=True)
class CanBeAsked:
    """What a question can be asked: by which name, whether it must be, and what it means."""

    name: str
    required: bool
    says: str


@dataclass(frozen=True, slots=True)
class LiveExample:
    """A question in words, and how it is asked of this ledger; None where it cannot be."""

    operation: str
    about: str
    says: Said
    parameters: tuple[CanBeAsked, ...]
    address: str | None
    command: str | None
    page: str | None

    def page_in(self, language: Language) -> str | None:
        """Return the address of its page in a language, where it has one here."""
        return None if self.page is None else placed(language, self.page)


@lru_cache(maxsize=4)
def examples_of(node: Node, size: int, day: date) -> tuple[LiveExample, ...]:
    """Return every question with an example of a ledger of so many entries, on a day."""
    known = _known(reader_of(node, size - 1), day)
    known |= {"size": str(size), "to": (day + timedelta(days=365)).isoformat()}
    by_path = sorted(QUESTIONS.items(), key=lambda each: each[1].route.path)
    return tuple(_example(name, question, known) for name, question in by_path)


def _example(name: str, question: Question, known: Mapping[str, str]) -> LiveExample:
    route = question.route
    given = _given(name, question, known)
    where = command = page = None
    if given is not None:
        path = {each: given[each] for each in route.param_convertors}
        query = {each: value for each, value in given.items() if each not in path}
        where = str(route.url_path_for(route.name, **path))
        where += f"?{urlencode(query, safe=':')}" if query else ""
        words = [*path.values()]
        words += [word for each in query for word in (f"--{each.replace('_', '-')}", query[each])]
        command = shlex.join(["techledger", "ask", command_of(name), *words])
        if name in PAGE_OF:
            quoted = {each: quote(value, safe=":") for each, value in {**known, **given}.items()}
            page = _filled(PAGE_OF[name], quoted)
    (about,) = (str(tag) for tag in route.tags)
    says = Said(IN_VIETNAMESE[name], route.summary or "")
    return LiveExample(name, about, says, (*_parameters(question),), where, command, page)


def _filled(template: str, known: Mapping[str, str]) -> str | None:
    """Return an address with what is known, None where something of it is not."""
    try:
        return template.format(**known)
    except KeyError:
        return None


def _parameters(question: Question) -> Iterator[CanBeAsked]:
    for each in get_flat_params(question.route.dependant):
        yield CanBeAsked(
            each.alias, bool(each.field_info.is_required()), each.field_info.description or ""
        )


_ALSO: Mapping[str, tuple[str, ...]] = {
    "listOffers": ("offer",),
    "getExclusive": ("to",),
    "getTechnologyExclusive": ("to",),
}
"""What a question is asked in its example besides what it has to be asked."""


def _given(name: str, question: Question, known: Mapping[str, str]) -> dict[str, str] | None:
    """Return what a question is asked, None where the ledger has not all of it."""
    required = [each.name for each in _parameters(question) if each.required]
    thing = known.get("technology" if "Technology" in name else "right", "")
    asked = {**known, "thing": thing}
    given = {each: asked.get(each, "") for each in (*required, *_ALSO.get(name, ()))}
    return given if all(given.values()) else None


def _known(reader: Reader, day: date) -> dict[str, str]:
    """Return what the ledger has recorded that can be asked about, by parameter."""
    found = {kind: _newest(reader, kind, topics) for kind, topics in NAMED_BY.items()}
    known = {kind: each for kind, each in found.items() if each is not None}
    if contract := known.get("contract"):
        known |= {"subject": contract, **_of_contract(reader, contract, day)}
    if _event(reader, AMENDED):
        known |= {"before": "1", "after": "2"}
    if concluded := _event(reader, "contract.concluded/1"):
        known["position"] = str(concluded.position)
    if key := known.get("key"):
        known["key_id"] = key.partition(":")[2]
    if party := known.get("party"):
        known |= {"signer": party, "q": titles_of(reader, [party]).get(party, party)}
    return {**known, "name": "title", "year": str(day.year)}


def _of_contract(reader: Reader, contract: str, day: date) -> dict[str, str]:
    """Return who may do what where, by the first grant of a contract."""
    terms = terms_on(reader, contract, true_on=day).terms
    grants: Any = terms.grants if terms else ()
    for grant in grants:
        things = {"right": grant.rights, "technology": grant.technologies}
        return {
            "party": grant.licensee,
            "act": grant.acts[0],
            "territory": grant.territory.codes[0],
            **{kind: ids[0] for kind, ids in things.items() if ids},
        }
    return {}


def _newest(reader: Reader, kind: str, topics: tuple[str, ...]) -> str | None:
    """Return an id of a kind from the newest event of the first of the types that there is."""
    events = filter(None, (_event(reader, topic) for topic in topics))
    ids = (each for event in events for each in event.subjects if each.startswith(f"{kind}:"))
    return next(ids, None)


def _event(reader: Reader, topic: str) -> EventRow | None:
    return next(iter(feed_of(reader, topic=topic, limit=1).events), None)
