"""What was checked of an answer, in words: what heads the answer, and what ends it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from api.describe.language import Language, Said
from ledger.follow.checked import Checked, CopyState, named_by

NOT_VERIFIED = Said(
    "theo lời máy chủ; kết luận chưa được kiểm chứng",
    "as the server says; conclusion not verified",
)
"""What heads every answer: a liar names true events beside a false conclusion."""

NOTHING_CHECKED = Said(
    "chưa kiểm gì: không có gốc tin cậy (--trust)",
    "nothing was checked: no trust root was given (--trust)",
)

_CHECKED = Said(
    "đã kiểm: các sự kiện này có trong sổ {}, như đã ký với {} mục",
    "checked: these events are in the log {}, as signed with {} entries",
)
_NAMES_NONE = Said(
    "chưa kiểm gì của câu trả lời: nó không nêu sự kiện nào; sổ {} đã ký {} mục",
    "nothing of the answer was checked: it names no event; the log {} is signed with {} entries",
)
_SIGNATURES = Said("{} trong {} chữ ký đã kiểm", "{} of {} signatures checked")
_ASTRAY = Said(
    "mục {}: sự kiện về {}, không nêu điều được hỏi",
    "position {}: an entry about {}, which names nothing that was asked about",
)
_LEFT = Said("chưa xem: {} sự kiện nữa, từ mục {}", "not looked at: {} more events, from {} on")
_AS_OF = Said(
    "trả lời theo {} mục, trong khi {} mục đã ký", "answered as of {} entries, while {} are signed"
)
_UNKEPT = Said("không giữ được cho câu hỏi sau: {}", "not kept for the next question: {}")
_FIRST = Said(
    "lần đầu thấy sổ này: các câu hỏi sau được đối chiếu với số mục này",
    "seen for the first time: later questions are held to this size",
)
_CONTINUED = Said(
    "sổ nối tiếp {} mục đã thấy lần trước", "the log continues the {} entries that were seen before"
)


_COMPUTED = Said(
    "tính tại máy này từ {} mục đầu của sổ {}, mọi mục đã kiểm chứng",
    "computed on this machine from the first {} entries of the log {}, all of them verified",
)
_OF_BUNDLE = Said(
    "tính tại máy này từ gói bằng chứng của sổ {1}, tính đến {0} mục đầu: gói chứa trọn vẹn mọi"
    " điều mà câu trả lời cần",
    "computed on this machine from an evidence bundle of the log {1}, as of its first {0} entries:"
    " all that the answer needs is shown whole in it",
)
_BY_STEPS_OF_BUNDLE = Said(
    "đã kiểm chứng theo gốc tin cậy (bước 1 đến 11) dưới điểm kiểm soát cỡ {}; băm gốc {}",
    "verified by the trust root (steps 1 to 11), under the checkpoint of size {}, root {}",
)
_BY_STEPS = Said(
    "đã kiểm chứng theo gốc tin cậy (bước 1 đến 9) dưới điểm kiểm soát cỡ {}; băm gốc {}",
    "verified by the trust root (steps 1 to 9), under the checkpoint of size {}, root {}",
)
_RULES = Said(
    "chưa chạy: quy tắc có cho phép từng sự kiện không (bước 12): techledger audit verify",
    "not run: whether the rules admit every event (step 12): techledger audit verify",
)
_UNCHECKED = Said(
    "chưa kiểm được: {} điều, techledger {} verify liệt kê",
    "unchecked: {} findings, which techledger {} verify lists",
)
_DEMONSTRATION = Said(
    "trình diễn: có lúc không việc gì phải chờ trong sổ này",
    "demonstration: there was a time at which nothing waited in this log",
)
_SAME = Said("máy chủ trả lời đúng như vậy: {}", "the server answers the same: {}")


@dataclass(frozen=True, slots=True)
class Computed:
    """An answer was computed here, from the first `size` entries of a log that was verified.

    `server` is the one that answered the same, None where none was asked; `of_bundle` says that an
    evidence bundle shows so much of them as the answer needs.
    """

    known: CopyState
    size: int
    server: str | None = None
    of_bundle: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        known = self.known
        return {
            "computed": {
                "origin": known.origin,
                "entries": self.size,
                "checkpoint": {"size": known.size, "root": known.root},
                "unchecked": known.unchecked,
                "demonstration": known.demonstration,
                "bundle": self.of_bundle,
                "rules": "not run",
                "server": self.server,
            }
        }


def headed(
    lines: Iterable[str], checked: Checked | Computed | None, language: Language
) -> Iterator[str]:
    """Yield what is answered, headed by whose word it is, and what was checked of it."""
    if isinstance(checked, Computed):
        heading = _OF_BUNDLE if checked.of_bundle else _COMPUTED
        yield heading.in_(language).format(checked.size, checked.known.origin)
        yield from lines
        yield from _computed(checked, language)
        return
    yield NOT_VERIFIED.in_(language)
    if checked is None:
        yield NOTHING_CHECKED.in_(language)
    yield from lines
    if checked is not None:
        yield from _lines_of(checked, language)


def _computed(computed: Computed, language: Language) -> Iterator[str]:
    known = computed.known
    steps = _BY_STEPS_OF_BUNDLE if computed.of_bundle else _BY_STEPS
    yield steps.in_(language).format(known.size, known.root)
    yield _RULES.in_(language)
    if known.unchecked:
        lists = "evidence" if computed.of_bundle else "audit"
        yield _UNCHECKED.in_(language).format(known.unchecked, lists)
    if known.demonstration:
        yield _DEMONSTRATION.in_(language)
    if computed.server is not None:
        yield _SAME.in_(language).format(computed.server)


def _lines_of(checked: Checked, language: Language) -> Iterator[str]:
    head = checked.head.checkpoint
    yield (_CHECKED if checked.events else _NAMES_NONE).in_(language).format(head.origin, head.size)
    for each in checked.events:
        event, entry = each.event, each.event.entry
        signers = ", ".join(sorted(event.signers))
        signed = _SIGNATURES.in_(language).format(each.signatures, len(entry.signatures))
        yield f"{event.position:>8}  {event.type:<28} {entry.accepted}  {signers}  {signed}"
    for each in checked.events:
        if checked.about and not named_by(each.event, checked.about):
            subjects = ", ".join(each.event.subjects)
            yield _ASTRAY.in_(language).format(each.event.position, subjects)
    if checked.left:
        yield _LEFT.in_(language).format(len(checked.left), checked.left[0])
    if checked.size != head.size:
        yield _AS_OF.in_(language).format(checked.size, head.size)
    yield _continued(checked, language)


def _continued(checked: Checked, language: Language) -> str:
    if checked.unkept:
        return _UNKEPT.in_(language).format(checked.unkept)
    if checked.before is None:
        return _FIRST.in_(language)
    return _CONTINUED.in_(language).format(checked.before)
