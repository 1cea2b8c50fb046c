"""
Which text a signed payload may hold: what people sign must be what people see.

Text must already be in Unicode Normalization Form C (UAX #15): the ledger refuses, it does not
repair, because the bytes are signed. Controls, zero-width and direction characters, with which one
text is made to look like another, and code points that mean nothing outside one machine are
refused wherever they stand.

Whether a code point is assigned depends on the Unicode version of the Python that asks, so it is
asked at admission only. The form is safe to ask for ever: once every code point is assigned, the
normal form of the text never changes again (Unicode stability policy), and an older Python takes
a newer code point for one that joins with nothing, so it comes to the same answer.
"""

import re
import unicodedata

_FORBIDDEN = re.compile(
    "["
    "\u0000-\u001f\u007f-\u009f"  # controls: C0, DELETE, C1
    "\u200b-\u200f\u202a-\u202e"  # zero width, joiners, direction marks and embeddings
    "\u2060-\u2069\ufeff"  # invisible operators, isolates, byte order mark
    "\ud800-\udfff"  # surrogates: not characters at all
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use
    "]"
)

_COMMON = re.compile("[ -~\u00a0-\u0377\u1e00-\u1eff\u2010-\u2027\u20a0-\u20bf]*")
"""Latin with every Vietnamese letter, punctuation, currency signs: all assigned, none forbidden.

One pass of this says what `_FORBIDDEN` and a look at each code point would say, in a third of the
time. Only text that leaves these ranges, such as Lao or Chinese names, is looked at more closely.
"""


def fault_in(text: str, *, admission: bool) -> str | None:
    """Return why a text may not be signed (`text`, `unassigned` or `nfc`), or None if it may.

    With `admission` false, as in replay, unassigned code points pass.
    """
    if text.isascii() and text.isprintable():
        return None
    if not _COMMON.fullmatch(text):
        if _FORBIDDEN.search(text):
            return "text"
        if admission and any(unicodedata.category(char) == "Cn" for char in set(text)):
            return "unassigned"
    return None if unicodedata.is_normalized("NFC", text) else "nfc"
