"""
A database that lost entries, and mirrors that lag: what members kept fills the gap, or it is named.

The log has nine entries; the backup holds four of them, one mirror six, and of the last three
there are only the receipts of those who submitted them.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.follow.audit import StoredLog, export
from ledger.follow.supply import SourceRefused, SourcesDiffer, Supply, gather
from ledger.home.antirollback import CheckpointFile
from ledger.home.paths import Home
from ledger.log.evidence_bundle import format_evidence
from ledger.node.fsck import check_log
from ledger.node.node import batch_key
from ledger.node.restore import NotAPrefix, RootDiffers, StillMissing, restore
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_entries
from ledger.wire.regular import OddFile
from tests.integration.test_rollback import copied, mirror_of, say, size_of
from tests.support.builders import INSTITUTE
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database
from tests.support.tampering import without_checks
from tests.support.world import World

SIZE, BACKUP, MIRROR = 9, 4, 6


class Kept:
    """What is left of a log, and where: a home, a backup, a mirror that lags, receipts."""

    def __init__(self, home: Home, backup: Database, directory: Path) -> None:
        self.home, self.backup, self.directory = home, backup, directory
        self.file = CheckpointFile(home.checkpoints)
        self.mirror, self.bundle = directory / "mirror", directory / "bundle.json"

    def receipts(self, *positions: int) -> list[tuple[Path, Path]]:
        return [(self.directory / f"{n}.receipt", self.directory / f"{n}.entry") for n in positions]

    def supply(self, *positions: int, mirrors: Sequence[Path] = (), bundles=()) -> Supply:
        pairs = [(receipt, entry.read_bytes()) for receipt, entry in self.receipts(*positions)]
        return gather(self.home.trust.read_bytes(), mirrors or [self.mirror], bundles, pairs)

    def restore(self, supply: Supply) -> int:
        with closing(Pool(self.backup.app_dsn, size=2)) as pool:
            return restore(pool, self.file, supply, batch_key(self.home)).entries


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Iterator[Kept]:
    settings = settings_for(database, tmp_path / "home")
    home = found(settings)
    world = World.of(home)
    with running(settings) as node:
        append(node, *world.registrations((INSTITUTE,)))
        say(node, world, 0, BACKUP - 2)
    with copied(database) as backup:
        kept = Kept(home, backup, tmp_path)
        with running(settings) as node:
            say(node, world, BACKUP, MIRROR - BACKUP)
            export(StoredLog(node.pool), kept.mirror)
            say(node, world, MIRROR, SIZE - MIRROR)
            latest = latest_checkpoint(node.pool)
            assert latest is not None
            assert latest.size == SIZE
            positions = range(MIRROR, SIZE)
            for at, proof in zip(positions, node.prover.prove(positions, latest), strict=True):
                (entry,) = read_entries(node.pool, at, at + 1, 1)
                ((receipt, beside),) = kept.receipts(at)
                receipt.write_bytes(proof.tlog_proof())
                beside.write_bytes(entry.entry)
            evidence = node.gatherer.gather(latest, (), (8,))
            kept.bundle.write_bytes(format_evidence(evidence))
        yield kept


def test_receipts_of_members_fill_the_gap_to_the_identical_root(kept: Kept) -> None:
    before = kept.file.read()
    assert SIZE - BACKUP == kept.restore(kept.supply(6, 7, 8))
    assert before == kept.file.read()
    with running(settings_for(kept.backup, kept.home.path)) as node:
        assert check_log(node.pool, kept.home).findings == []
        append(node, World.of(kept.home).registration("party:vn.later"))


def test_a_bundle_counts_as_what_it_shows(kept: Kept) -> None:
    assert SIZE - BACKUP == kept.restore(kept.supply(6, 7, bundles=[kept.bundle]))


def test_what_is_still_missing_is_named_and_nothing_is_changed(kept: Kept) -> None:
    with pytest.raises(StillMissing, match=r"position 7, accepted after 20.* and before 20") as one:
        kept.restore(kept.supply(6, 8))
    assert ((7, 7),) == one.value.positions
    with pytest.raises(StillMissing, match="before the last checkpoint was signed") as all_three:
        kept.restore(kept.supply())
    assert ((6, 8),) == all_three.value.positions
    with pytest.raises(
        StillMissing, match=r"position 6.*; position 8.* Anyone who submitted"
    ) as two:
        kept.restore(kept.supply(7))
    assert ((6, 6), (8, 8)) == two.value.positions
    assert BACKUP == size_of(kept.backup)


def test_a_receipt_of_other_bytes_is_refused_by_name(kept: Kept) -> None:
    ((receipt, entry),) = kept.receipts(7)
    entry.write_bytes(entry.read_bytes()[:-2] + b"x}")
    with pytest.raises(SourceRefused, match=r"7\.receipt: step 3"):
        kept.supply(7)
    receipt.write_bytes(b"nothing")
    with pytest.raises(OddFile, match="no receipt"):
        kept.supply(7)


def test_two_who_hold_other_bytes_are_a_fork(kept: Kept) -> None:
    supply = kept.supply(6, 7, 8)
    with pytest.raises(SourcesDiffer, match="position 5"):
        kept.restore(Supply(supply.mirrors, {**supply.single, 5: b"other"}))


def test_entries_that_do_not_lead_to_the_signed_root_are_not_appended(kept: Kept) -> None:
    supply = kept.supply(6, 7, 8)
    with pytest.raises(RootDiffers, match="the first 9 entries"):
        kept.restore(Supply(supply.mirrors, {**supply.single, 7: supply.single[6]}))
    assert BACKUP == size_of(kept.backup)
    without_checks(
        kept.backup,
        "UPDATE ledger.entries SET entry = set_byte(entry, 99, 1) WHERE position = 3",
    )
    with pytest.raises(NotAPrefix, match="position 3"):
        kept.restore(supply)


def test_one_command_takes_all_sources(kept: Kept, monkeypatch) -> None:
    monkeypatch.setenv("LEDGER_HOME", str(kept.home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", kept.backup.app_dsn)
    run = CliRunner().invoke
    kept.file.halt("restored\nfrom a backup")
    shutil.copytree(kept.mirror, kept.directory / "short")
    pairs = [f"--receipt={receipt}:{entry}" for receipt, entry in kept.receipts(6, 7)]
    with mirror_of(kept.mirror) as url:
        short = run(operate.app, ["restore-from-mirror", url, *pairs])
        assert (1, True) == (short.exit_code, "REFUSED: still missing: position 8" in short.output)
        unpaired = run(operate.app, ["restore-from-mirror", url, "--receipt", "one"])
        assert (2, True) == (unpaired.exit_code, "one is not RECEIPT:ENTRY" in unpaired.output)
        gone = run(operate.app, ["restore-from-mirror", "--receipt", f"{kept.home.trust}:gone"])
        assert isinstance(gone.exception, FileNotFoundError), gone.output
        kept.home.trust.rename(aside := kept.home.path / "trust.aside")
        untrusted = run(operate.app, ["restore-from-mirror", url])
        assert "NO_TRUST_ROOT: " in str(untrusted.exception), untrusted.output
        aside.rename(kept.home.trust)
        sources = [url, str(kept.directory / "short"), str(kept.bundle)]
        done = run(operate.app, ["restore-from-mirror", *sources, *pairs])
    assert f"5 entries came back; size {SIZE}" in done.output, done.output
    resumed = run(operate.app, ["resume", "--reason", "members had the rest"])
    assert f"position {SIZE} says why" in resumed.output, resumed.output
