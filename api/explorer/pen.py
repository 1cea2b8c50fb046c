"""What draws with words: how things are said and called, and what is drawn over time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.describe import days, money
from api.describe.event_saying import called
from api.describe.language import Said
from api.describe.saying import Speech, Word
from api.describe.values import value_name
from api.explorer.drawings import ROWS, BarRow, Bars, Look, Words, days_around


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

    def entry(self, position: int) -> str:
        """Return an entry by its position."""
        return self.said(_ENTRY, position)

    def sum_of(self, amount: int, currency: str) -> str:
        """Return an amount of minor units as a sum."""
        return money.sum_of(amount, currency, self.speech.language)


_ENTRY = Said("mục {}", "entry {}")


def over_time(
    title: Said, spans: Sequence[tuple[Words, Words, date, date | None, Look]], pen: Pen
) -> Bars:
    """Return one bar a row over the days that it runs."""
    shown = spans[:ROWS]
    scale = days_around(pen.on, (day for *_, start, end, _ in shown for day in (start, end)))
    return Bars(
        pen.said(THAT_DAY, pen.said(title), pen.day(pen.on)),
        tuple(
            BarRow(words, more, (scale.span(start, end, look),))
            for words, more, start, end, look in shown
        ),
        len(spans) - len(shown),
        scale.years(),
        scale.day(pen.on),
    )


THAT_DAY = Said("{}; vạch chấm là ngày {}", "{}; the dotted line is {}")
