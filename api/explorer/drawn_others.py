"""Drawings of keys, disputes and entries: doubt zones, lanes of what each party did, what falls."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise

from api.describe.event_names import event_name
from api.describe.language import Said
from api.describe.saying import Word
from api.explorer.drawings import (
    ROWS,
    BarRow,
    Bars,
    Branch,
    Look,
    Node,
    Scale,
    Stripe,
    Tick,
    Tree,
    Words,
    hanging,
    standing_on,
)
from api.explorer.pen import Pen
from ledger.domain.core.body import key_subject
from ledger.domain.core.types import legal_day
from projections.questions.dispute_record import Dispute
from projections.questions.party_keys import Key, KeysOf
from projections.tables.dependencies import Fallen, Falls
from projections.tables.key_events import KeyFact


def draw_keys(answer: KeysOf, pen: Pen) -> Bars:
    """Draw between which entries each key of a party binds, with the zone that is in doubt."""
    scale = Scale(0, _known_to(answer))
    rows = [
        BarRow(
            (pen.called(key_subject(key.key_id)),),
            (Word(" · ".join(_told_of(key, pen))),),
            tuple(_zones(key, key.added, scale)),
        )
        for key in answer.keys
        if key.added is not None
    ]
    shown = rows[-ROWS:]
    title = pen.said(_KEYS, max(scale.last - 1, 0))
    return Bars(title, tuple(shown), len(rows) - len(shown), key=pen.key(_KEY_KEY))


def _known_to(answer: KeysOf) -> int:
    """Return up to where is drawn: as far as was asked; of an instant, to the last that is told."""
    asked = answer.known_at
    if asked is None:
        return answer.size
    if asked.isdecimal():
        return min(int(asked) + 1, answer.size)
    facts = (
        fact.position
        for key in answer.keys
        for fact in (key.added, key.stopped, key.suspended, key.resumed, key.revoked)
        if fact is not None
    )
    return max(facts, default=0) + 1


def _told_of(key: Key, pen: Pen) -> Iterator[str]:
    facts = (key.added, key.stopped, key.suspended, key.resumed, key.revoked)
    for fact in filter(None, facts):
        yield pen.said(_AT, pen.value("KeyFact", "fact", fact.fact), fact.position)
    if key.doubt is not None:
        yield pen.said(_DOUBTED, *key.doubt)


def _zones(key: Key, added: KeyFact, scale: Scale) -> Iterator[Stripe]:
    """Yield the bars of a key, one behind the other: where it binds, rests, or is in doubt."""
    over = key.revoked or key.stopped
    begin, end = added.position, scale.last if over is None else over.position
    doubt, rest = key.doubt or (end, end), _rest(key, end)
    edges = {begin, end, *(min(max(each, begin), end) for each in (*doubt, *rest))}
    for start, until in pairwise(sorted(edges)):
        look: Look = "own"
        if doubt[0] <= start < doubt[1]:
            look = "dashed"
        elif rest[0] <= start < rest[1]:
            look = "plain"
        yield scale.bar(start, None if over is None and until == end else until, look)


def _rest(key: Key, end: int) -> tuple[int, int]:
    """Return between which entries a key did not bind though it was there; for ever if stopped."""
    if key.stopped is not None:
        return 0, end
    if key.suspended is None:
        return end, end
    return key.suspended.position, end if key.resumed is None else key.resumed.position


_KEYS = Said("Khóa theo các mục của sổ, từ 0 đến {}", "Keys along the log's entries, 0 to {}")
_AT = Said("{} tại mục {}", "{} at entry {}")
_DOUBTED = Said(
    "nghi ngờ: chữ ký từ mục {} đến trước mục {}",
    "in doubt: what it signed from entry {} before {}",
)
_KEY_KEY: Mapping[Look, Said] = {
    "own": Said("ràng buộc", "binds"),
    "plain": Said("tạm ngưng, hoặc bị chặn", "suspended or stopped"),
    "dashed": Said("nghi ngờ", "in doubt"),
}


def draw_dispute(answer: Dispute, pen: Pen) -> Bars:
    """Draw a lane for each party of a dispute, with its steps in their order."""
    first = max(len(answer.steps) - ROWS, 0)
    steps = [*enumerate(answer.steps, start=1)][first:]
    scale = Scale(first, len(answer.steps) + 1)
    parties = dict.fromkeys(each for step in answer.steps for each in (*step.by, *step.against))
    earlier = {each for step in answer.steps[:first] for each in step.by}
    rows = []
    for party in parties:
        own = [(number, step) for number, step in steps if party in step.by]
        told = [
            f"{number}. {event_name(step.topic, pen.speech.language)},"
            f" {pen.day(legal_day(step.accepted))}"
            for number, step in own
        ]
        said = "; ".join(told) or pen.said(_EARLIER if party in earlier else _NO_STEP)
        dots = tuple(scale.at(number) for number, _ in own)
        rows.append(BarRow((pen.called(party),), (Word(said),), (), dots))
    ticks = tuple(Tick(scale.at(number), str(number)) for number, _ in steps)
    title = pen.said(_LANES_FROM, first + 1) if first else pen.said(_LANES)
    return Bars(title, tuple(rows[:ROWS]), len(rows[ROWS:]), ticks)


_LANES = Said("Các bước của mỗi bên, theo thứ tự", "Steps of each party, in their order")
_LANES_FROM = Said(
    "Các bước của mỗi bên, theo thứ tự, từ bước {}",
    "Steps of each party, in their order, from step {}",
)
_NO_STEP = Said("chưa có bước nào", "no step of its own")
_EARLIER = Said("chỉ có các bước trước, không vẽ ở đây", "only earlier steps, not drawn here")


def draw_around(
    topic: str, rests_on: Sequence[tuple[Words, Sequence[int]]], falls: Falls, pen: Pen
) -> Tree:
    """Draw an entry between what it rests on, above it, and what falls with it, below."""
    own = Node(0, (_event(topic, pen),), (Word(pen.entry(falls.position)),), "own")
    above = [
        Node(1, thing, (Word(", ".join(pen.entry(each) for each in positions)),), "plain")
        for thing, positions in rests_on
    ]
    below = [*islice(_falling(falls, pen), ROWS)]
    *bases, standing = standing_on([own, *above[:ROWS]])
    fallen = [*hanging([own, *below])]
    (rises, _), (_, carries) = standing.columns[0], fallen[0].columns[0]
    middle = Branch(own.words, own.more, own.look, ((rises, carries),))
    return Tree(
        pen.said(_AROUND),
        (*bases, middle, *fallen[1:]) if above or below else (),
        len(above[ROWS:]) + len(falls.fallen) - len(below),
        pen.key(_AROUND_KEY),
    )


def draw_falls(answer: Falls, pen: Pen) -> Tree:
    """Draw what falls with an entry that is void, each below the first that it falls with."""
    below = [*islice(_falling(answer, pen), ROWS)]
    own = Node(0, (Word(pen.entry(answer.position)),), (Word(pen.said(_VOID)),), "plain")
    return Tree(
        pen.said(_FALLS, pen.entry(answer.position)),
        tuple(hanging([own, *below])) if below else (),
        len(answer.fallen) - len(below),
        pen.key(_FALLS_KEY),
    )


def _falling(falls: Falls, pen: Pen) -> Iterator[Node]:
    """Yield what falls, each below the first that it falls with."""
    by_cause: dict[int, list[Fallen]] = {}
    for each in falls.fallen:
        by_cause.setdefault(min(each.of, default=falls.position), []).append(each)

    def under(position: int, tier: int) -> Iterator[Node]:
        for each in by_cause.get(position, ()):
            event = each.event
            more = (pen.entry(event.position), *(() if each.certain else (pen.said(_MAY_STAND),)))
            look: Look = "own" if each.certain else "dashed"
            yield Node(tier, (_event(event.topic, pen),), (Word(" · ".join(more)),), look)
            yield from under(event.position, tier + 1)

    return under(falls.position, 1)


def _event(topic: str, pen: Pen) -> Word:
    return Word(event_name(topic, pen.speech.language))


_AROUND = Said("Dựa vào (trên) và kéo theo (dưới)", "What it rests on (above), what falls (below)")
_MAY_STAND = Said("có thể vẫn đứng vững", "may stand")
_AROUND_KEY: Mapping[Look, Said] = {
    "own": Said("mục này và những gì đổ theo", "this entry, and what falls with it"),
    "plain": Said("những gì nó dựa vào", "what it rests on"),
    "dashed": Said("có thể vẫn đứng vững nhờ nguồn khác", "may stand by another source"),
}
_FALLS = Said("Những gì đổ theo {}", "What falls with {}")
_VOID = Said("nếu vô hiệu từ đầu", "if it is void from the start")
_FALLS_KEY: Mapping[Look, Said] = {
    "own": Said("đổ theo", "falls with it"),
    "dashed": Said("có thể vẫn đứng vững nhờ nguồn khác", "may stand by another source"),
}
