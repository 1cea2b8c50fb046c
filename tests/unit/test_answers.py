"""Every answer of every route is of one base, which says verdict, size and what proves it."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields

import projections
from projections.engine.answer import Answer, YesOrNo
from projections.engine.near import near_to
from projections.questions.listed import Listed


def kinds(base: type[Answer] = Answer) -> Iterator[type[Answer]]:
    """Yield all kinds of answers."""
    for module in pkgutil.walk_packages(projections.__path__, "projections."):
        importlib.import_module(module.name)
    importlib.import_module("api.reads.log")
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def members(kind: type[Answer]) -> set[str]:
    """Return the names of its fields, and of what is derived from them."""
    return {each.name for each in fields(kind)}.union(dir(kind))


BASE = ("verdict", "size", "positions", "unknown", "near", "doubted")


def test_every_answer_has_the_members_of_the_base():
    bases = {YesOrNo.__name__, Listed.__name__}
    found = {kind for kind in kinds() if kind.__name__ not in bases}
    assert len(found) > 40
    for kind in found:
        missing = set(BASE) - members(kind)
        assert not missing, (kind, missing)


def test_the_members_kept_free_for_what_an_answer_rests_on_are_free():
    for kind in kinds():
        taken = {"rests_on", "candidates", "missing"} & members(kind)
        assert not taken, (kind, taken)


def test_the_probes_for_what_may_be_meant_are_bounded():
    longest = near_to("contract:" + ("a1b2." * 16))
    assert 3_000 < len(longest) < 6_500
    assert all(0 < len(each.partition(":")[2]) <= 80 for each in longest)
    assert "contract:a" not in near_to("contract:a")
    assert len(near_to("right:vn.1-2020-00001")) < 600
    assert "right:vn.1-2020-00001" in near_to("right:vn.1-2o20-00001")  # An o for a zero.
