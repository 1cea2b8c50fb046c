"""Those who look: each says in a word what they find, or nothing."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger import court
from ledger.events.lawbook import available_laws
from ledger.follow.audit import (
    ExportRefused,
    Replay,
    RuleBroken,
    Source,
    export,
    exported_entries,
    sealed_sizes,
)
from ledger.follow.mirror import follow
from ledger.follow.monitor import Monitor
from ledger.log.evidence_bundle import format_evidence
from ledger.node.fsck import check_log
from ledger.node.node import batch_key
from ledger.publish.bundle_builder import BundleBuilder
from ledger.publish.receipts import Prover
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.subject_map import StoredMap
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.verify.word import Kept, verify_word
from projections.run.catalogue import READ_MODELS
from projections.run.seal_check import FoldedInMemory, SealCheck
from projections.run.table_check import read_model_faults
from tests.lies.stage import TECHNOLOGY, Operator, Stage, cosigned, watching
from tests.support.postgres import ORIGIN
from tests.support.tampering import beside_the_schema

NOTHING = "—"


@dataclass(frozen=True)
class Case:
    """A lie as it stands, and those whom it was told to."""

    stage: Stage
    operator: Operator
    source: Source
    """What those are shown who come again."""
    known: Source
    """What those are shown who have come before."""
    words: Sequence[tuple[bytes, bytes | None]]
    """What the operator has signed of single events: a refusal, or a promise and its answer."""
    directory: Path

    def fresh(self, name: str) -> Path:
        """Return a copy of what somebody kept."""
        kept, copy = self.stage.kept / name, self.directory / name
        if kept.is_dir():
            shutil.copytree(kept, copy)
        elif kept.exists():
            shutil.copy(kept, copy)
        return copy

    def exported(self, source: Source) -> Path:
        """Return a new export of what is shown to somebody."""
        directory = self.directory / ("new" if source is self.source else "known")
        if not directory.exists():
            export(source, directory)
        return directory


def _step(refused: Refused | court.Refused) -> str:
    return f"step {refused.step if isinstance(refused.step, int) else refused.step.number}"


def fsck(case: Case) -> str:
    """Say whether the database is at odds with itself."""
    pool, home = case.operator.pool, case.operator.home
    found = beside_the_schema(check_log(pool, home))
    found += read_model_faults(pool, batch_key(home), rows=True)
    return "found" if found else NOTHING


def verify(case: Case) -> str:
    """Say which step refuses the log."""
    try:
        verify_export(case.exported(case.source), case.stage.trust, workers=1)
    except Refused as refused:
        return _step(refused)
    return NOTHING


def audit(case: Case) -> str:
    """Say which step, or which rule."""
    found = verify(case)
    if found != NOTHING:
        return found
    directory = case.exported(case.source)
    seals = frozenset(sealed_sizes(exported_entries(directory)))
    check = SealCheck(FoldedInMemory(READ_MODELS), READ_MODELS, seals)
    try:
        for logged in Replay(exported_entries(directory), ORIGIN, available_laws(), seals):
            check.follow(logged)
    except RuleBroken as broken:
        return f"`{broken.code}`"
    return NOTHING


def bundle(case: Case) -> str:
    """Say which step refuses a bundle about the firm's technology, of today."""
    pool = case.operator.pool
    latest = latest_checkpoint(pool)
    assert latest is not None
    gatherer = BundleBuilder(pool, Prover(pool), ORIGIN, StoredMap(pool))
    raw = format_evidence(gatherer.gather(latest, [TECHNOLOGY]))
    try:
        court.verify(raw, case.stage.trust)
    except court.Refused as refused:
        return _step(refused)
    return NOTHING


def holder(case: Case) -> str:
    """Say what a member finds who has a receipt, or a refusal or promise of their own."""
    stage, log = case.stage, case.exported(case.known)
    verify_receipt(stage.receipt, stage.entry, stage.trust)
    try:
        for word, answer in case.words:
            held = verify_word(word, log, stage.trust, refusal=answer, workers=1)
            if held.kept is Kept.BROKEN:
                return "`BROKEN`"
        verify_export(log, stage.trust, previous=stage.checkpoint, workers=1)
    except Refused as refused:
        return _step(refused)
    return NOTHING


def exporter(case: Case) -> str:
    """Say what finds who exports again into the same directory, and verifies with `--previous`."""
    directory = case.fresh("export")
    try:
        export(case.known, directory)
        verify_export(directory, case.stage.trust, previous=case.stage.checkpoint, workers=1)
    except ExportRefused:
        return "refused"
    except Refused as refused:
        return _step(refused)
    return NOTHING


def mirror(case: Case) -> str:
    """Say why a mirror takes nothing in."""
    keys = parse_trust(case.stage.trust).verifiers
    try:
        follow(case.known, case.fresh("mirror"), ORIGIN, keys)
    except Exception as error:  # noqa: BLE001  (its name is the answer)
        return f"`{type(error).__name__}`"
    return NOTHING


def monitor(case: Case) -> str:
    """Say the alarms of the firm's own monitor."""
    directory = case.directory / "watched"
    shutil.copytree(case.stage.kept / "mirror", directory / "mirror")
    for state in case.stage.kept.glob("mirror.*"):
        shutil.copy(state, directory / state.name)
    watch: Monitor = watching(
        case.known, directory / "mirror", case.stage.trust, case.stage.kept / "sent"
    )
    alarms = [*watch.begin(), *watch.look()]
    return ", ".join(sorted({f"`{alarm.kind}`" for alarm in alarms})) or NOTHING


def witness(case: Case) -> str:
    """Say the status with which a witness refuses; it is shown what each of the others is."""
    book = case.fresh("book.sqlite")
    answers = [cosigned(each, book, case.operator.signer) for each in (case.known, case.source)]
    refused = [answer for answer in answers if answer != 200]
    return str(refused[0]) if refused else NOTHING


FINDERS: dict[str, Callable[[Case], str]] = {
    "`operate fsck`": fsck,
    "`ledger.verify`": verify,
    "`audit verify`": audit,
    "bundle": bundle,
    "holder": holder,
    "export again": exporter,
    "mirror": mirror,
    "monitor": monitor,
    "witness": witness,
}
