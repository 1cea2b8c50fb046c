"""Preferences are read as RFC 7240 writes them."""

import time

import pytest

from api.writes.preferences import read_preferences

READ = {
    ("wait=witnessed",): {"wait": "witnessed"},
    ('wait="witnessed"; foo=1',): {"wait": "witnessed"},
    ("respond-async; foo=1",): {"respond-async": ""},
    ('respond-async; foo="a, wait=1";; bar , wait = 10',): {"respond-async": "", "wait": "10"},
    ("Respond-Async", "WAIT=witnessed;x"): {"respond-async": "", "wait": "witnessed"},
    ('wait=, respond-async=""',): {"wait": "", "respond-async": ""},
    (r'wait="wit\nessed"',): {"wait": "witnessed"},
    ("return=minimal,,wait=1, wait=2",): {"return": "minimal", "wait": "1"},
    ("=1, a b, (, respond-async",): {"respond-async": ""},
    ("",): {},
    (): {},
}


@pytest.mark.parametrize("lines", READ)
def test_what_a_client_prefers_is_read(lines: tuple[str, ...]):
    assert READ[lines] == read_preferences(lines)


def test_what_is_none_takes_no_time():
    began = time.process_time()
    for odd in (
        ";     " * 2000 + "(",
        "=a   " * 3000,
        "a;a = " * 2500 + "(",
        '"' * 15001,
        'a="\\' * 3000,
    ):
        read_preferences([f"a{odd}"])
    assert time.process_time() - began < 1
