"""Answers as drawings: each is drawn from what it says, so a drawing says what its table says."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.describe import days
from api.describe.answer_json import members_of
from api.describe.event_saying import called
from api.describe.language import Said
from api.describe.saying import Speech, Word
from api.describe.shape import members_of_kind
from api.describe.together import together_with
from api.describe.values import value_name
from api.explorer.drawings import (
    ROWS,
    BarRow,
    Bars,
    Drawing,
    Look,
    Node,
    Tree,
    Words,
    days_around,
    rail,
)
from projections.questions.remaining_scope import Dependents, LeftToGrant
from projections.tables.chain import MOVES_NOTHING, Chain, ChainRow
from projections.tables.grants import GrantRow
from projections.tables.liens import Lien, Liens


@dataclass(frozen=True, slots=True)
class Pen:
    """What drawings are made with: how things are said and called, and the day asked about."""

    speech: Speech
    names: Mapping[str, str]
    on: date

    def said(self, both: Said, *given: object) -> str:
        """Return it in the language of the page."""
        return both.in_(self.speech.language).format(*given)

    def called(self, subject: str) -> Word:
        """Return what a subject is called."""
        return called(subject, self.speech, self.names)

    def each_called(self, subjects: Iterable[str]) -> Iterator[Word]:
        """Yield what some subjects are called, with commas."""
        for number, subject in enumerate(subjects):
            if number:
                yield Word(", ")
            yield self.called(subject)

    def value(self, owner: str, member: str, value: str) -> str:
        """Return what a value of a closed list is called."""
        return value_name(owner, member, value, self.speech.language)

    def span(self, start: date, end: date | None) -> str:
        """Return the days `[start, end)`."""
        return days.span(start, end, self.speech.language)

    def day(self, day: date) -> str:
        """Return a day."""
        return days.day(day, self.speech.language)

    def key(self, key: Mapping[Look, Said]) -> tuple[tuple[Look, str], ...]:
        """Return what looks mean."""
        return tuple((look, self.said(said)) for look, said in key.items())


def drawings_of(answer: object, pen: Pen) -> Iterator[Drawing]:
    """Yield the drawings of an answer; none where it has nothing to draw."""
    for draw in DRAWN.get(type(answer), ()):
        drawing = draw(answer, pen)
        if drawing.rows:
            yield drawing


def _over_time(
    title: Said, spans: Sequence[tuple[Words, Words, date, date | None, Look]], pen: Pen
) -> Bars:
    """Return one bar a row over the days that it runs."""
    shown = spans[:ROWS]
    scale = days_around(pen.on, (day for *_, start, end, _ in shown for day in (start, end)))
    return Bars(
        pen.said(_THAT_DAY, pen.said(title), pen.day(pen.on)),
        tuple(
            BarRow(words, more, (scale.span(start, end, look),))
            for words, more, start, end, look in shown
        ),
        len(spans) - len(shown),
        scale.years(),
        scale.day(pen.on),
    )


_THAT_DAY = Said("{}; vạch chấm là ngày {}", "{}; the dotted line is {}")


def _grants(grants: Sequence[GrantRow], pen: Pen) -> Bars:
    drawn = _over_time(_GRANTS, [_grant(each, pen) for each in grants], pen)
    return replace(drawn, key=pen.key(_GRANT_KEY))


def _grant(row: GrantRow, pen: Pen) -> tuple[Words, Words, date, date | None, Look]:
    waits = row.waits is not None or row.suspended_position is not None
    alone = row.exclusivity in ("exclusive", "sole")
    said = (
        pen.value("GrantRow", "exclusivity", row.exclusivity),
        *(pen.said(_RESTS) for _ in range(waits)),
        pen.span(row.true_from, row.true_to),
        *_reach(row, pen),
    )
    return (
        (pen.called(row.licensee), Word(" · "), pen.called(row.subject)),
        (Word(" · ".join(said)),),
        row.true_from,
        row.true_to,
        "dashed" if waits else "own" if alone else "plain",
    )


def _reach(row: GrantRow, pen: Pen) -> Iterator[str]:
    """Yield where a grant is, and for what if something of it is excepted."""
    reach = together_with("territory", members_of_kind(GrantRow))
    assert reach is not None, "a grant has a territory"
    where, *more = reach.say(GrantRow, members_of(row), pen.speech)
    yield from (line.text for line in (where, *more)[: None if row.excluded_codes else 1])


_GRANTS = Said("Các quyền cấp theo thời gian", "Grants over time")
_RESTS = Said("chưa hoặc tạm không có hiệu lực", "not in effect yet, or suspended")
_GRANT_KEY: Mapping[Look, Said] = {
    "own": Said("độc quyền hoặc duy nhất", "exclusive or sole"),
    "plain": Said("không độc quyền, bắt buộc", "non-exclusive, compulsory"),
    "dashed": _RESTS,
}


def _liens(answer: Liens, pen: Pen) -> Bars:
    drawn = _over_time(_LIENS, [_lien(each, pen) for each in answer.liens], pen)
    return replace(drawn, key=pen.key(_LIEN_KEY))


def _lien(lien: Lien, pen: Pen) -> tuple[Words, Words, date, date | None, Look]:
    registered = lien.perfected_at is not None
    said = (
        pen.said(_LIEN_KEY["own" if registered else "plain"]),
        *(filter(None, [lien.secures])),
        pen.span(lien.true_from, None),
    )
    return (
        (
            Word(pen.said(_RANK, lien.rank)),
            *pen.each_called(lien.creditors),
            Word(" · "),
            pen.called(lien.security),
        ),
        (Word(" · ".join(said)),),
        lien.true_from,
        None,
        "own" if registered else "plain",
    )


_LIENS = Said("Thứ tự ưu tiên của các biện pháp bảo đảm", "Liens in the order of their rank")
_RANK = Said("Hạng {}: ", "Rank {}: ")
_LIEN_KEY: Mapping[Look, Said] = {
    "own": Said("đã đăng ký, đối kháng với mọi người", "registered, good against all"),
    "plain": Said("chưa đăng ký", "not registered"),
}


def _chain(answer: Chain, pen: Pen) -> Tree:
    latest = answer.links[-ROWS:]
    return Tree(
        pen.said(_CHAIN),
        tuple(rail([_link(each, pen) for each in latest])),
        len(answer.links) - len(latest),
        pen.key(_CHAIN_KEY),
    )


def _link(link: ChainRow, pen: Pen) -> Node:
    givers, takers = (tuple(pen.each_called(each)) for each in (link.givers, link.takers))
    arrow = (Word(" → "),) if givers and takers else ()
    undone = link.link in ("voided", "security_voided", "refused", "rescinded")
    return Node(
        0,
        (
            Word(f"{pen.value('ChainRow', 'link', link.link)} · "),
            *givers,
            *arrow,
            *takers,
            *(() if givers or takers else (pen.called(link.record),)),
        ),
        (Word(f"{pen.day(link.true_from)} · "), Word(pen.said(_ENTRY, link.position))),
        "dashed" if undone else "plain" if link.link in MOVES_NOTHING else "own",
    )


_CHAIN = Said("Chuỗi văn bản, từ trước đến nay", "Chain of deeds, the earliest first")
_ENTRY = Said("mục {}", "entry {}")
_CHAIN_KEY: Mapping[Look, Said] = {
    "own": Said("về quyền sở hữu", "of the title"),
    "plain": Said("bảo đảm, cam kết, thông báo", "charges, covenants, notices"),
    "dashed": Said("từ chối, hủy bỏ hoặc vô hiệu", "refused, rescinded or void"),
}


DRAWN: Mapping[type, tuple[Callable[[Any, Pen], Drawing], ...]] = {
    Chain: (_chain,),
    Dependents: (lambda answer, pen: _grants([each.grant for each in answer.dependents], pen),),
    LeftToGrant: (lambda answer, pen: _grants(answer.encumbrances, pen),),
    Liens: (_liens,),
}
"""What draws the answers that have something to draw."""
