"""
What kind of conveyance a record is, and which record its text names.

The office has no kinds: it has the words of the one who recorded the paper, and the file's `kind`
is read from them. A kind that is not known is read from the text; what neither tells, or each tells
otherwise, is not attested. Title passes by a record only if all its words are known: what is given
in part, for a country, on a condition, or undone, is told in words that nobody can foresee.
"""

import re
from collections.abc import Mapping

from ledger.domain.core.refusal import Refusal
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceKind

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
    (r"LICEN[CS]E|GOVERNMENT INTEREST|\bOPTION|LIEN HOLDER|ADDRESS|ATTORNEY|DECLARATION", None),
    (r"CORRECTIVE|TO CORRECT", "correction"),
    (r"RELEASE|TERMINATION|DISCHARGE|SATISFACTION", "release"),
    (r"(ASSIGNMENT|TRANSFER) OF .*(SECURITY|LIEN|COLLATERAL)", "security_assignment"),
    (r"SECURITY|COLLATERAL|PLEDGE|\bLIENS?\b|MORTGAGE", "security"),
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
    """The record's words say more than that all passes, which is all that an event would say."""

    code = "PART_IN_WORDS"
    title_vi = "Bản ghi chỉ chuyển một phần hoặc có điều kiện, trong khi sự kiện sẽ chuyển toàn bộ"


_ORDINALS = "HALF|HALVES|THIRDS?|QUARTERS?|FOURTHS?|FIFTHS?|SIXTHS?|SEVENTHS?|EIGHTHS?|TENTHS?"
_PART = re.compile(
    rf"UNDIVIDED|PARTIAL|FRACTION|PORTION|\bPART\b|\b(ONE|TWO|THREE|FOUR|A)[- ]({_ORDINALS})\b"
    rf"|\b({_ORDINALS})[- ](INTEREST|SHARE|PART|OF)\b|(?<!\d)\d{{1,2}}(\.\d+)? ?%"
    r"|(?<!100)(?<!100 )(?<!HUNDRED )PER ?CENT|(?<![\d/])[1-9]\d? ?/ ?[1-9]\d?(?![\d/])"
    r"|(?<!\d)0?[.,]\d|\b(EXCEPT|EXCLUDING|RESERVING|CONDITIONAL|ONLY|CO-?OWNERSHIP)\b"
)
"""Words of less than the whole: 100 % has three digits, and 048811/0679 is a reel and a frame."""

_ALL = re.compile(
    "A|AGREEMENT|ALL|AMALGAMATION|AN|AND|APPLICATIONS?|ARTICLES|ASSIGN(MENT|OR)?S?|AT|BILL|BY|CENT"
    "|CERTIFICATE|CHANGE|CONFIRMATORY|CONVERSION|CORPORATE|DATED?|DEED|EFFECTIVE|EMPLOYEE|ENTIRE"
    "|ENTITY|FORM|FRAME|FULL|GENERAL|HUNDRED|IN|INTELLECTUAL|INTERESTS?|INTO|INVENTIONS?|INVENTORS?"
    "|MERGE[DR]S?|NAME|NUNC|OF|OMNIBUS|ON|ONE|PATENTS?|PER|PERCENT|PLAN|PRO|PROPERTY|RECORDED|REEL"
    "|RIGHTS?|S|SALE|SHORT|THE|TITLE|TO|TRANSFER|TUNC|WHOLE|WITH|WORLDWIDE"
)
"""Words of a heading by which all of a title passes."""

_UNDONE = re.compile(
    r"RESCI|REVO[CK]|CANCEL|NULLI|\bVOID|WITHDR|ANNUL|ABANDON|INTENT|PROPOS|REINSTAT|\bNOT\b"
)
_OF_NO_PARTY = re.compile(
    r"NATURE|\bTYPE\b|REMOV|DELET|OMIT|ERRONEOUS|INADVERTENT|PROPERT|SCHEDULE|EXHIBIT"
    r"|(APPLICATION|PATENT|SERIAL|PUBLICATION)S?\W+(NO\b|NUM|DATA|LIST|IDENT)"
)
"""Corrections of more than who gave and took: an event names parties again, and nothing else."""


def must_say_no_more(kind: ConveyanceKind, text: str) -> None:
    """Raise unless all words of a record are known to say what its kind does, and nothing else.

    `PartInWords` if title would pass by it; `KindUnknown` where a lien, a release or a correction
    is undone, or a correction is of something else than parties.
    """
    plain = text.upper().replace("(SEE DOCUMENT FOR DETAILS)", "")
    if kind == "security" or kind in OF_LIENS or kind == "correction":
        strange = _UNDONE.search(plain) or (kind == "correction" and _OF_NO_PARTY.search(plain))
        if strange:
            raise KindUnknown(f"{text!r} says {strange.group()!r}: no {kind} that an event can say")
    if kind == "security" or kind in OF_LIENS:
        return
    if found := _PART.search(plain):
        raise PartInWords(f"{text!r} says {found.group()!r}: not all that its assignors own passes")
    words = re.findall(r"[^\W\d_]+", plain) if kind != "correction" else ()
    if strange_word := next((word for word in words if not _ALL.fullmatch(word)), None):
        raise PartInWords(f"{text!r} says {strange_word!r}: more than that all passes")


def kind_of(kind: str, text: str) -> ConveyanceKind:
    """Return the kind of a record. Raises `KindUnknown` where kind and text do not agree."""
    said, told = _said_in(kind), _said_in(text)
    if (said, told) == ({"assignment"}, {"nunc_pro_tunc"}):
        return "nunc_pro_tunc"
    found = said | told
    if len(found) > 1:
        raise KindUnknown(f"{kind!r} and {text!r} are of two kinds")
    only = next(iter(found), None)
    if only is None:
        raise KindUnknown(f"{kind!r}, {text!r}: no conveyance of title or of a lien")
    return only


def _said_in(words: str) -> set[ConveyanceKind | None]:
    """Return what words say: a kind, None for no conveyance, or nothing."""
    known = _KINDS.get(re.sub(r"[\s_]+", "-", words.strip().lower()))
    if known is not None:
        return {known}
    plain = re.sub(r"[-_]+", " ", words.upper())
    return set([kind for pattern, kind in _TEXTS if re.search(pattern, plain)][:1])


def named_in(text: str) -> tuple[str, ...]:
    """Return the records that a text names by reel and frame, without leading zeros."""
    found = (f"{int(reel)}-{int(frame)}" for reel, frame in _REEL_FRAME.findall(text.upper()))
    return tuple(dict.fromkeys(found))
