"""
Letters as people read them: which texts are one word, and what comes first in a Vietnamese list.

It is all done here, by the tables of Unicode: no database and no locale of a machine has a word in
it, and what reaches them is ASCII wherever a text is written in Latin letters.
"""

import re
import unicodedata

_DRAWN_ALIKE = """
a 251 391 410 13AA 15C5 1D00 A4EE 102A0 16F40
b 180 181 184 299 392 412 42C 13CF 13F4 1472 15AF 15F7 A4D0 A7B4 10282 102A1 10301
c 421 13DF 1D04 2CA4 A4DA 102A2 10302 10415 1051C
d D0 110 189 18A 501 13A0 13E7 146F 15DE 15EA 1D05 A4D2 A4D3
e 395 415 4BD 13AC 1D07 2D39 A4F0 AB32 10286 118A6 118AE
f 3DC 584 15B4 1E9D A4DD A730 A798 AB35 10287 102A5 10525 118A2
g 18D 261 262 50C 581 13C0 13F3 1D83 A4D6
h 126 29C 397 41D 4BB 570 13BB 13C2 157C 2C8E A4E7 102CF
i 131 196 26A 399 406 4C0 13A5 16C1 2C92 2D4F A4F2 A647 1028A 10309 118C3 16F28
j 237 37F 408 13AB 148D 1D0A A4D9 A7B2
k 198 39A 41A 13E6 16D5 1D0B 2C94 A4D7 10518
l 141 1C0 29F 13DE 14AA 2CD0 A4E1 1041B 10526 118A3 118B2 16F16
m 39C 3FA 41C 13B7 15F0 16D6 1D0D 2C98 A4DF 102B0 10311
n 274 39D 578 57C 2C9A A4E0 10513
o D8 39F 3C3 41E 555 B20 D20 101D 10FF 12D0 1D0F 1D11 2C9E 2D54 A4F3 AB3D 10292 102AB 10404
  104C2 10516 118B5 118C8 118D7
p 3A1 420 13E2 146D 1D18 2CA2 A4D1 10295
q 51B 563 566 2D55
r 1A6 433 13A1 13D2 1587 1D26 2C85 A4E3 AB47 AB48 AB81 104B4 16F35
s 1BD 405 54F 13D5 13DA A4E2 A731 10296 10420 118C1 16F3A
t 166 3A4 422 13A2 1D1B 2CA6 A4D4 10297 102B1 10315 118BC 16F0A
u 28B 3C5 54D 1200 144C 1D1C A4F4 A79F AB4E AB52 104CE 118B8 16F42
v 3BD 474 13D9 142F 1D20 2D38 A4E6 A6DF 1051D 11706 118A0 16F08
w 26F 461 51C 561 13B3 13D4 1D21 A4EA 1170A 1170E 1170F
x 3A7 425 1541 157D 16B7 2CAC 2D5D A4EB A7B3 10290 102B4 10317 10527
y 263 28F 3A5 3B3 423 4AE 10E7 13A9 13BD 1D8C 1EFF 2CA8 A4EC AB5A 102B2 118A4 118DC 16F43
z 396 13C3 1D22 A4DC 118A9 118C4
"""
"""Letters of ours, and the code points of letters that are drawn like them and are others.

Those of Unicode's confusables (UTS 39) that are one letter for one, without those that NFKD makes
ours anyway; a small letter goes with its capital. The strokes through Đ, Ł, Ø and others are no
marks to Unicode; the thin strokes that may be an i or an l count as an i.
"""


def _seen() -> dict[int, str]:
    """Return what is put in the place of letters that look like others, or like nothing."""
    seen: dict[int, str] = {}
    for line in _DRAWN_ALIKE.replace("\n ", "").strip().splitlines():
        letter, *others = line.split()
        seen.update(dict.fromkeys((int(each, 16) for each in others), letter))
    for code, letter in [*seen.items()]:
        pair = chr(code).swapcase()
        if len(pair) == 1:
            seen.setdefault(ord(pair), letter)
    # The fillers of Hangul are letters that show nothing.
    return seen | dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0), "")


_SEEN = _seen()
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Return the words of a text as they are read: without case and marks, look-alikes as one.

    Whatever is neither letter nor digit parts words. Đ, and what is drawn like it, is a D.
    """
    read = text if text.isascii() else _as_read(text)
    return " ".join(_WORD.findall(read.lower()))


def _as_read(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    latin = _LATIN_MARKS.sub("", letters).replace("Đ", "D").replace("đ", "d")
    if latin.isascii():
        return latin
    if not _LATIN.search(letters):
        # What has no letter of ours is read in capitals: the small nu is a V, the capital an N.
        letters = letters.upper()
    folded = unicodedata.normalize("NFKD", letters.translate(_SEEN).casefold())
    return "".join(each for each in folded if unicodedata.category(each) not in _UNREAD)


_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
_UNREAD = frozenset(("Mn", "Mc", "Me", "Cf"))
"""Marks, and signs of form that show nothing by themselves."""


def vietnamese_order(text: str) -> str:
    """Return a key by which texts stand as in a Vietnamese dictionary, code point by code point.

    a ă â … d đ … o ô ơ … u ư; then, in words that are alike so far, the tones: none, huyền, hỏi,
    ngã, sắc, nặng. Case, and what parts words, counts for nothing.
    """
    letters: list[str] = []
    tones: list[str] = []
    for each in unicodedata.normalize("NFD", text.casefold()):
        if each in _TONES:
            tones[-1:] = _TONES[each]
        elif each in _MARKS:
            letters[-1:] = [_MARKED.get(letters[-1] + each, letters[-1])] if letters else []
        elif each.isalnum():
            letters.append(_MARKED.get(each, each))
            tones.append("0")
        elif letters and letters[-1] != _PARTED and not unicodedata.combining(each):
            letters.append(_PARTED)
            tones.append(_PARTED)
    return f"{''.join(letters)} {''.join(tones)}"


# A letter with a mark comes after every word that goes on behind the letter without it.
_MARKED = {
    "a\u0306": "a~", "a\u0302": "a~~", "đ": "d~", "ð": "d~", "ɖ": "d~", "e\u0302": "e~",
    "o\u0302": "o~", "o\u031b": "o~~", "u\u031b": "u~",
}  # fmt: skip
_MARKS = "\u0302\u0306\u031b"
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_PARTED = "!"
"""Between words: after the blank in front of the tones, before every letter and digit."""
