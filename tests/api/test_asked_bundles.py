"""
Every question, asked of evidence bundles: answered as a copy of the log at the seal, or not shown.

A copy is taken, then the log is sealed: what a bundle can show whole is what the copy has.
"""

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import offline
from api.cli.main import app
from api.cli.sealer import seal
from api.reads.questions import command_of
from ledger.home.paths import Home
from ledger.log.evidence_bundle import format_evidence
from ledger.node.node import Node
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.decoding import decode
from projections.run import own_bundle
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.api.test_offline import EACH, MARK, OLD, ROYALTIES, C, D, answer_in
from tests.support.postgres import fresh_database, home_directory
from tests.support.tale import Loaded

NEVER = {
    "checkLicence", "getFigures", "getGrounds", "getMatches", "getOffer", "getProjectionDifference",
    "getProjectionDigest", "getSigned", "listDuties", "listProjections", "listRegistrations",
    "search",
}  # fmt: skip
"""Questions that look at more than histories of subjects; of the story, no bundle answers them."""

LISTS = {("listEvents", ""), ("listFindings", ""), ("listListings", "")}
"""Lists without a subject are of the whole log."""


@pytest.fixture(scope="module")
def copy(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with home_directory() as directory, pytest.MonkeyPatch.context() as patched:
        patched.setenv("LEDGER_COPIES", str(directory))
        log = tmp_path_factory.mktemp("mirror") / "log"
        words = ["mirror", str(log), "--url", loaded.url, "--trust", str(loaded.trust)]
        assert 0 == CliRunner().invoke(app, words).exit_code
        yield log


@pytest.fixture(scope="module")
def sealed(loaded: Loaded, copy: Path, node: Node, home: Home) -> Loaded:
    assert copy.is_dir()
    at = seal(node.pool, home)
    assert at is not None
    node.feed.covering(at.position).result(30)
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return loaded


@pytest.fixture(scope="module", autouse=True)
def opened_once(postgres_server: EmbeddedPostgres, copy: Path) -> Iterator[None]:
    """Keep the databases running between questions."""
    lent, kept = offline.own_copy, list[Any]()

    @contextmanager
    def keeping(*of: Any, **_named: Any) -> Iterator[Any]:
        if not kept:
            kept.append(lent(*of))
            kept.append(kept[0].__enter__())
        yield kept[1]

    assert copy.is_dir()
    with fresh_database(postgres_server) as database, pytest.MonkeyPatch.context() as patched:

        @contextmanager
        def at_hand(*_: Any) -> Iterator[Any]:
            yield database

        patched.setattr(own_bundle, "database_in", at_hand)
        patched.setattr(offline, "own_copy", keeping)
        yield
        if kept:
            kept[0].__exit__(None, None, None)


def asked(sealed: Loaded, name: str, words: str, *more: str) -> tuple[int, Any]:
    """Ask a question; return the exit code and the answer, or why there is none."""
    given = ["ask", command_of(name), *shlex.split(sealed.said(words)), *more, "--json"]
    done = CliRunner().invoke(app, [*given, "--trust", str(sealed.trust)])
    if done.output:
        return done.exit_code, json.loads(done.output)
    return done.exception.exit_code, str(done.exception)  # type: ignore[union-attr]


def written(node: Node, file: Path, *subjects: str, positions: tuple[int, ...] = ()) -> Path:
    checkpoint = node.best_checkpoint
    assert checkpoint is not None
    file.write_bytes(format_evidence(node.gatherer.gather(checkpoint, subjects, positions)))
    return file


@pytest.mark.parametrize("name", sorted({name for name, _ in EACH}))
def test_a_bundle_answers_as_the_log_at_its_seal_or_says_what_shows_it(
    sealed: Loaded, copy: Path, node: Node, tmp_path: Path, name: str
) -> None:
    """The step that a refusal names is taken, until there is an answer."""
    for words in [words for each, words in EACH if each == name]:
        bundle = written(node, tmp_path / "bundle.json")
        for _ in range(8):
            code, said = asked(sealed, name, words, "--bundle", str(bundle))
            if not isinstance(said, str):
                break
            assert (2, True) == (code, said.startswith("NOT_SHOWN: ")), said
            if " evidence gather " not in said:
                break
            step = shlex.split(said.partition("techledger evidence gather ")[2])
            pairs = [*zip(step[1::2], step[2::2], strict=True)]
            bundle = written(
                node,
                Path(step[0]),
                *(value for option, value in pairs if option == "--subject"),
                positions=tuple(int(value) for option, value in pairs if option == "--position"),
            )
        never = name in NEVER or (name, words) in LISTS
        assert isinstance(said, str) == never, (words, said)
        if never:
            assert said.endswith("techledger mirror DIR, then --log DIR"), said
            continue
        whole, theirs = asked(sealed, name, words, "--log", str(copy))
        assert (whole, offline.without_near(answer_in(theirs))) == (code, answer_in(said))
        assert said["computed"]["bundle"]


@pytest.mark.parametrize(
    ("page", "name", "words"),
    [
        (f"/quyen/{MARK}", "getTitle", MARK),
        (f"/quyen/{MARK}", "getChain", MARK),
        (f"/hop-dong/{ROYALTIES}", "listVersions", ROYALTIES),
        (f"/hop-dong/{ROYALTIES}", "getMinimum", f"{ROYALTIES} --year $YEAR"),
    ],
)
@pytest.mark.parametrize("twin", ["proof", "pdf"])
def test_what_a_page_has_as_its_proof_answers_what_is_asked_of_its_subject(  # noqa: PLR0917
    sealed: Loaded, copy: Path, tmp_path: Path, page: str, name: str, words: str, twin: str
) -> None:
    file = tmp_path / twin
    file.write_bytes(httpx2.get(f"{sealed.url}{page}.{twin}", timeout=60).content)
    code, said = asked(sealed, name, words, "--bundle", str(file))
    whole, theirs = asked(sealed, name, words, "--log", str(copy))
    assert (whole, offline.without_near(answer_in(theirs))) == (code, answer_in(said))


def test_the_step_that_is_named_works(sealed: Loaded, node: Node, tmp_path: Path) -> None:
    bundle = written(node, tmp_path / "a bundle.json", OLD)
    _, why = asked(sealed, "getStatus", OLD, "--bundle", str(bundle))
    step = shlex.split(why.partition("techledger ")[2])
    assert any(each.startswith("ledger:") for each in step), "the law in force is needed"
    done = CliRunner().invoke(app, [*step, "--url", sealed.url, "--trust", str(sealed.trust)])
    assert 0 == done.exit_code, done.output
    _, said = asked(sealed, "getStatus", OLD, "--bundle", step[2])
    assert OLD == said["right"]


def test_what_nobody_recorded_is_unknown_and_what_no_seal_covers_is_not_shown(
    sealed: Loaded, node: Node, tmp_path: Path
) -> None:
    nobody = "contract:2026-090"
    bundle = written(node, tmp_path / "bundle.json", nobody)
    code, said = asked(sealed, "listVersions", nobody, "--bundle", str(bundle))
    assert (4, [nobody], False) == (code, said["unknown"], "near" in said)
    members = json.loads(bundle.read_bytes()) | {"seal": None, "histories": []}
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    bundle.write_text(f"{text}\n")
    code, why = asked(sealed, "listVersions", nobody, "--bundle", str(bundle))
    assert code == 2
    assert f"not show whole, for want of a seal: {nobody}." in why


Members = dict[str, Any]


def without_an_entry(members: Members) -> None:
    members["entries"] = [e for e in members["entries"] if e["position"] != members["asked"]]


def with_an_entry_of_none(members: Members) -> None:
    entry = {**members["entries"][-1], "position": members["entries"][-1]["position"] + 1}
    members["entries"].append(entry)


def of_another(members: Members) -> None:
    for each in members["histories"]:
        if each["subject"] == C:
            each["subject"] = ROYALTIES
    members["histories"].sort(key=lambda each: each["subject"])


def with_the_seal_elsewhere(members: Members) -> None:
    members["seal"] = members["asked"]


@pytest.mark.parametrize(
    "lie", [without_an_entry, with_an_entry_of_none, of_another, with_the_seal_elsewhere]
)
def test_a_bundle_that_lies_is_refused(
    sealed: Loaded, node: Node, tmp_path: Path, lie: Callable[[Members], None]
) -> None:
    bundle = written(node, tmp_path / "bundle.json", C)
    members = json.loads(bundle.read_bytes()) | {"asked": sealed.at["contract"]}
    lie(members)
    del members["asked"]
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    bundle.write_text(f"{text}\n")
    code, why = asked(sealed, "listVersions", C, "--bundle", str(bundle))
    assert (2, "REFUSED: ") == (code, why[:9]), why


def test_a_history_that_is_left_out_answers_nothing(
    sealed: Loaded, node: Node, tmp_path: Path
) -> None:
    bundle = written(node, tmp_path / "bundle.json", D)
    code, why = asked(sealed, "listVersions", C, "--bundle", str(bundle))
    assert (2, "NOT_SHOWN: ") == (code, why[:11]), why
    assert f"--subject {C}" in why
