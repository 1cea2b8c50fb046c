"""`techledger audit verify` and `replay`: what they print, and with which code they exit."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.audit import RULES_LABEL, RULES_STEP, app
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay
from ledger.verify.outcome import Check
from projections.engine.digest import replay as digests_after
from projections.run.catalogue import READ_MODELS
from tests.support import builders as b
from tests.support.log import flip
from tests.support.sample_log import SampleLog, sample_log, sealed_price, whole_story
from tests.support.verifying import append, payload


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write(log: SampleLog, directory: Path) -> tuple[Path, Path]:
    """Write a log and its trust root; return both paths."""
    (directory / "trust.json").write_bytes(log.trust_root())
    return log.write(directory / "log"), directory / "trust.json"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write(whole_story(), tmp_path_factory.mktemp("story"))


def forbidden(directory: Path) -> tuple[Path, Path]:
    """Write a log, signed by all whom it takes, whose last deal a rule forbids."""
    log = whole_story()
    body = b.contract_concluded(
        contract="contract:019a4000-0000-7000-8000-0000000000ff",
        parties=[b.INSTITUTE, b.RIVAL],
        grants=[b.grant(licensee=b.RIVAL)],
    )
    log.say(body, [b.INSTITUTE, b.RIVAL])
    return write(log, directory)


def test_a_valid_log_is_verified_rules_included(story: tuple[Path, Path]) -> None:
    done = run("verify", story[0], "--trust", story[1])
    assert 0 == done.exit_code
    assert "VERIFIED: ledger.example/techledger/0badcafe at size 17" in done.stdout
    assert "17 of 17 entries admitted again by every rule\n" in done.stdout


def test_the_json_lists_every_step_rules_included(story: tuple[Path, Path]) -> None:
    answer = json.loads(run("verify", story[0], "--trust", story[1], "--json").stdout)
    assert (True, 17, []) == (answer["verified"], answer["size"], answer["unchecked"])
    assert [*range(1, 9), RULES_STEP] == passed(answer)
    assert [*range(1, 13)] == [step["step"] for step in answer["steps"]]


def passed(answer: dict[str, Any]) -> list[int]:
    assert {"passed", "not run"} >= {step["state"] for step in answer["steps"]}
    return [step["step"] for step in answer["steps"] if step["state"] == "passed"]


def test_without_the_rules_their_step_has_not_passed(story: tuple[Path, Path]) -> None:
    done = run("verify", story[0], "--trust", story[1], "--no-rules", "--json")
    assert list(range(1, 9)) == passed(json.loads(done.stdout))
    done = run("verify", story[0], "--trust", story[1], "--no-rules")
    assert f"{RULES_STEP}  not run    {RULES_LABEL}\n" in done.stdout


def test_an_earlier_checkpoint_is_held_against_the_log(
    story: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "old").write_bytes(whole_story().checkpoint(5))
    done = run("verify", story[0], "--trust", story[1], "--previous", tmp_path / "old", "--json")
    assert [*range(1, 10), RULES_STEP] == passed(json.loads(done.stdout))


def test_a_flipped_byte_is_refused_with_step_and_position(
    story: tuple[Path, Path], tmp_path: Path
) -> None:
    log = Path(shutil.copytree(story[0], tmp_path / "log"))
    bundle = log / "tile/entries/000.p/17"
    bundle.write_bytes(flip(bundle.read_bytes(), -1 + bundle.stat().st_size))
    done = run("verify", log, "--trust", story[1])
    assert 1 == done.exit_code
    assert done.stdout.startswith(f"REFUSED: step 3 ({Check.TREE}), entry 16, ")
    answer = json.loads(run("verify", log, "--trust", story[1], "--json").stdout)
    assert (False, 3, 16) == (answer["verified"], answer["step"], answer["position"])


def test_a_deal_that_a_rule_forbids_is_refused_though_all_have_signed(tmp_path: Path) -> None:
    log, trust = forbidden(tmp_path)
    assert 0 == run("verify", log, "--trust", trust, "--no-rules").exit_code
    done = run("verify", log, "--trust", trust)
    assert 1 == done.exit_code
    assert "REFUSED: position 17 is refused by EXCLUSIVE_OVERLAP" in done.stdout
    answer = json.loads(run("verify", log, "--trust", trust, "--json").stdout)
    expected = {
        "verified": False,
        "step": 12,
        "label": RULES_LABEL,
        "position": 17,
        "code": "EXCLUSIVE_OVERLAP",
        "positions": [10],
    }
    assert expected.items() <= answer.items()


def sealed(directory: Path) -> tuple[Path, Path]:
    """Write a log whose last entry seals what a rule has to see."""
    log = sample_log(13)
    log.say(b.share_agreed(parts=sealed_price(log, 1)), [b.AUTHOR, b.INSTITUTE])
    return write(log, directory)


def test_what_is_sealed_is_listed_as_unchecked(tmp_path: Path) -> None:
    log, trust = sealed(tmp_path)
    done = run("verify", log, "--trust", trust)
    assert 0 == done.exit_code
    assert "unchecked: position 13, RATE_RANGE, SHARE_SUM: /body/parts is sealed" in done.stdout
    assert "13 of 14 entries admitted again by every rule\n" in done.stdout
    answer = json.loads(run("verify", log, "--trust", trust, "--json").stdout)
    rules = [["RATE_RANGE", "SHARE_SUM"], ["WRONG_SIGNER"]]
    assert rules == [each["codes"] for each in answer["unchecked"]]
    assert {(13, "/body/parts")} == {(at["position"], at["sealed"]) for at in answer["unchecked"]}


def test_replay_prints_the_digest_of_every_read_model(story: tuple[Path, Path]) -> None:
    log = whole_story()
    expected = digests_after(Replay(log.entries, log.origin, available_laws()), READ_MODELS)
    answer = json.loads(run("replay", story[0], "--json").stdout)
    whole = {"verified": False, "replayed": 17, "digests": expected, "unchecked": []}
    assert {**whole, "judged": {"earlier": 0, "now": 17}} == answer
    done = run("replay", story[0])
    assert 0 == done.exit_code
    for name, digest in expected.items():
        assert f"{name:<14} {digest}\n" in done.stdout


def test_replay_names_the_first_entry_that_the_rules_refuse(tmp_path: Path) -> None:
    log, _ = forbidden(tmp_path)
    done = run("replay", log, "--json")
    assert 1 == done.exit_code
    assert (17, RULES_STEP) == tuple(json.loads(done.stdout)[name] for name in ("position", "step"))


def test_replay_of_nothing_says_how_to_take_a_copy(tmp_path: Path) -> None:
    done = run("replay", tmp_path)
    told = f"no log is in {tmp_path}: techledger audit clone {tmp_path} takes one there"
    assert told in str(done.exception)


def test_replay_of_an_incomplete_export_says_what_is_missing(tmp_path: Path) -> None:
    log = sample_log(300)
    files, _ = write(log, tmp_path)
    (files / "tile/entries/001.p/44").unlink()
    done = run("replay", files, "--json")
    assert 1 == done.exit_code
    assert "tile/entries/001.p/44" in json.loads(done.stdout)["reason"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "."],
        ["verify", ".", "--trust", "nothing"],
        ["verify", "nothing", "--trust", "."],
        ["replay"],
        ["replay", "nothing"],
        ["clone"],
        ["clone", __file__],
        ["audit"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert 2 == run(*arguments).exit_code


def test_a_bad_entry_is_found_before_the_rules_are_asked(tmp_path: Path) -> None:
    log = sample_log(12)
    append(log, payload(log, event_id="nonsense"))
    files, trust = write(log, tmp_path)
    answer = json.loads(run("verify", files, "--trust", trust, "--json").stdout)
    assert (6, 12) == (answer["step"], answer["position"])
