"""The two languages in which everything is said."""

from typing import Literal, NamedTuple

Language = Literal["vi", "en"]


class Said(NamedTuple):
    """The same in both languages."""

    vi: str
    en: str

    def in_(self, language: Language) -> str:
        """Return it in one of them."""
        return self.vi if language == "vi" else self.en
