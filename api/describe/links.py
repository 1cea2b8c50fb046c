"""
Links that keep the question: day, state of knowledge, between whom, and the language.

An address is pinned to what was asked and to no more: what was left open stays open.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from api.describe.language import Language

PREFIXES: Mapping[Language, str] = {"vi": "", "en": "/en"}
"""Before the path of a page: the language has no cookie."""

PAGES = {
    "right": "/quyen",
    "technology": "/cong-nghe",
    "contract": "/hop-dong",
    "distribution": "/phan-chia",
    "party": "/ben",
    "dispute": "/tranh-chap",
    "listing": "/san/tin",
    "need": "/san/nhu-cau",
    "offer": "/san/de-nghi",
}
"""The kinds of subject that have a page of their own, and where; a need has a listing's id."""

ENTRY, EVENT = "/muc", "/su-kien"
"""Where the page of an entry is, by its position, and of an event, by its id."""

MARKET = "/san"
"""Where listings and needs are listed."""

OF_PARTIES = {
    "rights": "/ben/{party}/quyen",
    "contracts": "/ben/{party}/hop-dong",
    "listings": "/ben/{party}/tin",
    "offers": "/ben/{party}/de-nghi",
}
"""Where what a party has is listed."""

ATOM = "/phat/muc.atom"
"""Where the feed of events is."""

FIND = "/tim"
"""Where is shown what is found by a text."""

AUDIT, VERIFY = "/kiem-toan", "/kiem-tra"
"""Where the log is held to an earlier checkpoint, and where evidence is checked."""

COMPARED = "so-sanh"
"""Under the page of a contract: two versions of its terms side by side."""

SHORT = "/~"
"""Before an address in which subjects stand by the positions of entries that name them."""

LICENCE_CHECK, LICENCE_ANSWER = "/li-xang/kiem-tra", "/li-xang/kiem-tra/ket-qua"
"""Where it is asked whether a party is licensed, and where that is answered."""

FIGURES = "/so-lieu"
"""Where the figures of a year are shown."""

BOARD_AT, RUNBOOK_AT = "/van-hanh", "/van-hanh/so-tay"
"""Where the operator's board is, on the machine itself, and the runbook that it leads to."""

DUTIES = "/dang-ky"
"""Where it is shown what is to be done by when: filed with the State, reported, paid."""

DOCUMENTS, QUESTIONS_AT = "/tai-lieu", "/tai-lieu/cau-hoi"
"""Where it is shown what there is to read, and every question with examples."""

LAW, EVENT_TYPES = "/luat", "/tai-lieu/su-kien"
"""Where the law is shown that the ledger judges by, and what there is to record."""

ANY_SUBJECT = "/doi-tuong"
"""Where a subject of any other kind is shown: all that was ever said of it."""

OPEN: Mapping[str, str | None] = {
    "true_on": None,
    "known_at": None,
    "known_by": "ledger",
    "effect": "parties",
}
"""What a question asks beside its subject, and what it is where nobody says it."""


def placed(language: Language, path: str) -> str:
    """Return the path of a page in a language."""
    return (PREFIXES[language] + path).removesuffix("/") or "/"


def feed_at(language: Language, watch: Mapping[str, str]) -> str:
    """Return the address of the feed of what is watched, all where nothing is named."""
    named = {name: watch[name] for name in ("subject", "topic") if watch.get(name)}
    query = f"?{urlencode(named, safe=':/')}" if named else ""
    return f"{placed(language, ATOM)}{query}"


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """What was asked beside the subject, as the address has it, and the language of the answer."""

    language: Language = "vi"
    true_on: str | None = None
    known_at: str | None = None
    known_by: str = "ledger"
    effect: str = "parties"

    def asking(self, takes: Collection[str] = tuple(OPEN)) -> Mapping[str, str]:
        """Return what is to be asked of what takes these parameters, and was not left open.

        A day of an office is no time of this ledger: who cannot be asked by the office is not
        asked by it.
        """
        asked: dict[str, str | None] = {name: getattr(self, name) for name in OPEN}
        if self.known_by == "office" and "known_by" not in takes:
            asked["known_at"] = None
        asked["from"] = self.true_on  # What is asked of a span of days begins with this one.
        return {
            name: value
            for name, value in asked.items()
            if name in takes and value is not None and value != OPEN.get(name)
        }

    def address(
        self, path: str, takes: Collection[str] = tuple(OPEN), after: int | None = None
    ) -> str:
        """Return a path with this question, and from which position on to list."""
        asked = [_written(self, tuple(takes)), "" if after is None else f"after={after}"]
        query = "&".join(filter(None, asked))
        return f"{path}?{query}" if query else path

    def page(self, path: str, after: int | None = None) -> str:
        """Return the address of a page that takes this question."""
        return self.address(placed(self.language, path), after=after)

    def entry(self, position: int) -> str:
        """Return where an entry of the log is shown."""
        return self.page(f"{ENTRY}/{position}")

    def subject(self, subject: str, after: int | None = None, kind: str | None = None) -> str:
        """Return where a subject is shown; `kind` is what it is, where its id does not say it."""
        folder = PAGES.get(kind or subject.partition(":")[0], ANY_SUBJECT)
        return self.page(f"{folder}/{subject}", after)


@lru_cache(maxsize=256)
def _written(question: AddressQuery, takes: tuple[str, ...]) -> str:
    """Return what a question asks, as addresses have it: a page has hundreds of the same."""
    return urlencode(question.asking(takes), safe=":")
