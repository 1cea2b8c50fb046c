"""A new decree is a row and an event: it decides what comes after it, not what came before."""

import json
from pathlib import Path

import pytest

from ledger.domain.contracts.royalty import LateRateCap
from ledger.domain.core.dated_law import Law, read_law
from ledger.events.lawbook import LawSets, available_laws, bundled_files, bundled_law, files_in
from ledger.follow.audit import Replay, RuleBroken
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    ledger_opened,
    right_filed,
    rules_adopted,
    technology_registered,
)
from tests.support.moneys import LICENCE, interest_accrued, licence, report, royalty
from tests.support.sample_log import whole_story
from tests.support.specification import Past

SECOND = f"{LICENCE}.second"


def decreed(directory: Path) -> Law:
    """Write a set in which late interest is capped at 15 % from 2026 on; return it."""
    kept = directory / "2026-decree"
    kept.mkdir(parents=True)
    for name, raw in bundled_files().items():
        (kept / name).write_bytes(raw)
    money = json.loads((kept / "money.json").read_bytes())
    (cap,) = [row for row in money["rules"] if row["topic"] == "money.late_interest_cap"]
    after = {**cap, "rule": "decree-2026.cap", "valid_from": "2026-01-01"}
    after["values"] = {"max_ppm_a_year": 150_000}
    money["rules"] += [after]
    cap["valid_to"] = "2026-01-01"
    (kept / "money.json").write_text(json.dumps(money, ensure_ascii=False), "utf-8")
    return read_law(files_in(kept))


def late(ppm: int) -> dict[str, object]:
    return {"royalty": royalty(late={"yearly_ppm": ppm, "from_day": 1, "compounding": "none"})}


def test_the_old_law_decides_what_came_before_and_the_new_what_comes_after(tmp_path: Path) -> None:
    decree = decreed(tmp_path)
    log = (
        Past(laws=available_laws(tmp_path))
        .and_then(ledger_opened())
        .and_then(right_filed())
        .and_then(licence(**late(180_000)))
        .and_then(rules_adopted(law_data_sha256=decree.sha256))
    )
    refusal = log.when(licence(contract=SECOND, **late(180_000))).then_refused(LateRateCap)
    assert refusal.ground is not None
    assert ("decree-2026.cap", 150_000) == (
        refusal.ground.rule,
        refusal.ground.number("max_ppm_a_year"),
    )
    log.when(licence(contract=SECOND, **late(150_000))).then_admitted()


def test_a_rate_agreed_before_is_claimed_up_to_what_the_new_law_allows(tmp_path: Path) -> None:
    """What is claimed is within the cap, what was agreed is not: amend it, no other claim helps."""
    decree = decreed(tmp_path)
    log = Past(laws=available_laws(tmp_path))
    adopted = rules_adopted(law_data_sha256=decree.sha256)
    for body in (
        ledger_opened(),
        right_filed(),
        technology_registered(),
        licence(**late(180_000)),
        report(1_000_000_000, 36_000_000),
        adopted,
    ):
        log = log.and_then(body)
    claim = interest_accrued(864_000, yearly_ppm=150_000)
    refusal = log.when(claim).then_refused(LateRateCap, positions=[2])
    assert refusal.ground is not None
    assert "decree-2026.cap" == refusal.ground.rule
    assert refusal.step is not None
    assert ("agreed", {"most": 150_000}) == (refusal.step.case, refusal.step.told)


def test_a_log_replays_under_the_laws_that_admitted_it(tmp_path: Path) -> None:
    decree = decreed(tmp_path)
    log = whole_story()
    log.say(licence(**late(180_000)), [INSTITUTE, FIRM])
    log.say(rules_adopted(law_data_sha256=decree.sha256), [OPERATOR, REGISTRAR])
    adopted = log.size - 1
    log.say(licence(contract=SECOND, **late(150_000)), [INSTITUTE, FIRM])
    both = available_laws(tmp_path)
    assert log.size == len(list(Replay(log.entries, log.origin, both)))
    with pytest.raises(RuleBroken) as caught:
        list(Replay(log.entries, log.origin, available_laws()))
    assert ("LAW_DATA_UNKNOWN", adopted) == (caught.value.code, caught.value.position)
    assert decree.sha256 in caught.value.detail
    log.say(licence(contract=f"{SECOND}.third", **late(180_000)), [INSTITUTE, FIRM])
    with pytest.raises(RuleBroken, match="LATE_RATE_CAP"):
        list(Replay(log.entries, log.origin, both))


def test_a_set_put_there_while_the_process_runs_is_found(tmp_path: Path) -> None:
    shelf = LawSets(tmp_path)
    assert [bundled_law().sha256] == list(shelf)
    decree = decreed(tmp_path)
    assert decree.edition == shelf[decree.sha256].edition
    assert shelf.files(decree.sha256).keys() == bundled_files().keys()
    with pytest.raises(KeyError):
        shelf.files("sha256:none")
