"""
What kind of conveyance a record is, and which record its text names.

The office has no kinds: it has the words of whoever recorded the paper, and the file's `kind` is
read from them. A kind that is not known is read from the text; what neither tells is not attested.
"""

import re
from collections.abc import Mapping

from ledger.domain.conveyance import OF_LIENS, ConveyanceKind
from ledger.domain.event import Refusal

_KINDS: Mapping[str, ConveyanceKind] = {
    "assignment": "assignment",
    "assignment-nunc-pro-tunc": "nunc_pro_tunc",
    "nunc-pro-tunc": "nunc_pro_tunc",
    "merger": "merger",
    "merger-and-name-change": "merger",
    "name-change": "name_change",
    "change-of-name": "name_change",
    "correct": "correction",
    "correction": "correction",
    "corrective": "correction",
    "security": "security",
    "security-interest": "security",
    "release": "release",
    "security-release": "release",
    "security-assign": "security_assignment",
    "security-assignment": "security_assignment",
}

_TEXTS: tuple[tuple[str, ConveyanceKind | None], ...] = (
    (r"LICEN[CS]E|GOVERNMENT INTEREST|OPTION|LIEN HOLDER|ADDRESS|ATTORNEY|DECLARATION", None),
    (r"CORRECTIVE|TO CORRECT", "correction"),
    (r"RELEASE|TERMINATION|DISCHARGE|SATISFACTION", "release"),
    (r"(ASSIGNMENT|TRANSFER) OF .*(SECURITY|LIEN|COLLATERAL)", "security_assignment"),
    (r"SECURITY|COLLATERAL|PLEDGE|LIEN|MORTGAGE", "security"),
    (r"NUNC PRO TUNC", "nunc_pro_tunc"),
    (r"MERGER|AMALGAMATION|CONVERSION", "merger"),
    (r"CHANGE OF NAME|NAME CHANGE", "name_change"),
    (r"ASSIGNMENT", "assignment"),
)
"""What the words of a text say, the first that is found; None is no conveyance of title or lien."""

_REEL_FRAME = re.compile(r"REEL\D{0,12}(\d{1,6})\W{0,4}(?:FRAME\D{0,12})?(\d{1,4})")


class KindUnknown(Refusal):
    """The record moves no title and no lien, or its words do not say that it does."""

    code = "KIND_UNKNOWN"
    title_vi = "Bản ghi không thuộc loại giao dịch làm thay đổi quyền sở hữu hoặc biện pháp bảo đảm"


class PartInWords(Refusal):
    """The record's words give less than all: an event would pass all that the assignors own."""

    code = "PART_IN_WORDS"
    title_vi = "Bản ghi chỉ chuyển một phần hoặc có điều kiện, trong khi sự kiện sẽ chuyển toàn bộ"


_ORDINALS = "HALF|HALVES|THIRDS?|QUARTERS?|FOURTHS?|FIFTHS?|SIXTHS?|SEVENTHS?|EIGHTHS?|TENTHS?"
_PART = re.compile(
    rf"UNDIVIDED|PARTIAL|FRACTION|PORTION|\bPART\b|\b(ONE|TWO|THREE|FOUR|A)[- ]({_ORDINALS})\b"
    rf"|\b({_ORDINALS})[- ](INTEREST|SHARE|PART|OF)\b|(?<!\d)\d{{1,2}}(\.\d+)? ?%"
    r"|(?<!100)(?<!100 )(?<!HUNDRED )PER ?CENT|(?<![\d/])[1-9]\d? ?/ ?[1-9]\d?(?![\d/])"
    r"|\b(EXCEPT|EXCLUDING|RESERVING|CONDITIONAL|ONLY|CO-?OWNERSHIP)\b"
)
"""Words of less than the whole: 100 % has three digits, and 048811/0679 is a reel and a frame."""


def must_give_all(kind: ConveyanceKind, text: str) -> None:
    """Raise `PartInWords` if a record that passes title says that it passes a part of it."""
    found = None if kind == "security" or kind in OF_LIENS else _PART.search(text.upper())
    if found is not None:
        raise PartInWords(f"{text!r} says {found.group()!r}: not all that its assignors own passes")


def kind_of(kind: str, text: str) -> ConveyanceKind:
    """Return the kind of a record. Raises `KindUnknown`."""
    known = _KINDS.get(re.sub(r"[\s_]+", "-", kind.strip().lower()))
    if known is not None:
        return known
    plain = text.upper()
    found = next((kind for pattern, kind in _TEXTS if re.search(pattern, plain)), None)
    if found is None:
        raise KindUnknown(f"{kind!r}, {text!r}: no conveyance of title or of a lien")
    return found


def named_in(text: str) -> tuple[str, ...]:
    """Return the records that a text names by reel and frame, without leading zeros."""
    found = (f"{int(reel)}-{int(frame)}" for reel, frame in _REEL_FRAME.findall(text.upper()))
    return tuple(dict.fromkeys(found))
