"""Evidence bundles from a running ledger: what they show, and that no byte of them is idle."""

import hashlib
import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.sealer import seal
from api.cli.signing import sign_sealed
from ledger.domain.government.governance import LogKeysAdopted, PolicyAdopted
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.follow.client import Signed
from ledger.home.keystore import add_log_keys, load_log_keys
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.evidence_bundle import Evidence, format_evidence, parse_evidence
from ledger.log.note import NoteSignature
from ledger.node.genesis import key_record
from ledger.node.node import Node
from ledger.publish import bundle_builder
from ledger.publish.publisher import LogSigner
from ledger.verify.__main__ import main
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Check, Refused, Verified, states
from ledger.wire.commitment import opening_to_object
from ledger.wire.envelope import sign_envelope
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import outdated, rebuild
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.http import serving
from tests.support.mandates import mandate_given
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import ORIGIN, Database
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.technologies import trl_declared
from tests.support.witnessing import members, policy_of
from tests.support.world import World

TECHNOLOGY = "technology:t1"


@dataclass
class Case:
    """A ledger with some history, sealed."""

    node: Node
    home: Home
    world: World
    settings: Settings

    @property
    def trust(self) -> bytes:
        return self.home.trust.read_bytes()

    def say(self, body: Any, *signers: str) -> int:
        (outcome,) = append(self.node, self.world.sign(body, *signers))
        assert hasattr(outcome, "position"), outcome
        self.node.feed.covering(outcome.position).result(30)
        return int(outcome.position)

    def seal(self) -> int:
        sealed = seal(self.node.pool, self.home)
        assert sealed is not None
        self.node.feed.covering(sealed.position).result(30)
        return sealed.position

    def gather(self, *subjects: str, positions: tuple[int, ...] = ()) -> Evidence:
        latest = self.node.best_checkpoint
        assert latest is not None
        return self.node.gatherer.gather(latest, subjects, positions)

    def verify(self, evidence: Evidence) -> Verified:
        """Verify a bundle by the one file, and by parts, which must agree."""
        raw = format_evidence(evidence)
        try:
            theirs: Verified | Check = by_parts(raw, self.trust)
        except Refused as refused:
            theirs = refused.step
        try:
            ours = verify_evidence(raw, self.trust)
        except Refused as refused:
            assert theirs == refused.step  # noqa: PT017  (it is raised all the same)
            raise
        assert theirs == ours
        return ours


@pytest.fixture
def case(database: Database, tmp_path: Path) -> Iterator[Case]:
    settings = settings_for(database, tmp_path / "home")
    home = found(settings)
    with running(settings) as node:
        case = Case(node, home, World.of(home), settings)
        append(node, *case.world.registrations((INSTITUTE, FIRM)))
        case.say(b.technology_registered(technology=TECHNOLOGY), INSTITUTE)
        for number in range(2, 9):
            case.say(b.technology_registered(technology=f"technology:t{number}"), INSTITUTE)
        yield case


def test_a_bundle_shows_the_whole_history_of_a_subject(case: Case) -> None:
    position = case.seal()
    evidence = case.gather(TECHNOLOGY)
    verified = case.verify(evidence)
    assert (TECHNOLOGY, position) in verified.histories
    # The seal itself, and what else may follow, is beyond what it covers; so are parties' ends.
    parties = [(at, what) for at, what in verified.unchecked if "whether party:" in what]
    rest = [at for at, what in verified.unchecked if (at, what) not in parties]
    assert [position, 0, position] == rest
    assert {1: REGISTRAR, 3: INSTITUTE, position: OPERATOR}.items() == {
        (at, what.split()[1]) for at, what in parties
    }
    loose = (Check.CHECKPOINT, Check.IDENTITY, Check.SIGNATURES)
    assert states(loose, (Check.CONSISTENCY, Check.OPENINGS)) == verified.steps
    # The technology, who registered its owner, the genesis, the seal.
    assert [0, 1, 3, position] == [each.position for each in evidence.entries]


def test_a_later_change_cannot_be_left_out(case: Case) -> None:
    case.say(trl_declared(technology=TECHNOLOGY), INSTITUTE)
    case.seal()
    evidence = case.gather(TECHNOLOGY)
    case.verify(evidence)
    tagged = [each for each in evidence.entries if TECHNOLOGY.encode() in each.raw]
    assert 2 == len(tagged)
    hidden = replace(evidence, entries=tuple(e for e in evidence.entries if e is not tagged[1]))
    with pytest.raises(Refused, match=r"step 10 .*not the history of technology:t1"):
        case.verify(hidden)


def test_absence_is_shown_too(case: Case) -> None:
    case.seal()
    evidence = case.gather("contract:never")
    verified = case.verify(evidence)
    assert "contract:never" in dict(verified.histories)
    present = case.gather(TECHNOLOGY)
    absent = next(each for each in evidence.histories if each.subject == "contract:never")
    for wrong in (
        replace(absent, subject=TECHNOLOGY),
        replace(next(h for h in present.histories if h.subject == TECHNOLOGY), history=None),
    ):
        lie = replace(present, histories=(*present.histories[:-1], wrong))
        with pytest.raises(Refused, match="step 10"):
            case.verify(lie)


def test_without_a_seal_single_entries_are_shown_and_what_is_not_is_listed(case: Case) -> None:
    verified = case.verify(case.gather(positions=(3,)))
    assert () == verified.histories
    assert [(3, True)] == [
        (at, "had ended: its history is not shown" in what)
        for at, what in verified.unchecked
        if at == 3 and "whether key:" in what
    ]


def test_what_was_asked_for_and_no_seal_covers_is_said_to_be_not_shown(
    case: Case, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.json"
    rebuild(case.node.pool, outdated(case.node.pool, READ_MODELS), decode, key=case.node.key)
    with serving(case.node) as url:
        words = ["evidence", "gather", str(bundle), "--url", url, "--trust", str(case.home.trust)]
        done = CliRunner().invoke(app, [*words, "--subject", "technology:t0"])
    assert 4 == done.exit_code, done.output
    assert "not shown: all of technology:t0\n" in done.output
    assert "10  not run " in done.output
    assert "VERIFIED" not in done.output


def test_of_what_nothing_names_the_command_says_so_with_what_is_near(
    case: Case, tmp_path: Path
) -> None:
    """Where the seal shows that there is nothing, too: it was told as VERIFIED, with 0."""
    rebuild(case.node.pool, outdated(case.node.pool, READ_MODELS), decode, key=case.node.key)
    case.seal()
    asked = {"technology:t0": "; near: technology:t1, ", "contract:zz": "; no id that is recorded"}
    with serving(case.node) as url:
        for number, (subject, near) in enumerate(asked.items()):
            bundle = tmp_path / f"{number}.json"
            words = ["evidence", "gather", str(bundle), "--url", url]
            words += ["--trust", str(case.home.trust), "--subject", TECHNOLOGY]
            done = CliRunner().invoke(app, [*words, "--subject", subject])
            assert 4 == done.exit_code, done.output
            assert "VERIFIED" not in done.output
            assert f"NOTHING NAMES {subject}: no entry of {ORIGIN} below 11 does\n" in done.output
            said = f"nothing in {ORIGIN}, of 12 entries, names {subject}{near}"
            assert said in done.output
            verify_evidence(bundle.read_bytes(), case.trust)


def test_a_key_that_was_revoked_later_is_shown_with_its_revocation(case: Case) -> None:
    key = key_record(case.world.key(INSTITUTE))["key_id"]
    revoked = case.say(
        b.key_revoked(party=INSTITUTE, key_id=key, revoked_by=None, compromised_since=None),
        OPERATOR,
        REGISTRAR,
    )
    case.seal()
    evidence = case.gather(TECHNOLOGY)
    case.verify(evidence)
    assert revoked in [each.position for each in evidence.entries]
    kept = tuple(each for each in evidence.entries if each.position != revoked)
    with pytest.raises(Refused, match=f"not the history of key:{key}"):
        case.verify(replace(evidence, entries=kept))


def test_what_a_mandate_holder_signed_comes_with_the_mandate(case: Case) -> None:
    given = case.say(
        mandate_given(principal=INSTITUTE, holder=FIRM, valid_from="2020-01-01", topics=["*"]),
        INSTITUTE,
        OPERATOR,
    )
    body = b.technology_registered(technology="technology:by-mandate")
    payload = case.world.payload(body, INSTITUTE)
    (outcome,) = append(case.node, Signed(sign_envelope(payload, [case.world.key(FIRM)])))
    case.node.feed.covering(outcome.position).result(30)
    case.seal()
    evidence = case.gather("technology:by-mandate")
    case.verify(evidence)
    assert given in [each.position for each in evidence.entries]


def test_the_checkpoint_of_the_first_receipt_is_shown_to_be_of_a_prefix(case: Case) -> None:
    evidence = case.gather(positions=(3,))
    assert 1 == len(evidence.earlier)
    case.verify(evidence)
    ((note, proof),) = evidence.earlier
    wrong = replace(evidence, earlier=((note, (bytes(32), *proof[1:])),))
    with pytest.raises(Refused, match="step 9"):
        case.verify(wrong)


def test_a_bundle_after_a_rotation_of_the_logs_keys(case: Case) -> None:
    add_log_keys(case.home.keys)
    vkeys = LogSigner(ORIGIN, *load_log_keys(case.home.keys)).vkeys
    case.node.stop()
    with running(case.settings) as node:
        later = replace(case, node=node)
        subject = ledger_subject(ORIGIN)
        for keys in (vkeys, vkeys[2:]):
            body = LogKeysAdopted(ledger=subject, log_keys=keys, reason="yearly")
            later.say(body, OPERATOR, REGISTRAR)
        later.seal()
        evidence = later.gather(TECHNOLOGY, positions=(3,))
        later.verify(evidence)
        unled = tuple(e for e in evidence.entries if b"log_keys_adopted" not in e.raw)
        with pytest.raises(Refused, match="step 2"):
            later.verify(replace(evidence, entries=unled))


def test_every_flipped_byte_is_refused_with_its_step(case: Case) -> None:
    case.seal()
    raw = format_evidence(case.gather(TECHNOLOGY, "contract:never", positions=(3,)))
    trust, seen, chance = case.trust, set[int](), random.Random(4)
    # Of another subject it may be as true that nothing is there: that is then what is shown.
    names = [range(*found.span()) for found in re.finditer(rb'"subject":"[^"]*"', raw)]
    places = [at for at in range(len(raw)) if not any(at in name for name in names)]
    for at in chance.sample(places, 800):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << chance.randrange(8)
        try:
            verify_evidence(bytes(flipped), trust)
        except Refused as refused:
            seen.add(refused.step.number)
        else:
            raise AssertionError(f"accepted: {bytes(flipped[at - 40 : at + 40])!r}")
    assert {2, 3, 4, 5} <= seen


def test_a_bundle_over_http_by_command_and_on_a_python_of_its_own(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Gathered over HTTP, and verified by the stand-alone verifier."""
    case.seal()
    bundle = tmp_path / "bundle.json"
    with serving(case.node) as url:
        words = ["evidence", "gather", str(bundle), "--url", url, "--trust", str(case.home.trust)]
        done = CliRunner().invoke(app, [*words, "--subject", TECHNOLOGY, "--position", "3"])
        assert 0 == done.exit_code, done.output
        assert f"whole below 11: {TECHNOLOGY}" in done.output
        was = bundle.read_bytes()
        case.say(b.technology_registered(technology="technology:t9"), INSTITUTE)
        again = CliRunner().invoke(app, [*words, "--subject", TECHNOLOGY, "--position", "3"])
        assert (0, True) == (again.exit_code, bundle.read_bytes() != was), again.output
        verified = ["evidence", "verify", str(bundle), "--trust", str(case.home.trust)]
        for asked, code in ((TECHNOLOGY, 0), ("contract:nobody", 1)):
            again = CliRunner().invoke(app, [*verified, "--subject", asked])
            assert (code, bool(code)) == (again.exit_code, f"all of {asked}\n" in again.output)
        charter = httpx2.get(f"{url}/v1/evidence").content
        kinds = [
            name.partition(":")[0] for name, _ in verify_evidence(charter, case.trust).histories
        ]
        assert ["charter", "key", "key", "key"] == kinds  # The registrar has two.
        assert 404 == httpx2.get(f"{url}/v1/evidence?position=99999").status_code
        assert 422 == httpx2.get(f"{url}/v1/evidence?subject=nonsense").status_code
    assert 0 == main([str(bundle), "--trust", str(case.home.trust), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert {"subject": TECHNOLOGY, "below": 11} in said["histories"]
    bundle.write_bytes(bundle.read_bytes().replace(b'"position":3', b'"position":4'))
    assert 1 == main([str(bundle), "--trust", str(case.home.trust)])


def test_more_keys_of_rsa_than_a_verifier_looks_at_are_not_gathered(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_builder, "MAX_RSA", -1)  # There is none in the log.
    with serving(case.node) as url:
        refused = httpx2.get(f"{url}/v1/evidence")
    assert (413, "TOO_LARGE") == (refused.status_code, refused.json()["code"])
    assert "keys of RSA" in refused.json()["detail"]


def test_a_history_too_long_for_a_bundle_is_refused_unread_and_what_it_says_next_works(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_builder, "MAX_ENTRIES", 7)
    rebuild(case.node.pool, outdated(case.node.pool, READ_MODELS), decode, key=case.node.key)
    with serving(case.node) as url:
        with monkeypatch.context() as unread:
            unread.setattr(bundle_builder, "read_at", lambda *_: pytest.fail("no entry is read"))
            refused = httpx2.get(f"{url}/v1/evidence?subject={INSTITUTE}")
        assert (413, "TOO_LARGE") == (refused.status_code, refused.json()["code"])
        detail = refused.json()["detail"]
        assert f"{INSTITUTE} alone has more than 7 entries" in detail
        (listed,) = re.findall(r"/v1/subjects/\S+/timeline", detail)
        events = httpx2.get(f"{url}{listed}?limit=2").json()["events"]
        positions = [each["position"] for each in events]
        bundle = httpx2.get(f"{url}/v1/evidence", params={"position": positions})
        shown = {each.position for each in parse_evidence(bundle.content).entries}
        assert set(positions) <= shown
        assert 200 == httpx2.get(f"{url}/v1/evidence?subject={TECHNOLOGY}").status_code
        many = [f"technology:t{number}" for number in range(1, 9)]
        refused = httpx2.get(f"{url}/v1/evidence", params={"subject": many})
        assert 413 == refused.status_code
        assert "ask for fewer of technology:t1, technology:t2" in refused.json()["detail"]


def test_an_opening_that_its_holder_shows(case: Case, tmp_path: Path) -> None:
    body = b.offer_made(listing=None).model_dump(mode="json")
    signed = sign_sealed(
        ORIGIN, "offer.made/1", body, [FIRM], [case.world.key(FIRM)], ["/body/price"]
    )
    (outcome,) = append(case.node, signed)
    case.node.feed.covering(outcome.position).result(30)
    bundle, opening = tmp_path / "bundle.json", tmp_path / "opening.json"
    bundle.write_bytes(format_evidence(case.gather(positions=(outcome.position,))))
    words = ["evidence", "open", str(bundle), str(outcome.position), str(opening)]
    words += ["--trust", str(case.home.trust)]
    shown = opening_to_object(signed.openings[0])
    for wrong in ({**shown, "value": b.vnd(1)}, {**shown, "path": "/body/offer"}):
        opening.write_text(json.dumps(wrong))
        done = CliRunner().invoke(app, words)
        assert (1, True) == (done.exit_code, "REFUSED: step 11" in done.output), done.output
    opening.write_text("{}")
    done = CliRunner().invoke(app, words)
    assert (2, True) == (done.exit_code, "holds no opening" in done.output), done.output
    opening.write_text(json.dumps(shown))
    assert 0 == CliRunner().invoke(app, words).exit_code
    assert 1 == len(parse_evidence(bundle.read_bytes()).openings)
    elsewhere = replace(parse_evidence(bundle.read_bytes()), openings=((1, shown),))
    with pytest.raises(Refused, match="step 11"):
        case.verify(elsewhere)


def test_a_policy_that_the_log_adopted_counts_in_a_bundle(case: Case, tmp_path: Path) -> None:
    signer = case.node.publisher.signer if case.node.publisher else None
    assert signer is not None
    with ExitStack() as stack:
        made = stack.enter_context(members(tmp_path, signer.verifiers))
        for member in made.values():
            stack.enter_context(member.served())
        text = policy_of(made)
        speakers = [
            {"group": "state", "party": REGISTRAR},
            {"group": "institutes", "party": INSTITUTE},
            {"group": "firms", "party": FIRM},
        ]
        body = PolicyAdopted.model_validate(
            {
                "ledger": ledger_subject(ORIGIN),
                "policy": text.splitlines(),
                "policy_sha256": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
                "speakers": speakers,
                "approved_by": [FIRM, REGISTRAR],
            }
        )
        case.say(body, FIRM, OPERATOR, REGISTRAR)
        case.node.stop()
        with running(case.settings) as node:  # Its policy is the log's own now.
            later = replace(case, node=node)
            sealed = later.seal()
            for _ in range(300):
                latest = node.witnessed.latest
                if latest and latest.size > sealed:
                    break
                time.sleep(0.05)
            evidence = later.gather(TECHNOLOGY)
            later.verify(evidence)
            alone = node.feed.latest
            assert alone is not None
            with pytest.raises(Refused, match="step 2"):
                later.verify(replace(evidence, checkpoint=alone.note))
            with pytest.raises(Refused, match=r"step 2.*policy"):
                later.verify(replace(evidence, policy=b"quorum none\n"))


def test_a_line_by_a_stranger_is_refused_in_a_bundle(case: Case) -> None:
    """In a log's checkpoint it would be passed over; in evidence nothing may stand idle."""
    evidence = case.gather(positions=(3,))
    stranger = NoteSignature("stranger.example/x", b"abcd", bytes(64)).line.encode()
    with pytest.raises(Refused, match=r"step 2.*none of the log's nor of the policy"):
        case.verify(replace(evidence, checkpoint=evidence.checkpoint + stranger))
