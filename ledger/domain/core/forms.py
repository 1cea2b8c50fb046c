"""
What form a value should have, in words: people are shown no regular expression, nor a class.

A test holds every pattern of a body and of a parameter to have its words.
"""

import re

from pydantic import ValidationError

_OF_KIND = re.compile(r"\^\(?(?P<kinds>[a-z]+(?:\|[a-z]+)*)\)?:\[a-z0-9\.-\]\{1,80\}\$")
_OWN = "1 to 80 small letters, digits, . and -"

_FORMS = {
    r"^[a-z]+:[a-z0-9.-]{1,80}$": f"a kind, : and {_OWN}, such as right:us.15145443",
    r"^contract:[a-z0-9.-]{1,80}#[a-z0-9]{1,16}$": f"contract:, {_OWN}, # and the grant's id",
    r"^party:tok\.[0-9a-f]{32}$": "party:tok. and 32 hexadecimal digits",
    r"^sha256:[0-9a-f]{64}$": "sha256: and 64 hexadecimal digits",
    r"^[0-9a-f]{64}$": "64 hexadecimal digits",
    r"^[0-9a-f-]{36}$": "a UUID",
    r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$": (
        "a UUIDv7 in small letters"
    ),
    r"^[A-Za-z0-9_-]{22}$": "22 characters of base64url",
    r"^[A-Z]{2}$": "two capital letters (ISO 3166-1), such as VN",
    r"^[A-Z]{3}$": "three capital letters (ISO 4217), such as VND",
    r"^[a-z]{2}$": "two small letters (ISO 639), such as vi",
    r"^iso:[A-Z]{2}$": "iso: and two capital letters (ISO 3166-1), such as iso:VN",
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$": "a country, or a part of one (ISO 3166), such as VN or US-NY",
    r"^[a-z]{2}(\.[a-z0-9]{1,16})?$": "an office: two small letters, such as vn, or vn.cov",
    r"^(world|iso:[A-Z]{2}|vn-2025:[0-9]{2}|vn-2004:VN-[0-9A-Z]{2})$": (
        "world, iso:XX, vn-2025:NN or vn-2004:VN-NN"
    ),
    r"^(ed25519|ecdsa-p256-sha256|rsa-pss-sha256|ml-dsa-65)$": (
        "ed25519, ecdsa-p256-sha256, rsa-pss-sha256 or ml-dsa-65"
    ),
    r"^[a-z]+\.[a-z_]+$": "a type of event without its version, such as offer.made",
    r"^[a-z]+\.[a-z_]+/[0-9]+$": "a type of event with its version, such as offer.made/1",
    r"^(\*|[a-z]+\.[a-z_]+)$": "a type of event without its version, such as offer.made, or *",
    r"^[0-9A-Za-z.-]{1,60}$": "1 to 60 letters, digits, . and -",
    r"^[a-z0-9.-]{1,60}$": "1 to 60 small letters, digits, . and -",
    r"^[a-z0-9]{1,16}$": "1 to 16 small letters and digits",
    r"^[a-z0-9_]{1,32}$": "1 to 32 small letters, digits and _",
    r"^[a-z_]{1,40}$": "1 to 40 small letters and _",
    r"^[a-z][a-z0-9_]{0,39}$": "1 to 40 small letters, digits and _, a letter first",
    r"^[a-z][a-z0-9_]{0,79}$": "1 to 80 small letters, digits and _, a letter first",
    r"^[a-z0-9][a-z0-9.-]{0,59}$": "1 to 60 small letters, digits, . and -, none of these first",
    r"^[a-z0-9][a-z0-9_.-]{0,79}$": "1 to 80 small letters, digits, _ . and -, none of these first",
    r"^([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})\.([0-9a-f]{12})$": (
        "a cursor as next_after of the page before gave it, or nothing for the first page"
    ),
    r"^(([!-~]{1,255})#(0|[1-9][0-9]{0,17}))?$": (
        "the id of an event as the stream gave it: the log's origin, # and a position"
    ),
    r"^[^\n]*$": "one line",
}


def form_in_words(pattern: str) -> str:
    """Return what form a pattern asks for; the pattern itself where it has no words here."""
    if of_kind := _OF_KIND.fullmatch(pattern):
        kinds = of_kind["kinds"].replace("|", ": or ")
        return f"{kinds}: and {_OWN}"
    return _FORMS.get(pattern, pattern)


def first_fault(error: ValidationError) -> tuple[tuple[str, ...], str]:
    """Return where a value is first not of its form, and what is wanted, without what was given."""
    first = error.errors(include_url=False, include_input=False)[0]
    said = str(first["msg"])
    if first["type"] == "string_pattern_mismatch":
        said = f"it is of the form: {form_in_words(first['ctx']['pattern'])}"
    elif first["type"] in ("model_type", "model_attributes_type", "dict_type"):
        said = "an object is wanted"
    return tuple(map(str, first["loc"])), said.removeprefix("Value error, ")
