"""Two versions of a contract's terms, side by side: what changed, to the leaf, by which events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.compared import Changed, compared
from api.describe.description import lines_of, term_line
from api.describe.links import COMPARED, PAGES, PREFIXES
from api.describe.saying import Line, Speech, member_name
from api.explorer.day_bar import DayBar
from api.explorer.found_again import PROOF, found_again, pinned
from api.explorer.happened import sentences_at
from api.explorer.proofs import RestsOn, proved
from api.explorer.shown import page
from api.explorer.subject_answers import Asked, Section, asking
from api.explorer.twins import Twinned, add_twins, linked, twins_of
from api.explorer.version_rail import rail_of
from api.problems import BadParameter
from api.reads.parameters import Ordinal
from ledger.domain.contracts.contract_terms import Terms
from ledger.node.node import Node
from projections.questions.party_names import names_of
from projections.questions.terms import VersionDiff, Versions

router = APIRouter(tags=["explorer"], include_in_schema=False)

ContractId = Annotated[str, StringConstraints(pattern=r"^contract:[a-z0-9.-]{1,80}$"), Path()]


@dataclass(frozen=True, slots=True)
class _Put:
    """Of which contract versions are compared, as known when; null where nobody says which."""

    contract: str
    asked: Asked
    earlier: int | None
    later: int | None


def _put(
    contract: ContractId,
    asked: DayBar,
    tu: Annotated[Ordinal | None, Query(description="The earlier version")] = None,
    den: Annotated[Ordinal | None, Query(description="The later version")] = None,
) -> _Put:
    return _Put(contract, asked.by_ledger, tu, den)


Put = Annotated[_Put, Depends(_put)]


def _chosen(put: _Put, newest: int) -> tuple[int, int]:
    """Return which versions are compared: unless it is said, the last one and that before it.

    Raises `BadParameter` with the versions there are, for one that is not there, or out of turn.
    """
    there = f"{put.contract} has {'versions 1 to' if newest > 1 else 'version'} {newest}"
    for name, value in (("tu", put.earlier), ("den", put.later)):
        if value is not None and value > newest:
            raise BadParameter(name, value, there, _near(range(1, newest + 1)))
    later = put.later or newest
    earlier = put.earlier or later - 1
    if earlier == newest > 1:
        why = f"no version follows that; {there}"
        raise BadParameter("tu", earlier, why, _near(range(1, newest)))
    if not 1 <= earlier < later and newest > 1:
        after = max(1, earlier)
        why = f"it does not follow version {after}; {there}"
        raise BadParameter("den", later, why, _near(range(after + 1, newest + 1)))
    return earlier, later


MEANT = 10
"""Versions that are offered for one that is not there, at most."""


def _near(versions: Sequence[int]) -> Sequence[str]:
    return [str(each) for each in versions[-MEANT:]]


def _answers(node: Node, put: _Put) -> tuple[Section, Section | None]:
    """Return the versions, and what two of them have otherwise; None where there are no two."""
    ask = asking(node, put.asked)
    versions = ask("versions", "listVersions", contract=put.contract)
    assert isinstance(versions.answer, Versions)
    if not versions.answer.versions:
        return versions, None
    earlier, later = _chosen(put, len(versions.answer.versions))
    if earlier < 1:
        return versions, None
    pair: dict[str, Any] = {"before": earlier, "after": later}
    return versions, ask("compared", "diffVersions", contract=put.contract, **pair)


@dataclass(frozen=True, slots=True)
class Difference:
    """A member of the terms that two versions have otherwise, leaf by leaf; by which entries."""

    member: str
    leaves: tuple[Changed, ...]
    by: tuple[int, ...]


def differences_of(diff: VersionDiff, speech: Speech) -> Iterator[Difference]:
    """Yield what changed from one version to another, in words."""
    for said in diff.differences:
        was, now = (_line(said.member, value, speech) for value in (said.before, said.after))
        called = member_name(said.member, speech.language)
        yield Difference(called, tuple(compared(was, now)), said.by)


def _line(member: str, value: Any, speech: Speech) -> Line | None:
    return None if value in (None, [], {}, "") else term_line("", member, value, speech)


def unchanged_in(diff: VersionDiff, speech: Speech) -> tuple[Line, ...]:
    """Return what both versions say alike, in words."""
    changed = {each.member for each in diff.differences}
    terms = members_of(diff.terms)
    terms["grants"] = [each for each in terms["grants"] if f"grants/{each['grant']}" not in changed]
    return lines_of(Terms, terms, speech, changed)


async def show_compared(request: Request, put: Put) -> Response:
    """Show two versions side by side, or that there are no two."""
    node = node_of(request)

    def shown() -> Response:
        versions, section = _answers(node, put)
        reader, question = reader_of(node, put.asked.known_at), put.asked.question
        speech, twins = Speech(question.language, reader.law), twins_of(request)
        assert isinstance(versions.answer, Versions)
        rows, more = versions.answer.versions, dict[str, Any]()
        names = names_of(reader, {each for row in rows for each in row.signers}, put.asked.on)
        pinning = pinned(question, versions.answer.size).asking()
        if section is not None:
            diff = section.answer
            assert isinstance(diff, VersionDiff)
            pinning = {"tu": str(diff.before), "den": str(diff.after), **pinning}
            more["described"] = section.described(put.contract, speech.language, speech.law)
            more["differences"] = [*differences_of(diff, speech)]
            more["unchanged"] = unchanged_in(diff, speech)
            more["rail"] = rail_of(rows, {diff.before, diff.after})
            more["told"] = sentences_at(node, diff.positions, speech, names)
        return page(
            request,
            "compared.html",
            question,
            names,
            headers={"Link": linked(twins)},
            contract=put.contract,
            asked=put.asked,
            versions=versions,
            section=section,
            twins=twins,
            again=found_again(
                request, f"{request.url.path}?{urlencode(pinning)}", ("subject", put.contract)
            ),
            **more,
        )

    return await look(request, shown)


def _twinned(request: Request, put: _Put) -> Twinned:
    versions, section = _answers(node_of(request), put)
    return Twinned([section or versions], reader_of(node_of(request), put.asked.known_at).law)


async def prove_compared(request: Request, put: Put) -> Response:
    """Give the bundle of what two versions rest on: the contract's history."""
    return await proved(request, lambda *_of: RestsOn([put.contract]))


for _prefix in PREFIXES.values():
    _path = f"{_prefix}{PAGES['contract']}/{{contract}}/{COMPARED}"
    router.add_api_route(_path, show_compared, response_class=HTMLResponse)
    router.add_api_route(f"{_path}{PROOF}", prove_compared)
    add_twins(router, _path, show_compared, _twinned)
