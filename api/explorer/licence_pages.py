"""
May this firm do this, here, on that day? A form, and the answer with why, where and until when.

The answer is that of `checkLicence`, asked by the function that HTTP asks. Nothing typed is lost:
what means nothing, or several things, is asked again in the same form (`meant`).
"""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.description import Described, describe
from api.describe.language import Language, Said
from api.describe.licence_matrix import fields_granted, matrix_of, things_of, tiles_of
from api.describe.links import LICENCE_ANSWER, LICENCE_CHECK, PREFIXES, AddressQuery, placed
from api.describe.places import place
from api.describe.saying import Speech, field_said
from api.describe.titles import titles as titles_in
from api.describe.values import value_name
from api.explorer.drawn import drawings_of
from api.explorer.found_again import PROOF, FoundAgain, found_again, pinned
from api.explorer.licence_question import ACTS, Filled, Typed, read, typed
from api.explorer.meant import AskAgain
from api.explorer.named import parties_said
from api.explorer.pen import Pen
from api.explorer.reported import (
    EVENTS_MAX,
    Reportable,
    file_name,
    pdf_at,
    pdf_linked,
    reported,
    reported_proof,
    signers_of,
    too_many_events,
)
from api.explorer.shown import HEADERS, Spoken, language_of, page
from api.explorer.subject_answers import Asked, Section
from api.explorer.twins import Twinned, add_twins, linked, twins_of
from api.problems import BadParameter
from api.reads.common import today
from api.reads.questions import QUESTIONS
from ledger.domain.core.territory import NEW_UNITS, OLD_UNITS, VIETNAM, WORLD
from ledger.letters import vietnamese_order
from ledger.node.node import Node
from projections.engine.answer import Answer
from projections.questions.licence_check import LicenceCheck
from projections.questions.party_names import names_of
from projections.questions.search import titles_of
from projections.questions.terms import TermsOn
from projections.questions.vouching import marked_events_at
from projections.tables.reader import Reader

OPERATION = "checkLicence"
GRANTS = 5
"""Grants that a page shows, and as many of other acts or days; an answer has them all."""

PROVEN = 100
"""Entries of which one bundle gives the evidence, at most."""

router = APIRouter(tags=["explorer"], include_in_schema=False)

Form = Annotated[Typed, Depends(typed)]


async def show_form(request: Request, form: Form) -> HTMLResponse:
    """Show the form, with what is known already filled in, and what of that cannot be asked."""
    return await look(request, lambda: _form(request, _begun(request, form), form))


async def show_answer(request: Request, form: Form) -> Response:
    """Show the answer; or the form again, with what is to be mended or chosen."""
    return await look(request, lambda: _answer(request, node_of(request), form))


async def print_answer(request: Request, form: Form) -> Response:
    """Return the answer as a PDF, of what one checkpoint covers."""
    return await reported(request, _finding(request, form))


async def prove_answer(request: Request, form: Form) -> Response:
    """Return the bundle of what the answer rests on."""
    return await reported_proof(request, _finding(request, form))


def _twinned(request: Request, form: Typed) -> Twinned:
    """Return the whole answer, with the terms of that day. Raises `BadParameter`."""
    asked = _readable(node_of(request), form, language_of(request))
    reader = reader_of(node_of(request), asked.asked["known_at"])
    check = _check(reader, asked)
    sections = _sections(reader, language_of(request), asked, check)
    described = (_described(reader, language_of(request), each.answer) for each in sections)
    names = names_of(reader, {*parties_said(described), check.use.party}, check.use.true_on)
    return Twinned(sections, reader.law, names)


def _finding(request: Request, form: Typed) -> Callable[[Node, int], Reportable]:
    def found(node: Node, size: int) -> Reportable:
        day, known = form.true_on or today().isoformat(), form.known_at or str(size - 1)
        return _reportable(request, node, replace(form, true_on=day, known_at=known))

    return found


for _prefix in PREFIXES.values():
    router.add_api_route(f"{_prefix}{LICENCE_CHECK}", show_form, response_class=HTMLResponse)
    router.add_api_route(f"{_prefix}{LICENCE_ANSWER}", show_answer, response_class=HTMLResponse)
    add_twins(router, f"{_prefix}{LICENCE_ANSWER}", show_answer, _twinned)
    router.add_api_route(f"{_prefix}{LICENCE_ANSWER}{PROOF}", prove_answer, response_class=Response)
    router.add_api_route(f"{_prefix}{LICENCE_ANSWER}.pdf", print_answer, response_class=Response)


def _begun(request: Request, form: Typed) -> Mapping[str, AskAgain]:
    """Return what is to be mended already; what is still left open is not."""
    again = read(reader_of(node_of(request)), form, language_of(request)).again
    return {name: error for name, error in again.items() if error.given}


def _form(request: Request, again: Mapping[str, AskAgain], form: Typed) -> HTMLResponse:
    language = language_of(request)
    wrong = [name for name, error in again.items() if not error.choices]
    return page(
        request,
        "licence_form.html",
        status=422 if wrong else 200,
        wrong=wrong,
        form=form,
        errors={name: error.in_(language) for name, error in again.items()},
        choices={name: error.choices for name, error in again.items()},
        action=placed(language, LICENCE_ANSWER),
        today=today().isoformat(),
        acts=[(act, value_name("Use", "act", act, language)) for act in ACTS],
        places=_places(language),
        known=_known_names(request, form, again),
    )


def _known_names(
    request: Request, form: Typed, again: Mapping[str, object]
) -> Mapping[str, str | None]:
    """Return what the party and the right are called that stand in the form by their ids."""
    reader = reader_of(node_of(request))
    named = {"party": form.party, "right": form.right}
    return {
        name: _title(reader, value)
        for name, value in named.items()
        if ":" in value and name not in again
    }


def _title(reader: Reader, subject: str) -> str | None:
    """Return what a subject is called now, if it has a name."""
    return titles_of(reader, [subject]).get(subject)


@cache
def _places(language: Language) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return all places by groups, as they are chosen from: the 34 units first."""

    def listed(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(found.items(), key=lambda each: vietnamese_order(each[1])))

    countries = {
        f"iso:{code}": said.in_(language)
        for code, said in titles_in("countries").items()
        if f"iso:{code}" != VIETNAM
    }
    whole = tuple((code, place(code, language)) for code in (VIETNAM, WORLD))
    groups: tuple[tuple[Said, tuple[tuple[str, str], ...]], ...] = (
        (_NOW, listed({f"vn-2025:{code}": name for code, name in NEW_UNITS.items()})),
        (_WHOLE, whole),
        (_COUNTRIES, listed(countries)),
        (_BEFORE, listed({f"vn-2004:{code}": name for code, name in OLD_UNITS.items()})),
    )
    return tuple((called.in_(language), rows) for called, rows in groups)


_NOW = Said("34 tỉnh, thành phố", "34 provinces and cities")
_WHOLE = Said("Cả nước, cả thế giới", "All of Việt Nam, the whole world")
_COUNTRIES = Said("Nước khác", "Other countries")
_BEFORE = Said("63 tỉnh, thành phố trước ngày 01/7/2025", "63 provinces before 1 July 2025")


@dataclass(frozen=True, slots=True)
class Band:
    """The verdict in a word, and the rest of the sentence that answers."""

    verdict: str
    word: str
    sentence: str


_WORDS: Mapping[str, Said] = {
    "yes": Said("CÓ", "YES"),
    "no": Said("KHÔNG", "NO"),
    "contested": Said("TRANH CHẤP", "CONTESTED"),
    "unknown": Said("KHÔNG BIẾT", "UNKNOWN"),
}


def _band(verdict: str, sentence: str, language: Language) -> Band:
    said = sentence.partition(": ")[2]
    return Band(verdict, _WORDS[verdict].in_(language), said[:1].upper() + said[1:])


def _answer(request: Request, node: Node, form: Typed) -> Response:
    """Return the answer; the form if something is to be mended; where the question is asked so."""
    language = language_of(request)
    asked = read(reader_of(node), form, language)
    if asked.again:
        return _form(request, asked.again, form)
    if dict(request.query_params) != asked.query:
        address = f"{placed(language, LICENCE_ANSWER)}?{urlencode(asked.query, safe=':')}"
        return RedirectResponse(address, 303, HEADERS)
    reader = reader_of(node, asked.asked["known_at"])
    return _shown(request, reader, asked, _check(reader, asked))


def _check(reader: Reader, asked: Filled) -> LicenceCheck:
    """Return what is answered by what a reader knows."""
    given = {name: value for name, value in asked.asked.items() if name != "known_at"}
    given["true_on"] = given["true_on"] or today()
    check = QUESTIONS[OPERATION].ask(reader, **given)
    assert isinstance(check, LicenceCheck)
    return check


def _reportable(request: Request, node: Node, form: Typed) -> Reportable:
    """Return the whole answer, with the terms of that day. Raises `BadParameter`, `ApiProblem`."""
    language = language_of(request)
    asked = _readable(node, form, language)
    reader = reader_of(node, asked.asked["known_at"])
    check = _check(reader, asked)
    if len(check.positions) > EVENTS_MAX:
        raise too_many_events("the answer rests on", "of one right (right)")
    sections, use = _sections(reader, language, asked, check), check.use
    parts = tuple(("", each, _described(reader, language, each.answer)) for each in sections)
    events = marked_events_at(reader, check.positions)
    named = {*parties_said(each for *_, each in parts), use.party, *signers_of(events)}
    names = names_of(reader, named, use.true_on)
    titles = titles_of(reader, things_of(members_of(check)))
    say = Spoken(request, sections[0].asked.question, names)
    in_words = _in_words(members_of(check), Speech(language, reader.law), titles)
    said = (say.name(use.party) or use.party, *filter(None, in_words.values()))
    return Reportable(
        question=sections[0].asked.question,
        kind="licence_check",
        name=said[0],
        subject=use.party,
        sentence=say.sentence(parts[0][2].sentence),
        asked=(" · ".join(said), say.asked(sections[0].asked)),
        parts=parts,
        names=names,
        events=events,
        shown=() if check.positions else (use.party,),
        path=f"{placed(language, LICENCE_ANSWER)}?{urlencode(asked.query, safe=':')}",
        file=file_name(f"licence-{use.party}-{use.true_on}"),
    )


def _readable(node: Node, form: Typed, language: Language) -> Filled:
    """Return what is asked. Raises `BadParameter` for what is to be mended or chosen."""
    asked = read(reader_of(node), form, language)
    for name, error in asked.again.items():
        near = [choice.value for choice in error.choices]
        raise BadParameter(name, getattr(form, name), error.in_("en"), near)
    return asked


def _sections(
    reader: Reader, language: Language, asked: Filled, check: LicenceCheck
) -> Sequence[Section]:
    """Return the answer, and the terms of that day of the contract on which it rests, if any."""
    use, terms = check.use, _terms(reader, check)
    question = _question(language, asked, check)
    of = Asked(question, use.true_on, reader.known_at, "ledger", use.effect, after=-1)
    found = [Section("licence_check", check, OPERATION, {}, of)]
    if terms is not None:
        path = {"contract": terms.contract}
        found.append(Section("terms_that_day", terms, "getTerms", path, of))
    return found


def _described(reader: Reader, language: Language, answer: Answer) -> Described:
    return describe(type(answer), members_of(answer), language, reader.law, _SAID)


def _question(language: Language, asked: Filled, check: LicenceCheck) -> AddressQuery:
    day, known_at = map(asked.query.get, _CLOCKS)
    return AddressQuery(language, day, known_at, effect=check.use.effect)


def _shown(request: Request, reader: Reader, asked: Filled, check: LicenceCheck) -> HTMLResponse:
    members, language = members_of(check), language_of(request)
    speech = Speech(language, reader.law)
    more = _cut(members)
    described = describe(LicenceCheck, members, language, reader.law, _SAID)
    terms = _terms(reader, check)
    contract = None if terms is None else members_of(terms)
    in_words = contract and describe(TermsOn, contract, language, reader.law, _SAID)
    titles = titles_of(reader, things_of(members))
    rows = matrix_of(members, speech, titles)
    named = {*parties_said(filter(None, (described, in_words))), check.use.party}
    named |= {row.licensor for row in rows}
    names = names_of(reader, named, check.use.true_on)
    question, pdf, twins = _question(language, asked, check), pdf_at(request), twins_of(request)
    answers = Spoken(request, question, names).sentence(described.sentence)
    return page(
        request,
        "licence_answer.html",
        question,
        names,
        headers={"Link": f"{pdf_linked(pdf)}, {linked(twins)}"},
        pdf=pdf,
        twins=twins,
        band=_band(check.verdict, answers, language),
        check=check,
        use=_in_words(members, speech, titles),
        rows=rows,
        more=more,
        tiles=tiles_of(members),
        meant=tuple(_meant(asked, members, speech)) if check.verdict == "unknown" else (),
        described=described,
        contract=None if terms is None else terms.contract,
        terms=in_words,
        drawings=drawings_of(terms, Pen(speech, titles, check.use.true_on)),
        known_at=asked.asked["known_at"],
        query=asked.query,
        of_today=_of_today(language, asked, check.use.true_on),
        here=placed(language, LICENCE_ANSWER),
        form=f"{placed(language, LICENCE_CHECK)}?{urlencode(asked.query, safe=':')}",
        api=f"{_api_path()}?{urlencode(asked.query, safe=':')}",
        evidence=urlencode([("position", each) for each in check.positions[:PROVEN]]),
        command=_command(request, check, asked),
        again=_again(request, question, check, asked),
    )


def _cut(members: dict[str, Any]) -> int:
    """Leave so many grants as a page shows, those that hold first; return how many are left out."""
    grants, others = members["grants"], members["others"]
    members["grants"] = sorted(grants, key=lambda each: not each["holds"])[:GRANTS]
    members["others"] = others[:GRANTS]
    return max(0, len(grants) - GRANTS) + max(0, len(others) - GRANTS)


_CLOCKS = ("true_on", "known_at")
_SAID = ("verdict", "unknown", "near")


def _in_words(
    members: Mapping[str, Any], speech: Speech, titles: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what was asked, in words."""
    use = members["use"]
    return {
        "act": value_name("Use", "act", use["act"], speech.language),
        "place": place(use["territory"]["codes"][0], speech.language),
        "field": field_said(use["field"], speech)[0].text,
        "object": titles.get(use["object"], ""),
    }


def _terms(reader: Reader, check: LicenceCheck) -> TermsOn | None:
    """Return the terms of that day of the contract whose grant holds, if one does."""
    held = next((each.grant.subject for each in check.grants if each.holds), None)
    if held is None:
        return None
    terms = QUESTIONS["getTerms"].ask(reader, contract=held, true_on=check.use.true_on)
    assert isinstance(terms, TermsOn), "it was asked of a day"
    return terms


def _meant(asked: Filled, members: Mapping[str, Any], speech: Speech) -> Iterator[tuple[str, str]]:
    """Yield what may be meant where the answer is not known, and the address that asks it."""
    here = placed(speech.language, LICENCE_ANSWER)
    names = {value: name for name, value in asked.query.items() if name in ("party", "right")}
    for each in members["near"]:
        for near in each["ids"]:
            query = {**asked.query, names[each["asked"]]: near}
            yield near, f"{here}?{urlencode(query, safe=':')}"
    if not members["near"]:
        for grant, words in fields_granted(members, speech):
            field = {name: grant[f"field_{name}"] for name in ("scheme", "edition")}
            query = {**asked.query, "field": grant["field_codes"][0], **field}
            yield words, f"{here}?{urlencode(query, safe=':')}"


def _again(
    request: Request, question: AddressQuery, check: LicenceCheck, asked: Filled
) -> FoundAgain:
    """Return how the answer is found again as it stands, and its evidence."""
    fixed = pinned(question, check.size).asking(_CLOCKS)
    path = placed(question.language, LICENCE_ANSWER)
    shown: list[tuple[str, str | int]] = [("position", n) for n in check.positions[:PROVEN]]
    address = f"{path}?{urlencode({**asked.query, **fixed}, safe=':')}"
    return found_again(request, address, *(shown or [("subject", check.use.party)]))


def _of_today(language: Language, asked: Filled, on: date) -> str | None:
    """Return the address that asks the same of today, by all that is known; None if this does."""
    if on == today() and "known_at" not in asked.query:
        return None
    kept = {name: value for name, value in asked.query.items() if name not in _CLOCKS}
    return f"{placed(language, LICENCE_ANSWER)}?{urlencode(kept, safe=':')}"


def _api_path() -> str:
    return QUESTIONS[OPERATION].route.path


def _command(request: Request, check: LicenceCheck, asked: Filled) -> str:
    """Return the command that asks the same of this ledger: of this very day."""
    said = {**asked.query, "true_on": check.use.true_on.isoformat()}
    options = [
        word for name, value in said.items() for word in (f"--{name.replace('_', '-')}", value)
    ]
    url = str(request.base_url).rstrip("/")
    checks = ("--url", url, "--trust", "trust.json", "--verify")
    return shlex.join(("techledger", "ask", "check-licence", *options, *checks))
