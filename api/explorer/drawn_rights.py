"""Drawings of rights and technologies: grants, liens and status over time, the chain of deeds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from api.describe.answer_json import members_of
from api.describe.language import Said
from api.describe.saying import Word
from api.describe.shape import members_of_kind
from api.describe.together import together_with
from api.explorer.drawings import ROWS, BarRow, Bars, Look, Node, Tree, Words, days_around, rail
from api.explorer.pen import THAT_DAY, Pen, over_time
from ledger.domain.core.types import legal_day
from projections.questions.remaining_scope import Dependents, LeftToGrant
from projections.questions.status_history import Belief, Spell, StatusHistory
from projections.tables.chain import MOVES_NOTHING, Chain, ChainRow
from projections.tables.grants import GrantRow
from projections.tables.liens import Lien, Liens
from projections.tables.status import ALIVE


def draw_dependents(answer: Dependents, pen: Pen) -> Bars:
    """Draw the grants that end with a right, over time."""
    return _grants([each.grant for each in answer.dependents], pen)


def draw_burdens(answer: LeftToGrant, pen: Pen) -> Bars:
    """Draw the grants that leave so much to grant, over time."""
    return _grants(answer.encumbrances, pen)


def _grants(grants: Sequence[GrantRow], pen: Pen) -> Bars:
    drawn = over_time(_GRANTS, [_grant(each, pen) for each in grants], pen)
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


def draw_liens(answer: Liens, pen: Pen) -> Bars:
    """Draw the liens on a right in the order of their rank, over time."""
    drawn = over_time(_LIENS, [_lien(each, pen) for each in answer.liens], pen)
    return replace(drawn, key=pen.key(_LIEN_KEY))


def _lien(lien: Lien, pen: Pen) -> tuple[Words, Words, date, date | None, Look]:
    registered = lien.perfected_at is not None
    said = (
        pen.said(_LIEN_KEY["own" if registered else "plain"]),
        pen.said(_SECURES, lien.secures) if lien.secures else pen.said(_SECURES_WHAT),
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
_SECURES = Said("bảo đảm cho: {}", "secures: {}")
_SECURES_WHAT = Said("hồ sơ không nói bảo đảm cho gì", "the record does not say what it secures")
_LIEN_KEY: Mapping[Look, Said] = {
    "own": Said("đã đăng ký, đối kháng với mọi người", "registered, good against all"),
    "plain": Said("chưa đăng ký", "not registered"),
}


def draw_chain(answer: Chain, pen: Pen) -> Tree:
    """Draw the deeds by which a right came where it is, the earliest first."""
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
        (Word(f"{pen.day(link.true_from)} · "), Word(pen.entry(link.position))),
        "dashed" if undone else "plain" if link.link in MOVES_NOTHING else "own",
    )


_CHAIN = Said("Chuỗi văn bản, từ trước đến nay", "Chain of deeds, the earliest first")
_CHAIN_KEY: Mapping[Look, Said] = {
    "own": Said("về quyền sở hữu", "of the title"),
    "plain": Said("bảo đảm, cam kết, thông báo", "charges, covenants, notices"),
    "dashed": Said("từ chối, hủy bỏ hoặc vô hiệu", "refused, rescinded or void"),
}


def draw_history(answer: StatusHistory, pen: Pen) -> Bars:
    """Draw the status over all days, a row for each time that more was known, the latest first."""
    shown = answer.beliefs[: -ROWS - 1 : -1]
    scale = days_around(pen.on, _turns(shown))
    rows = tuple(
        BarRow(
            (Word(pen.said(_KNOWN, pen.day(legal_day(each.accepted)), pen.entry(each.position))),),
            (Word("; ".join(_spell(spell, pen) for spell in each.spells)),),
            tuple(
                scale.span(spell.start, spell.end, _stands(spell.status)) for spell in each.spells
            ),
        )
        for each in shown
    )
    return Bars(
        pen.said(THAT_DAY, pen.said(_HISTORY), pen.day(pen.on)),
        rows,
        len(answer.beliefs) - len(shown),
        scale.years(),
        scale.day(pen.on),
        pen.key(_HISTORY_KEY),
    )


def draw_stages(answer: StatusHistory, pen: Pen) -> Bars:
    """Draw the stages of a right by what is known last, each where the one before it ends."""
    spells = [spell for latest in answer.beliefs[-1:] for spell in latest.spells]
    stages = [
        (
            (Word(pen.value("Spell", "status", spell.status)),),
            (Word(_days_of(spell, pen)),),
            spell.start,
            spell.end,
            _when(spell, pen.on),
        )
        for spell in spells
    ]
    return replace(over_time(_STAGES, stages, pen), key=pen.key(_STAGE_KEY))


def _turns(beliefs: Iterable[Belief]) -> Iterator[date | None]:
    for belief in beliefs:
        for spell in belief.spells:
            yield from (spell.start, spell.end)


def _spell(spell: Spell, pen: Pen) -> str:
    return f"{pen.value('Spell', 'status', spell.status)} {_days_of(spell, pen)}"


def _days_of(spell: Spell, pen: Pen) -> str:
    if spell.end is None:
        return pen.said(_SINCE, pen.day(spell.start))
    return pen.span(spell.start, spell.end)


def _stands(stage: str) -> Look:
    return "own" if stage == "in_force" else "plain" if stage in ALIVE else "dashed"


def _when(spell: Spell, on: date) -> Look:
    """Return how a stage looks that is the day's, is over by then, or is to come."""
    if spell.start > on:
        return "dashed"
    return "plain" if spell.end is not None and spell.end <= on else "own"


_HISTORY = Said(
    "Tình trạng qua các ngày, theo từng lần biết thêm",
    "Status over the days, each time that more was known",
)
_KNOWN = Said("Biết từ {}, {}", "Known since {}, {}")
_SINCE = Said("từ ngày {} trở đi", "from {} on")
_HISTORY_KEY: Mapping[Look, Said] = {
    "own": Said("có hiệu lực", "in force"),
    "plain": Said("đã nộp, đã công bố", "filed, published"),
    "dashed": Said("đã chấm dứt", "over"),
}
_STAGES = Said("Các giai đoạn, theo điều biết sau cùng", "Stages, by what is known last")
_STAGE_KEY: Mapping[Look, Said] = {
    "own": Said("vào ngày được hỏi", "on the day asked about"),
    "plain": Said("đã qua", "over by then"),
    "dashed": Said("sẽ đến, nếu không có gì khác được ghi", "to come, if nothing else is recorded"),
}
