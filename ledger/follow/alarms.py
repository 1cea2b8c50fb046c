"""What a monitor cries, and what it keeps in mind of that from one look to the next."""

import json
from dataclasses import dataclass, field
from typing import Self

STANDING = frozenset(
    [
        "FORK",
        "ROLLED_BACK",
        "BACKDATED",
        "AHEAD_OF_TIME",
        "SIGNATURE",
        "RULE_BROKEN",
        "UNJUDGED",
        "FALSE_SEAL",
        "WAITING",
        "KEY_TAKEN",
        "ENDED",
        "NOT_MINE",
        "WITNESS_AHEAD",
        "WITHHELD",
    ]
)
"""Alarms about what the log, or a thief of keys, did: no later look takes them back."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong: what kind, what exactly, and at which position where there is one."""

    kind: str
    what: str
    position: int | None = None

    def __str__(self) -> str:
        at = "" if self.position is None else f" at position {self.position}"
        return f"{self.kind}{at}: {self.what}"


@dataclass(slots=True)
class Memory:
    """What a monitor knows from one look to the next, in whatever process.

    `size` is how many entries were looked at, `answered` the POSIX seconds of the last answer,
    `standing` the alarms that nobody has acknowledged, `ahead` what witnesses, or the log's own
    checkpoint, had beyond what it shows: by place, the size and the POSIX seconds since when.
    """

    size: int = 0
    answered: float | None = None
    standing: dict[Alarm, None] = field(default_factory=dict)
    ahead: dict[str, tuple[int, float]] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read what `format` writes. Raises `ValueError`, `KeyError`, `TypeError` for the rest."""
        members = json.loads(raw)
        size, answered = members["size"], members["answered"]
        if type(size) is not int or size < 0 or not isinstance(answered, int | float | None):
            raise TypeError
        standing = dict.fromkeys(
            Alarm(each["alarm"], each["what"], each["position"]) for each in members["standing"]
        )
        ahead = {
            str(where): (int(size), float(at)) for where, (size, at) in members["ahead"].items()
        }
        return cls(size, answered, standing, ahead)

    def format(self, origin: str) -> bytes:
        """Write it as a file has it."""
        standing = [
            {"alarm": each.kind, "what": each.what, "position": each.position}
            for each in self.standing
        ]
        members = {
            "origin": origin,
            "size": self.size,
            "answered": self.answered,
            "standing": standing,
            "ahead": self.ahead,
        }
        return json.dumps(members, indent=1).encode() + b"\n"
