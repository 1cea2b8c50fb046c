"""What the pages' own check says of bundles that are good, and where one byte is wrong."""

import json
import random
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from api.describe.checked_here import CHECKED
from ledger import court
from ledger.log.proof import prove_consistency
from ledger.node.genesis import key_record
from ledger.powers import TABLE
from ledger.wire.signing_keys import PrivateKey
from tests.golden.test_golden_ledger import LEDGERS
from tests.support import builders as b
from tests.support.log import MemoryHashes, flip
from tests.support.mandates import mandate_given
from tests.support.sample_log import SampleLog, numbered, party_key, sample_log
from tests.support.verify_js import FILE, Job, Told, check, needs_node
from tests.support.verifying import bundle_of, seal, sealed_bundle

pytestmark = needs_node

GOLDEN = LEDGERS[0]
BUNDLE = (GOLDEN / "bundle.json").read_bytes()
TRUST = json.loads((GOLDEN / "trust.json").read_bytes())
COSIGNED = ("checkpoint", "earlier")
"""Members that hold signatures by ML-DSA."""

SIGNED_ALIKE = {2: "noted", 3: "passed", 4: "passed", 5: "noted", 8: "noted"}


def spelled(said: Any) -> bytes:
    """Return a bundle in its one spelling."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"{text}\n".encode()


def changed(change: Callable[[Any], object], raw: bytes = BUNDLE) -> bytes:
    """Return a bundle with one thing changed."""
    said = json.loads(raw)
    change(said)
    return spelled(said)


def another(text: str, at: int = 10) -> str:
    """Return Base64 of other bytes."""
    return b64encode(flip(b64decode(text), at, 1)).decode()


def told_of(log: SampleLog, shown: Iterable[int], **asked: Any) -> Told:
    """Return what is told of a bundle of entries, by who trusts their log."""
    (told,) = check(Job(bundle_of(log, shown), json.loads(log.trust_root()), **asked))
    return told


@pytest.fixture
def log() -> SampleLog:
    return sample_log(size=30)


def test_it_says_what_there_are_words_for_and_nothing_else():
    source = FILE.read_text("utf-8")
    calls = re.findall(
        r'\b(?:say|limit|doubt|nothing)\("([a-z0-9_]+)"|\bmust\([^;]*?, "([a-z0-9_]+)"|'
        r'\bcode[:=] "([a-z_]+)"|checkpoint \? "([a-z]+)" : "([a-z]+)"|'
        r'whole \? "([a-z_]+)" : "([a-z_]+)"|code = "([a-z_]+)"',
        source,
    )
    named = {name for found in calls for name in found if name}
    named |= {f"step_{n}" for n in (*range(1, 6), *range(8, 13))}
    named |= {f"state_{each}" for each in ("passed", "noted", "failed", "open")}
    assert named | {"green", "amber", "red"} == CHECKED.keys()
    assert all(said.vi and said.en for said in CHECKED.values())


def test_its_rows_of_who_signs_are_those_of_the_table():
    rows = re.findall(
        r'^  "([a-z_]+\.[a-z_]+/1)": "([^"]*)",$', FILE.read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > 10
    assert {topic: TABLE[topic].signers for topic, _ in rows} == dict(rows)


def test_it_loads_nothing_from_elsewhere_and_writes_no_markup():
    source = FILE.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|document\.write|eval\(|Function\(|https?://", source)
    fetched = re.findall(r"fetch\(([^,)]*)", source)
    assert {"`/v1/consistency?since=${since}`", "`/v1/evidence?${query}`", "import.meta.url"} == {
        *fetched
    }


def test_a_good_bundle_with_histories_is_amber_where_witnesses_sign_by_ml_dsa():
    subject = next(
        each["subject"]
        for each in json.loads(BUNDLE)["histories"]
        if each["subject"].startswith("contract:")
    )
    (told,) = check(Job(BUNDLE, TRUST, subjects=[subject]))
    assert ("amber", None) == (told.state, told.wrong)
    assert {"quorum_unread", "openings", "conclusion"} == told.codes("doubt")
    assert {"mldsa_line", "authority", "about", "since_seal"} <= told.codes("limit")
    seen = {"brought", "log_signed", "witnessed", "included", "signatures", "earlier", "whole"}
    assert seen <= told.codes("seen")
    (signatures,) = [each["values"] for each in told.told if each["code"] == "signatures"]
    assert [court.verify(BUNDLE, json.dumps(TRUST).encode()).signatures, 18] == signatures


def test_an_entry_alone_is_green(log: SampleLog):
    payload = log.entries[5].partition(b"\n\n")[2].decode()
    told = told_of(log, range(6), positions=[5], payload=json.dumps(json.loads(payload), indent=2))
    assert ("green", None, set()) == (told.state, told.wrong, told.codes("doubt"))
    assert SIGNED_ALIKE == {step: told.steps[step] for step in SIGNED_ALIKE}
    assert {"mldsa_line", "no_witnesses", "about", "authority", "no_seal"} == told.codes("limit")
    assert {11: "open", 12: "open"} == {step: told.steps[step] for step in (11, 12)}


def entry(said: Any, at: int) -> Any:
    """Return what a bundle says of a position."""
    return next(each for each in said["entries"] if each["position"] == at)


def line_of(name: str, nth: int) -> Callable[[Any], None]:
    """Return what changes a byte in a signature line of the checkpoint."""

    def change(said: Any) -> None:
        lines = said["checkpoint"].split("\n")
        at = [n for n, line in enumerate(lines) if line.startswith(f"\u2014 {name}")][nth]
        *head, blob = lines[at].split(" ")
        lines[at] = " ".join([*head, another(blob, 40)])
        said["checkpoint"] = "\n".join(lines)

    return change


def root_of(said: Any) -> None:
    lines = said["checkpoint"].split("\n")
    lines[2] = another(lines[2])
    said["checkpoint"] = "\n".join(lines)


def size_of(said: Any) -> None:
    lines = said["checkpoint"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    said["checkpoint"] = "\n".join(lines)


def without(name: str, nth: int) -> Callable[[Any], None]:
    """Return what takes a signature line out of the checkpoint."""

    def change(said: Any) -> None:
        lines = said["checkpoint"].split("\n")
        at = [n for n, line in enumerate(lines) if line.startswith(f"\u2014 {name}")][nth]
        said["checkpoint"] = "\n".join([*lines[:at], *lines[at + 1 :]])

    return change


def older(said: Any) -> None:
    said["earlier"][0]["checkpoint"] = said["earlier"][0]["checkpoint"].replace("\n12\n", "\n11\n")


def put(value: Any, *path: Any) -> Callable[[Any], None]:
    """Return what puts a value at a path of a bundle, or, of a function, what it makes of it."""

    def change(said: Any) -> None:
        for name in path[:-1]:
            said = said[name]
        said[path[-1]] = value(said[path[-1]]) if callable(value) else value

    return change


def without_one(said: Any) -> None:
    """Leave out an entry that the history of a subject has."""
    said["entries"] = [each for each in said["entries"] if each["position"] != 12]


WRONG: dict[str, tuple[Callable[[Any], object], tuple[int, str, int | None]]] = {
    "the checkpoint's root": (root_of, (2, "line_wrong", None)),
    "the checkpoint's size": (size_of, (2, "line_wrong", None)),
    "the log's signature": (line_of("ledger.example", 0), (2, "line_wrong", None)),
    "a witness's signature": (line_of("witness.example.vn/state", 1), (2, "line_wrong", None)),
    "no line of a key of the log": (without("ledger.example", 1), (2, "line_missing", None)),
    "no line of a witness": (without("witness.example.vn/firm", 0), (2, "quorum_missing", None)),
    "a name in a line": (
        put(
            lambda note: note.replace("witness.example.vn/firm", "witness.example.vn/form"),
            "checkpoint",
        ),
        (2, "line_unknown", None),
    ),
    "the policy": (
        put(lambda text: text.replace("quorum", "quorum "), "policy"),
        (2, "policy_other", None),
    ),
    "entry 0": (
        lambda said: put(lambda raw: another(raw, 900), "entry")(entry(said, 0)),
        (4, "genesis_other", None),
    ),
    "an entry's payload": (
        lambda said: put(lambda raw: another(raw, 700), "entry")(entry(said, 11)),
        (3, "root_differs", 11),
    ),
    "a party's signature in an entry": (
        lambda said: put(lambda raw: another(raw, 190), "entry")(entry(said, 11)),
        (3, "root_differs", 11),
    ),
    "a hash of a proof": (
        lambda said: put(another, "proof", 1)(entry(said, 11)),
        (3, "root_differs", 11),
    ),
    "a proof's length": (lambda said: entry(said, 11)["proof"].pop(), (3, "proof_length", 11)),
    "a position": (lambda said: put(7, "position")(entry(said, 6)), (3, "root_differs", 7)),
    "a history's count": (
        put(lambda n: n + 1, "histories", 1, "value", "count"),
        (10, "history_differs", 20),
    ),
    "a history's chain": (
        put(lambda chain: chain[:-1] + "01"[chain[-1] == "0"], "histories", 1, "value", "chain"),
        (10, "history_differs", 20),
    ),
    "a history's last": (
        put(lambda n: n - 1, "histories", 1, "value", "last"),
        (10, "history_differs", 20),
    ),
    "a history that is none": (put(None, "histories", 1, "value"), (10, "history_differs", 20)),
    "a hash of the map": (put(another, "histories", 1, "siblings", 0), (10, "map_path", 20)),
    "an entry of a history": (without_one, (10, "history_differs", 20)),
    "the seal": (put(18, "seal"), (10, "seal", 18)),
    "an earlier checkpoint": (older, (9, "line_wrong", None)),
    "the proof of an earlier checkpoint": (
        put(another, "earlier", 0, "proof", 0),
        (9, "forked", None),
    ),
    "a member": (put(1, "more"), (5, "bundle_form", None)),
    "the format": (put("techledger-bundle/v2", "format"), (5, "bundle_form", None)),
}


def test_one_wrong_byte_is_red_and_the_step_is_named():
    told = check(*(Job(changed(change), TRUST) for change, _ in WRONG.values()))
    found = {name: each.wrong for name, each in zip(WRONG, told, strict=True)}
    assert found == {name: wrong for name, (_, wrong) in WRONG.items()}
    for each in told:
        assert "red" == each.state
        assert each.wrong
        assert ["failed"] == [state for state in each.steps.values() if state != "open"]


def test_another_spelling_is_refused():
    spaced = BUNDLE.replace(b'":', b'": ', 1)
    told = check(Job(spaced, TRUST), Job(BUNDLE[:-1], TRUST), Job(BUNDLE + b"\n", TRUST))
    assert [(5, "spelling", None), (5, "bundle_form", None)] == [each.wrong for each in told[:2]]
    assert told[2].wrong


def test_whatever_the_court_refuses_it_refuses_but_for_what_no_browser_verifies():
    """Bytes anywhere, also within what is in Base64; those of ML-DSA are told to be unread."""
    chance, whole = random.Random(54), json.loads(BUNDLE)
    places = [("entries", n, "entry") for n in range(len(whole["entries"]))]
    places += [("earlier", 0, "proof", n) for n in range(len(whole["earlier"][0]["proof"]))]

    def one(_: int) -> bytes:
        path = chance.choice(places)
        return changed(put(lambda raw: another(raw, chance.randrange(len(b64decode(raw)))), *path))

    forged = [one(n) for n in range(30)]
    forged += [flip(BUNDLE, chance.randrange(len(BUNDLE)), 1) for _ in range(30)]
    trust = json.dumps(TRUST).encode()
    for raw in forged:
        with pytest.raises(court.Refused):
            court.verify(raw, trust)
    for raw, told in zip(forged, check(*(Job(raw, TRUST) for raw in forged)), strict=True):
        assert told.wrong or {*COSIGNED} >= {
            name for name, value in json.loads(raw).items() if value != whole[name]
        }


def test_a_signature_of_ml_dsa_is_never_passed_in_silence():
    """One that was changed is not noticed: so it is told that it was not verified, each time."""
    spoiled = changed(line_of("ledger.example", 1))
    with pytest.raises(court.Refused):
        court.verify(spoiled, json.dumps(TRUST).encode())
    for told in check(Job(spoiled, TRUST), Job(BUNDLE, TRUST)):
        assert "amber" == told.state
        assert "noted" == told.steps[2]
        assert "mldsa_line" in told.codes("limit")


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha256"])
def test_a_party_s_signature_is_verified_by_its_recorded_key(log: SampleLog, algorithm: str):
    key = PrivateKey.generate(algorithm)
    body = b.party_registered(party="party:vn.new", keys=[key_record(key)])
    officers = [party_key(b.OPERATOR), party_key(b.REGISTRAR)]
    log.say(body, ["party:vn.new", b.OPERATOR, b.REGISTRAR], keys=[key, *officers])
    at = log.size - 1
    assert "green" == told_of(log, [0, at], positions=[at]).state
    head, _, payload = log.entries[at].partition(b"\n\n")
    signed = head.decode().split("\n")
    mine = next(n for n, line in enumerate(signed) if key.public.key_id in line)
    *name, signature = signed[mine].split(" ")
    signed[mine] = " ".join([*name, another(signature, 20)])
    log.entries[at] = "\n".join(signed).encode() + b"\n\n" + payload
    assert (8, "signature_wrong", at) == told_of(log, [0, at], positions=[at]).wrong


def test_a_key_of_ml_dsa_is_amber_and_says_so(log: SampleLog):
    key = PrivateKey.generate("ml-dsa-65")
    body = b.party_registered(party="party:vn.new", keys=[key_record(key)])
    officers = [party_key(b.OPERATOR), party_key(b.REGISTRAR)]
    log.say(body, ["party:vn.new", b.OPERATOR, b.REGISTRAR], keys=[key, *officers])
    told = told_of(log, [0, log.size - 1], positions=[log.size - 1])
    assert ("amber", {"key_unread"}) == (told.state, told.codes("doubt"))


def test_a_browser_that_does_not_know_ed25519_is_amber_and_says_so(log: SampleLog):
    told = told_of(log, range(6), positions=[5], without=["Ed25519"])
    assert ("amber", {"no_ed25519", "key_unread"}) == (told.state, told.codes("doubt"))
    assert "log_signed" not in told.codes("seen")


def test_who_signs_for_another_needs_its_mandate(log: SampleLog):
    def say() -> int:
        technology = numbered("technology", log.size)
        body = b.technology_registered(technology=technology, owners=[b.held(b.INSTITUTE)])
        log.say(body, [b.INSTITUTE], keys=[party_key(b.RIVAL)])
        return log.size - 1

    at = say()
    assert (8, "binds_nobody", at) == told_of(log, [0, at]).wrong
    log.entries.pop()
    trusted = {"principal": b.INSTITUTE, "holder": b.RIVAL, "topics": ["*"]}
    log.say(
        mandate_given(mandate=numbered("mandate", log.size), **trusted), [b.INSTITUTE, b.OPERATOR]
    )
    given = log.size - 1
    at = say()
    told = told_of(log, range(log.size), positions=[at])
    assert ("green", None, True) == (told.state, told.wrong, "by_mandate" in told.codes("seen"))
    unshown = [n for n in range(log.size) if n != given]
    assert (8, "binds_nobody", at) == told_of(log, unshown).wrong


def test_a_key_that_was_revoked_binds_no_more(log: SampleLog):
    technology = numbered("technology", log.size)
    body = b.technology_registered(technology=technology, owners=[b.held(b.INSTITUTE)])
    log.say(body, [b.INSTITUTE], keys=[party_key(b.INSTITUTE, 0)])
    at = log.size - 1
    assert (8, "key_revoked", at) == told_of(log, range(log.size)).wrong


def test_officers_give_a_party_no_key_by_registering_it_again(log: SampleLog):
    key = PrivateKey.generate()
    body = b.party_registered(party=b.FIRM, keys=[key_record(key)])
    officers = [party_key(b.OPERATOR), party_key(b.REGISTRAR)]
    log.say(body, sorted([b.FIRM, b.OPERATOR, b.REGISTRAR]), keys=[key, *officers])
    assert (8, "party_twice", log.size - 1) == told_of(log, [0, log.size - 1]).wrong


def test_a_key_is_added_by_an_older_one_alone(log: SampleLog):
    key = PrivateKey.generate()
    body = {"party": b.FIRM, "key": key_record(key), "vouched_by": None}
    body |= {"not_before": None, "not_after": None}
    log.say(body, [b.FIRM], topic="key.added/1", keys=[key])
    assert (8, "not_older", log.size - 1) == told_of(log, [0, log.size - 1]).wrong
    log.entries.pop()
    log.say(body, [b.FIRM], topic="key.added/1", keys=[key, party_key(b.FIRM)])
    assert "green" == told_of(log, [0, log.size - 1], positions=[log.size - 1]).state


@pytest.mark.parametrize("signers", [[b.OPERATOR], [b.OPERATOR, b.FIRM]])
def test_keys_of_the_log_are_adopted_by_both_officers_alone(log: SampleLog, signers: list[str]):
    keys = json.loads(log.trust_root())["log_keys"]
    body = {"ledger": f"ledger:{'0' * 64}", "log_keys": keys, "reason": "planned"}
    log.say(body, sorted(signers), topic="ledger.log_keys_adopted/1")
    assert (8, "signers", log.size - 1) == told_of(log, [0, log.size - 1]).wrong


def test_what_is_whole_under_the_seal_is_told_and_what_is_not(log: SampleLog):
    subject = b.FIRM
    lists = (raw.rpartition(b'"subjects"')[2].decode() for raw in log.entries)
    tagged = [n for n, names in enumerate(lists) if f'"{subject}"' in names]
    seal(log)
    trust = json.loads(log.trust_root())
    nothing = "technology:019a4000-0000-7000-8000-00000000ffff"
    whole = sealed_bundle(log, range(log.size), subject, nothing)
    told, none, bare = check(
        Job(whole, trust, subjects=[subject]),
        Job(whole, trust, subjects=[nothing]),
        Job(bundle_of(log, range(log.size)), trust, subjects=[subject]),
    )
    assert {"conclusion"} == told.codes("doubt")
    (said,) = (each["values"] for each in told.told if each["code"] == "whole")
    assert [subject, len(tagged), log.size - 1] == said
    assert {"conclusion", "named_by_none"} == none.codes("doubt")
    assert {"conclusion", "not_whole"} == bare.codes("doubt")


def test_what_a_page_says_of_an_entry_is_held_to_the_entry(log: SampleLog):
    payload = json.loads(log.entries[5].partition(b"\n\n")[2])
    payload["body"]["titles"] = "another"
    told = told_of(log, range(6), positions=[5], payload=json.dumps(payload))
    assert (5, "page_differs", None) == told.wrong
    assert (3, "entry_missing", None) == told_of(log, range(6), positions=[9]).wrong


def newest(log: SampleLog, *sizes: int) -> dict[int, Any]:
    """Return what the API answers about how the log goes on from sizes."""
    hashes = MemoryHashes(log.leaves())
    return {
        size: {
            "checkpoint": log.checkpoint().decode(),
            "proof": [
                b64encode(each).decode() for each in prove_consistency(size, log.size, hashes)
            ],
        }
        for size in sizes
    }


def test_the_first_visit_keeps_and_says_so_and_the_next_holds_the_log_to_it(log: SampleLog):
    (first,) = check(Job(bundle_of(log, range(6)), positions=[5]))
    assert ("amber", {"first_time"}) == (first.state, first.codes("doubt"))
    trust = json.loads(log.trust_root())
    del trust["policy"]
    assert {**trust, "checkpoint": log.checkpoint().decode()} == first.keep
    (same,) = check(Job(bundle_of(log, range(6)), first.keep, positions=[5]))
    assert ("green", {"kept", "kept_same"}) == (
        same.state,
        same.codes("seen") & {"kept", "kept_same"},
    )
    grown = sample_log(size=40)
    job = Job(bundle_of(grown, range(6)), first.keep, positions=[5], newest=newest(grown, 30, 40))
    silent = Job(bundle_of(grown, range(6)), first.keep, positions=[5])
    later, unasked = check(job, silent)
    assert ("green", True) == (later.state, "kept_goes_on" in later.codes("seen"))
    assert later.keep
    assert grown.checkpoint().decode() == later.keep["checkpoint"]
    assert ("amber", {"kept_unasked"}) == (unasked.state, unasked.codes("doubt"))
    assert unasked.keep is None, "who does not answer would have another log kept"


def test_a_log_that_is_not_the_kept_one_is_red(log: SampleLog):
    (first,) = check(Job(bundle_of(log, range(6)), positions=[5]))
    assert first.keep
    fork = sample_log(size=40)
    fork.entries[20] = fork.entries[20].replace(b"accepted 2026", b"accepted 2027")
    shorter = sample_log(size=20)
    other = {**first.keep, "genesis_sha256": "0" * 64}
    keys = {**first.keep, "log_keys": first.keep["log_keys"][::-1]}
    lines = first.keep["checkpoint"].split("\n")
    root = {**first.keep, "checkpoint": "\n".join([*lines[:2], another(lines[2]), *lines[3:]])}
    bundle = bundle_of(log, range(6))
    told = check(
        Job(bundle_of(fork, range(6)), first.keep, newest=newest(fork, 30, 40)),
        Job(bundle_of(shorter, range(6)), first.keep, newest={30: "shorter", 20: "shorter"}),
        Job(bundle, other),
        Job(bundle, keys),
        Job(bundle, root),
    )
    wrong = [(9, "forked"), (9, "shorter"), (4, "genesis_other"), (1, "keys_other"), (9, "forked")]
    assert wrong == [each.wrong and each.wrong[:2] for each in told]
    assert all(each.state == "red" and each.keep is None for each in told)


def test_fifty_entries_are_checked_at_once():
    log = sample_log(size=400)
    told = told_of(log, range(50), positions=[49])
    assert "green" == told.state
    assert told.ms < 5000
