"""A rule of law that decided something, as an answer and a refusal name it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Value = int | bool | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """A rule that decided something, as an answer names it: where it stands, since when."""

    rule: str
    topic: str
    instrument: str
    article: str
    valid_from: date
    valid_to: date | None
    values: Mapping[str, Value]

    def number(self, name: str) -> int:
        """Return a value that is a number."""
        value = self.values[name]
        assert type(value) is int, f"{name} of {self.rule} is no number"
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Return a value that is a list of names."""
        value = self.values[name]
        assert isinstance(value, tuple), f"{name} of {self.rule} is no list"
        return value
