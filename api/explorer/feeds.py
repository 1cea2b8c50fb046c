"""
Feeds (Atom, RFC 4287): events as sentences, newest first, for who reads feeds.

A feed is a watch list by its address, as a stream is. The id of an entry is made of the log's
origin and the event alone, so it is one in every feed, language and scheme.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import APIRouter, Query, Request, Response

from api.deps import look, node_of, reader_of
from api.describe.event_names import event_name
from api.describe.language import Language, Said
from api.describe.links import ATOM, ENTRY, PREFIXES, placed
from api.describe.saying import Speech
from api.explorer.happened import Happened, happened
from api.explorer.shown import HEADERS, language_of
from api.reads.parameters import Count
from api.reads.questions import tagged
from api.reads.stream import Watching
from ledger.domain.core.types import format_instant
from ledger.node.node import Node
from ledger.store.entries import read_first
from ledger.wire.shown import visible
from projections.questions.search import titles_of
from projections.questions.watched import WatchList, watched_of

MEDIA_TYPE = "application/atom+xml"

ENTRIES = 50
"""Events on a page of a feed."""

_ATOM = {"xmlns": "http://www.w3.org/2005/Atom"}

router = APIRouter(tags=["explorer"], include_in_schema=False)

Before = Annotated[Count | None, Query(description="Only those before this position")]


async def show_feed(request: Request, watch: Watching, before: Before = None) -> Response:
    """Show a page of a feed."""
    return await look(request, lambda: _feed(request, watch, before))


for _prefix in PREFIXES.values():
    router.add_api_route(f"{_prefix}{ATOM}", show_feed, response_class=Response)


def _feed(request: Request, watch: WatchList, before: int | None) -> Response:
    node, language = node_of(request), language_of(request)
    reader, size = reader_of(node), node.published
    last = size if before is None else min(before, size)
    found = watched_of(reader, watch, before=last, order="newest", limit=ENTRIES + 1).events
    events, more = found[-ENTRIES:], len(found) > ENTRIES
    ids = {each for event in events for each in (*event.signers, *event.subjects)}
    names = {**titles_of(reader, sorted(ids | watch.subjects))}
    speech = Speech(language, reader.law)
    told = happened(node, events[::-1], lambda _: None, speech, names)
    content = tostring(
        _written(request, watch, told, names, more=more), "utf-8", xml_declaration=True
    )
    return tagged(content, f"{MEDIA_TYPE}; charset=utf-8", HEADERS)


def _written(
    request: Request,
    watch: WatchList,
    told: Sequence[Happened],
    names: Mapping[str, str],
    *,
    more: bool,
) -> Element:
    node, language = node_of(request), language_of(request)
    asked = [
        *(("subject", each) for each in sorted(watch.subjects)),
        *(("topic", each) for each in sorted(watch.topics)),
    ]
    here = f"{request.base_url}{request.url.path.removeprefix('/')}"
    feed = Element("feed", {**_ATOM, "xml:lang": language})
    address = _asking(here, asked)
    for name, text in (
        ("id", f"{_tag(node.origin)}/{_asking(language, asked)}"),
        ("title", _title(node, watch, names, language)),
        ("updated", format_instant(told[0].event.accepted if told else _opened(node))),
    ):
        SubElement(feed, name).text = text
    SubElement(SubElement(feed, "author"), "name").text = node.origin
    page = f"{str(request.base_url).rstrip('/')}{placed(language, ENTRY)}"
    links = {"self": _asking(here, [*asked, *_from(request)]), "alternate": page, "first": address}
    if more:
        following = ("before", str(told[-1].event.position))
        links["next"] = _asking(here, [*asked, following])  # RFC 5005, 3
    for relation, href in links.items():
        SubElement(feed, "link", rel=relation, href=href)
    for each in told:
        feed.append(_entry(node.origin, page, each, language))
    return feed


def _entry(origin: str, page: str, told: Happened, language: Language) -> Element:
    event, entry = told.event, Element("entry")
    SubElement(entry, "id").text = f"{_tag(origin)}/{event.event_id}"
    SubElement(entry, "title").text = visible("".join(word.text for word in told.sentence))
    SubElement(entry, "updated").text = format_instant(event.accepted)
    SubElement(entry, "link", rel="alternate", href=f"{page}/{event.position}")
    named = event_name(event.topic, language)
    SubElement(entry, "category", term=event.topic, label=named)
    return entry


def _tag(origin: str) -> str:
    """Return what the ids of a log begin with (RFC 4151): its host named it, in that year."""
    host, _, name = origin.partition("/")
    return f"tag:{host},2026:{name}"


def _title(node: Node, watch: WatchList, names: Mapping[str, str], language: Language) -> str:
    watched = [
        *(names.get(each, each) for each in sorted(watch.subjects)),
        *(event_name(each, language) for each in sorted(watch.topics)),
    ]
    said = _TITLE.in_(language).format(node.origin)
    return visible(f"{said}: {', '.join(watched)}" if watched else said)


_TITLE = Said("Sự kiện của sổ cái {}", "Events of the ledger {}")


def _asking(address: str, asked: Sequence[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(asked, safe=':/')}" if asked else address


def _from(request: Request) -> Sequence[tuple[str, str]]:
    before = request.query_params.get("before")
    return [] if before is None else [("before", before)]


def _opened(node: Node) -> datetime:
    return read_first(node.reads).accepted
