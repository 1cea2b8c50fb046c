import pytest

from ledger.wire.base64 import (
    MalformedBase64,
    b64decode,
    b64encode,
    b64url_decode,
    b64url_encode,
)


@pytest.mark.parametrize(
    ("raw", "standard", "url"),
    [
        (b"", "", ""),
        (b"f", "Zg==", "Zg"),
        (b"fo", "Zm8=", "Zm8"),
        (b"foo", "Zm9v", "Zm9v"),
        (b"foob", "Zm9vYg==", "Zm9vYg"),
        (b"fooba", "Zm9vYmE=", "Zm9vYmE"),
        (b"\xfb\xff\xfe", "+//+", "-__-"),
    ],
)
def test_values_are_spelled_as_rfc_4648_spells_them(raw: bytes, standard: str, url: str):
    assert (standard, url) == (b64encode(raw), b64url_encode(raw))
    assert (raw, raw) == (b64decode(standard), b64url_decode(url))


@pytest.mark.parametrize(
    "text",
    [
        "QR==",
        "QQ",
        "QQ=",
        "QQ===",
        " QQ==",
        "QQ==\n",
        "Q Q==",
        "-__-",
        "Q",
        "====",
        "QQ==QQ==",
        "\uff31",
    ],
)
def test_any_other_spelling_of_standard_base64_is_refused(text: str):
    with pytest.raises(MalformedBase64, match="one spelling"):
        b64decode(text)


@pytest.mark.parametrize("text", ["QR", "QQ==", "QQ=", "+//+", "Q", "QQ\n", "Q.", "\uff31"])
def test_any_other_spelling_of_url_safe_base64_is_refused(text: str):
    with pytest.raises(MalformedBase64):
        b64url_decode(text)
