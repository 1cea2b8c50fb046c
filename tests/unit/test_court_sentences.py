"""What the one-file verifier says of what it refuses: a sentence, with the value and the place."""

import ast
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ledger import court
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.log.note import format_vkey
from tests.support import builders as b
from tests.support.builders import FIRM, OPERATOR
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.sample_log import (
    OFFICERS,
    ORIGIN,
    SampleLog,
    log_signers,
    party_key,
    sample_log,
)
from tests.support.verifying import append, payload, seal, sealed_bundle, whole_bundle

SOURCE = ast.parse(Path(court.__file__).read_text("utf-8"))
HANDED_ON = {"failing", "within", "reading", "require", "fault"}
"""These say what somebody else gives them."""
VERB = re.compile(
    r"\b(is|are|was|has|have|had|states|stands|asks|lack|holds|names|brings|leads|says|stops|does"
    r"|opens|need|may|cannot|bear|bound|binds)\b"
)


# Every reason, as it stands in the source


def reasons() -> Iterator[tuple[int, str]]:
    """Yield the text of each reason, `7` for what is filled in, and its line."""
    functions = [node for node in ast.walk(SOURCE) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        within = [n for n in ast.walk(function) if isinstance(n, ast.FunctionDef)][1:]
        inner = {id(node) for other in within for node in ast.walk(other)}
        if function.name not in HANDED_ON:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and id(node) not in inner and (why := given_by(node)):
                    yield from ((node.lineno, text) for text in texts(why, function))


def given_by(call: ast.Call) -> ast.expr | None:
    """Return the reason that a call gives, None where it refuses nothing."""
    match call.func, call.args:
        case ast.Name("require"), [_, why]:
            return why
        case ast.Name("reading" | "CheckFailed"), [why]:
            return why
        case ast.Name("Refused"), [_, why, *_]:
            return why
        case ast.Attribute(attr="fault"), [why]:
            return why
    return None


def texts(node: ast.expr, function: ast.FunctionDef) -> list[str]:
    """Return what an expression may be, of a name what the function gives it last before that."""
    match node:
        case ast.Constant(str() as text):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return texts(one, function) + texts(other, function)
        case ast.JoinedStr(values=parts):
            found = [""]
            for part in parts:
                told = part.value if isinstance(part, ast.FormattedValue) else part
                each = texts(told, function) if isinstance(told, ast.Name | ast.Constant) else ["7"]
                found = [head + tail for head in found for tail in each]
            return found
        case ast.Name(name):
            given = [said for each in ast.walk(function) for said in said_of(each, name)]
            last = sorted((n.lineno, i) for i, n in enumerate(given) if n.lineno < node.lineno)
            return texts(given[last[-1][1]], function) if last else ["7"]
    return ["7"]


def said_of(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield the text that an assignment gives to a name."""
    if isinstance(node, ast.Assign) and isinstance(
        node.value, ast.Constant | ast.JoinedStr | ast.IfExp
    ):
        yield from (node.value for target in node.targets if ast.unparse(target) == name)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
        names = [ast.unparse(each) for each in getattr(node.targets[0], "elts", [])]
        said = (value for each, value in zip(names, node.value.elts, strict=False) if each == name)
        yield from (
            each for each in said if isinstance(each, ast.Constant | ast.JoinedStr | ast.IfExp)
        )


def test_every_reason_is_a_sentence() -> None:
    found = {(line, text) for line, text in reasons() if not text.startswith(("ODD_FILE", "usage"))}
    assert 130 < len({line for line, _ in found})
    wrong = [
        (line, text)
        for line, text in sorted(found)
        if not re.match(r"[A-Z7]", text)
        or len(text.split()) < 5
        or not VERB.search(text)
        or re.search(r"[ ,:;.]$|\b(of|and|or|the|a|from|to|by|as|not)$", text)
    ]
    assert [] == wrong


# The value and the place


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(12)


def spoken(entry: bytes, **members: Any) -> bytes:
    """Return an entry whose payload says something else."""
    head, gap, payload = entry.partition(b"\n\n")
    return head + gap + court.dumps({**json.loads(payload), **members}).encode()


SPOKEN: dict[str, tuple[dict[str, Any], int, str]] = {
    "ledger": ({"ledger": "other.example/log"}, 6, '"other.example/log"'),
    "type": ({"type": "Party"}, 6, 'type is "Party"'),
    "seen": ({"seen": -4}, 6, "seen -4"),
    "issued": ({"issued_at": "2026-11-02T09:00:00.000Z"}, 6, "issued at 2026-11-02T09:00:00.000Z"),
    "not_after": ({"not_after": "2029-01-01T00:00:00.000Z"}, 6, "2029-01-01T00:00:00.000Z"),
    "no instant": ({"not_after": "2026-11-31T00:00:00.000Z"}, 6, '"2026-11-31T00:00:00.000Z"'),
    "signers": ({"signers": ["party:b", "party:a"]}, 7, 'signers have "party:a" behind "party:b"'),
    "subject": ({"subjects": ["Party"]}, 7, 'subjects have "Party"'),
    "lacking": ({"subjects": ["party:z"]}, 7, "subjects lack "),
    "body": ({"body": [1, 2]}, 5, "body is a list of 2"),
    "member": ({"more": 1}, 5, "not known more"),
    "hidden": ({"body": {"a": ["x", "\u200b"]}}, 5, r"At payload/body/a/1 stands a character"),
    "number": ({"body": {"a": {"b": 1.5}}}, 5, "At payload/body/a/b stands 1.5"),
    "long": ({"body": {"a": "x" * 16385}}, 5, "At payload/body/a stands a text of 16385 bytes"),
}


@pytest.mark.parametrize("name", SPOKEN)
def test_of_an_entry_it_says_what_stands_where(name: str, log: SampleLog) -> None:
    members, step, told = SPOKEN[name]
    with pytest.raises(court.Refused) as caught:
        court.read_event(spoken(log.entries[3], **members), 3, ORIGIN)
    assert str(caught.value).startswith(f"step {step} ({court.STEPS[step]}), entry 3: ")
    assert told in str(caught.value)


def changed(members: Any, path: tuple[str | int, ...], value: Any) -> bytes:
    """Return a bundle with another value at a path."""
    inside = members
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = value
    return court.dumps(members).encode("utf-8", "surrogatepass") + b"\n"


BUNDLES: dict[str, tuple[tuple[str | int, ...], Any, tuple[str, ...]]] = {
    "format": (("format",), "mine/v7", ("step 5 ", '"mine/v7"')),
    "more": (("more",), 1, ("step 5 ", "At bundle ", "not known more")),
    "shape": (("entries", 4, "proof"), "x", ("step 5 ", 'At bundle/entries/4/proof stands "x"')),
    "hash": (("entries", 4, "proof", 0), "QUJD", ("bundle/entries/4/proof/0", '"QUJD"', "3 bytes")),
    "order": (("entries", 4, "position"), 3, ("entries of the bundle have 3 behind 3",)),
    "beyond": (("entries", 11, "position"), 77, ("step 3 ", ", entry 77: ", "12 entries")),
    "proof": (("entries", 4, "proof", 0), court.base64(bytes(32)), ("step 3 ", ", entry 4: ")),
    "note": (("checkpoint",), "nothing", ("step 2 ", '"nothing"', "(in the checkpoint)")),
    "policy": (("policy",), "quorum all\n", ("step 2 ", "at size 12")),
    "earlier": (("earlier",), [{"checkpoint": "x", "proof": []}], ("step 9 ", "bundle/earlier/0")),
    "seal": (("seal",), 5, ("step 10 ", ", entry 5: ", "seal at entry 5")),
    "opening": (
        ("openings",),
        [{"position": 4, "opening": {"path": "/body", "salt": "A" * 43, "value": 1}}],
        ("step 11 ", ", entry 4: ", 'at "/body"'),
    ),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_of_a_bundle_it_says_what_stands_where(name: str, log: SampleLog) -> None:
    path, value, told = BUNDLES[name]
    raw = changed(json.loads(whole_bundle(log)), path, value)
    with pytest.raises(court.Refused) as caught:
        court.verify(raw, log.trust_root())
    assert [] == [each for each in told if each not in str(caught.value)], str(caught.value)


def test_of_a_signature_it_says_whose_by_which_key_and_what_that_means(log: SampleLog) -> None:
    spoiled = SampleLog(entries=list(log.entries))
    payload = spoiled.entries.pop().partition(b"\n\n")[2]
    signer = json.loads(payload)["signers"][0]
    spoiled.sign(payload, [party_key(signer)])
    head, gap, payload = spoiled.entries.pop().partition(b"\n\n")
    signature = head.rpartition(b" ")[2]
    other = court.base64(bytes(64)).encode()
    spoiled.entries.append(head.replace(signature, other) + gap + payload)
    with pytest.raises(court.Refused) as caught:
        court.verify(whole_bundle(spoiled), log.trust_root())
    assert (court.SIGNATURES, 11) == (caught.value.step, caught.value.position)
    said = f"The signature by the key {party_key(signer).key_id} of {signer} does not verify: "
    assert f"{said}the entry was changed after it was signed, or" in str(caught.value)


def test_of_authority_it_says_who_and_what_would_have_done(log: SampleLog) -> None:
    """Each is appended, signed as it is said, and refused there."""
    key = party_key(FIRM).key_id
    revoked = {"compromised_since": None, "key_id": "0" * 64, "party": FIRM, "reason": "lost"}
    for body, topic, signers, told in (
        (b.contract_concluded(), None, [OPERATOR], [OPERATOR, "has to be signed by", FIRM]),
        ({**revoked, "revoked_by": None}, "key.revoked/1", [FIRM], [FIRM, '"' + "0" * 64]),
        (
            b.right_filed(attested_by=FIRM, document_sha256=b.SOME_HASH),
            None,
            [FIRM, OPERATOR],
            [f'"{FIRM}" may not be the attested_by of right.filed/1', "registered as clerk"],
        ),
        (
            b.technology_registered(technology="technology:z", owners=[b.held(FIRM)]),
            None,
            ["party:x"],
            ["party:x", FIRM],
        ),
    ):
        spoiled = SampleLog(entries=list(log.entries))
        spoiled.say(body, signers, topic=topic)
        with pytest.raises(court.Refused) as caught:
            court.verify(whole_bundle(spoiled), log.trust_root())
        assert 12 == caught.value.position, str(caught.value)
        assert [] == [each for each in told if each not in str(caught.value)], str(caught.value)
    unknown = SampleLog(entries=list(log.entries))
    technology = b.technology_registered(technology="technology:z", owners=[b.held(FIRM)])
    unknown.say(technology, [FIRM], keys=[party_key(FIRM, 9)])
    with pytest.raises(
        court.Refused, match=f"key {party_key(FIRM, 9).key_id} that no entry before"
    ):
        court.verify(whole_bundle(unknown), log.trust_root())
    assert key != party_key(FIRM, 9).key_id


def test_of_a_trust_root_it_says_what_stands_where(log: SampleLog) -> None:
    members = json.loads(log.trust_root())
    raw, first = whole_bundle(log), format_vkey(log_signers()[0])
    for name, value, told in (
        ("genesis_sha256", "ab" * 32, f"Entry 0 has the SHA-256 {members['genesis_sha256']}"),
        ("genesis_sha256", "AB", 'genesis_sha256 of the trust root is "AB"'),
        ("log_keys", [first], "are not of the types [1, 6], but [1]"),
        ("log_keys", [first[:-2]], first[:40]),
        ("policy", "quorum q\n", 'quorum "q"'),
        ("policy", "witnesses\nquorum none\n", 'line "witnesses"'),
        ("policy", "", "states 0 quorums"),
        ("origin", 5, "At trust root/origin stands 5"),
    ):
        with pytest.raises(court.Refused) as caught:
            court.verify(raw, json.dumps({**members, name: value}).encode())
        assert told in str(caught.value)


# However long it is what stands there


LONG = ["x" * 30_000, "\ud800" * 30_000, 10**4000, {"x" * 30_000: 1}]


def places(members: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths to what a bundle holds, of each list to its first."""
    inside = members
    for part in path:
        inside = inside[part]
    if path:
        yield path
    if isinstance(inside, dict):
        for name in inside:
            yield from places(members, (*path, name))
    elif isinstance(inside, list) and inside:
        yield from places(members, (*path, 0))


def test_no_bundle_prints_more_than_a_line() -> None:
    log = sample_log(12)
    subject = json.loads(log.entries[3].partition(b"\n\n")[2])["subjects"][0]
    seal(log)
    members = json.loads(sealed_bundle(log, range(13), subject))
    members["earlier"] = [{"checkpoint": members["checkpoint"], "proof": []}]
    opening = {"path": "/body/name", "salt": "A" * 43, "value": "x"}
    members["openings"] = [{"opening": opening, "position": 3}]
    found = list(places(members))
    assert 25 < len(found)
    for place in found:
        for value in LONG:
            wrong = changed(deepcopy(members), place, value)
            with pytest.raises(court.Refused) as caught:
                court.verify(wrong, log.trust_root())
            assert len(str(caught.value)) < 5000, place
            assert len(caught.value.reason) < 5000, place
            assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", [*LONG[:1], -(2**52), ["x"] * 4000])
@pytest.mark.parametrize("name", [*court.FORMS, *court.LISTED, "ledger", "seen", "more"])
def test_no_payload_prints_more_than_a_line(name: str, value: Any, log: SampleLog) -> None:
    value = value[:15_000] if isinstance(value, str) else value
    with pytest.raises(court.Refused) as caught:
        court.read_event(spoken(log.entries[3], **{name: value}), 3, ORIGIN)
    assert len(caught.value.reason) < 1000


# A type that this file does not know


TOMORROW = (
    "ledger.closed/2", "ledger.paused/1", "ledger.opened/2", "ledger.delay_adopted/2",
    "ledger.log_keys_adopted/2", "ledger.policy_adopted/2", "ledger.operation_handed_over/2",
    "party.registered/2", "party.stopped/2", "party.dissolved/2", "party.merged/2",
    "person.erased/2", "key.added/2", "key.revoked/2", "key.suspended/2", "key.stopped/2",
    "mandate.given/2", "mandate.ended/2", "offer.made/2", "offer.countered/9999",
)  # fmt: skip


def everything(log: SampleLog) -> dict[str, Any]:
    """Return a body with the members of all types that change who may sign."""
    names = {name for names in court.BODIES.values() for name in names.split()}
    said: dict[str, Any] = dict.fromkeys(sorted(names), "x")
    said |= {name: [] for name in names if court.SHAPES.get(name) is list}
    said |= {"party": FIRM, "key_id": party_key(FIRM).key_id, "operator": FIRM, "token": FIRM}
    return said | {"ledger": ledger_subject(log.origin), "offer": "offer:x", "delay_seconds": 5}


@pytest.mark.parametrize("topic", TOMORROW)
def test_a_type_that_it_does_not_know_ends_nothing_and_is_named(topic: str) -> None:
    """Neither the ledger nor a key, a party or a mandate; what follows is judged as before."""
    log = sample_log(12)
    before = court.verify(whole_bundle(log), log.trust_root())
    said = payload(log, type=topic, body=everything(log), signers=sorted(OFFICERS))
    append(log, said, keys=map(party_key, OFFICERS))
    log.say(b.technology_registered(technology="technology:z", owners=[b.held(FIRM)]), [FIRM])
    after = court.verify(whole_bundle(log), log.trust_root())
    assert before.authority == after.authority
    assert 14 == after.size
    told = f"who must sign {topic}, a type that this verifier does not know"
    assert (12, told) in after.unchecked
    assert "unchecked" == after.states[court.SIGNATURES]
    assert after.unchecked == by_parts(whole_bundle(log), log.trust_root()).unchecked


def test_the_type_that_it_knows_ends_the_ledger() -> None:
    log = sample_log(12)
    body = {"ledger": ledger_subject(log.origin), "reason": "a new era", "successor": None}
    log.say(body, OFFICERS, topic="ledger.closed/1")
    assert 12 == court.verify(whole_bundle(log), log.trust_root()).authority.closed
    log.say(b.technology_registered(technology="technology:z", owners=[b.held(FIRM)]), [FIRM])
    with pytest.raises(court.Refused, match=r"entry 13: The log was closed by entry 12"):
        court.verify(whole_bundle(log), log.trust_root())
