"""`techledger import cuad`: mapped agreements become contracts, or are refused with a reason."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.delays import delay_of
from api.cli.importing import CLERK, Attesting, gather, remembered, trust_of
from api.cli.options import AsJson, UrlIfAny, reading
from api.cli.sending import (
    Composed,
    Outcome,
    composed,
    post_pages,
    print_renewed,
)
from api.importers import MAX_REGISTER, Declined, ImporterError
from api.importers.cuad import Importing, PlannedAgreement, plan
from api.importers.cuad_records import Labels, parse_agreements, parse_labels
from api.importers.memory import Memory, PlannedEvent, save_memory
from ledger.domain.core.body import KeyRecord
from ledger.domain.parties.ledger_state import Ledger
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.signing.who_signs import who_signs
from ledger.events.compose import compose, with_delay
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed
from ledger.home.keystore import KeyFileMissing, load_key, save_key
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import key_record
from ledger.wire.envelope import sign_envelope
from ledger.wire.regular import read_regular
from ledger.wire.shown import one_line
from ledger.wire.signing_keys import PrivateKey


class _Keys:
    """The importer's stand-in keys of parties, and those of clerk and exchange."""

    def __init__(self, home: Home) -> None:
        self._folder = home.keys / "cuad"
        self._own = {
            CLERK: home.keys / "clerk.pem",
            home.identity().operator: home.keys / "operator.pem",
            home.identity().registrar: home.keys / "registrar.pem",
        }

    def of(self, party: str) -> PrivateKey:
        """Return the key of a party; a stand-in is drawn when it is first asked for."""
        if party in self._own:
            return load_key(self._own[party])
        path = self._folder / f"{party.removeprefix('party:')}.pem"
        try:
            return load_key(path)
        except KeyFileMissing:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            key = PrivateKey.generate()
            save_key(path, key)
            return key

    def record(self, party: str) -> KeyRecord:
        """Return the public half, as a registration has it."""
        return KeyRecord.model_validate(key_record(self.of(party)))


class _Posting:
    """Signs each event by all whom it binds, and posts them in order."""

    def __init__(self, ledger: LedgerClient, home: Home, keys: _Keys, memory: Memory) -> None:
        identity = home.identity()
        self._officers = Ledger(0, identity.operator, identity.registrar, "", "", 0)
        self._ledger, self._keys, self._memory = ledger, keys, memory
        self._delay = delay_of(ledger)

    def composed(
        self, planned: Sequence[PlannedAgreement]
    ) -> tuple[list[Composed[PlannedEvent]], list[Declined]]:
        """Compose all events of all agreements; of one that is not whole nothing is sent.

        But its parties: others may have them too.
        """
        ready, unfit = composed((step for each in planned for step in each.steps), self._signed)
        broken = {item.source for item in unfit}
        whole = [
            each
            for each in ready
            if each.item.source not in broken or isinstance(each.item.body, PartyRegistered)
        ]
        return whole, unfit

    def post(self, ready: Sequence[Composed[PlannedEvent]], outcome: Outcome) -> None:
        """Post events page by page; add what became of each to the outcome."""
        gather(post_pages(self._ledger, self._memory, ready, set()), outcome)

    def _signed(self, step: PlannedEvent) -> Signed:
        signers = sorted(who_signs(step.body, self._officers))
        identity = step.identity
        payload = compose(
            self._ledger.trust.origin,
            step.body.TOPIC,
            with_delay(
                step.body.TOPIC,
                step.body.model_dump(mode="json"),
                self._delay,
                identity.issued_at,
            ),
            tuple(signers),
            event_id=identity.event_id,
            nonce=identity.nonce,
            issued_at=identity.issued_at,
            life=identity.not_after - identity.issued_at,
        )
        return Signed(sign_envelope(payload, [self._keys.of(party) for party in signers]))


def cuad(
    file: Annotated[Path, typer.Argument(help="Mapped agreements, e.g. terms-mapped.json")],
    url: UrlIfAny = None,
    clauses: Annotated[
        Path | None,
        typer.Option(help="What experts labelled (clauses.jsonl): hints for a person's review"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Post mapped licence agreements, signed by stand-in keys of their parties."""
    settings = Settings()
    home = Home(settings.home)
    trust = trust_of(home)
    memory_file = home.path / "imports" / "cuad.json"
    now = datetime.now(UTC)
    memory, raw = remembered(memory_file, trust.origin), read_regular(file, MAX_REGISTER)
    with reading(file, "agreements", "FILE", ImporterError):
        agreements = parse_agreements(raw)
    labels: tuple[Labels, ...] = ()
    if clauses:
        said = read_regular(clauses, MAX_REGISTER)
        with reading(clauses, "agreements", "--clauses", ImporterError):
            labels = parse_labels(said)
    with LedgerClient(url or f"http://{settings.host}:{settings.port}", trust) as ledger:
        attesting = Attesting(ledger, home, memory, memory_file)
        keys = _Keys(home)
        planned = plan(agreements, labels, Importing(CLERK, keys.record, memory, now))
        posting = _Posting(ledger, home, keys, memory)
        ready, unfit = posting.composed(planned)
        outcome = Outcome(not_sent=[each.unreadable for each in planned if each.unreadable])
        outcome.not_sent.extend(unfit)
        # What an event is called is kept before it is sent: lost, it would come back as a double.
        save_memory(memory_file, memory)
        attesting.register_clerk(now)
        save_memory(memory_file, memory)
        try:
            posting.post(ready, outcome)
        finally:
            save_memory(memory_file, memory)
    if as_json:
        print(json.dumps(_report(planned, outcome), indent=1, ensure_ascii=False))
    else:
        _print(planned, outcome)
    raise typer.Exit(outcome.exit_code)


def _report(planned: Sequence[PlannedAgreement], outcome: Outcome) -> dict[str, Any]:
    return {
        "agreements": [
            {
                "agreement": each.agreement,
                "outcome": (became := _became(each, outcome))[0],
                "why": became[1],
                "read": each.reading.read,
                "assumed": each.reading.assumed,
                "left_out": each.reading.left_out,
                "breaches": each.reading.breaches,
                "review": list(each.review),
                "answers": [
                    item.to_json() for item in outcome.answered if item.source == each.agreement
                ],
            }
            for each in planned
        ],
        "not_sent": outcome.to_json()["not_sent"],
    }


def _became(planned: PlannedAgreement, outcome: Outcome) -> tuple[str, str]:
    """Return the code that decided and why, or whether the contract was admitted now or before.

    The first refusal decided, since what follows rests on it.
    """
    answers = [item for item in outcome.answered if item.source == planned.agreement]
    for item in answers:
        if isinstance(item.answer, ProblemAnswer):
            return item.status, f"the server says: {one_line(item.answer.detail)}"
    for declined in outcome.not_sent:
        if declined.source == planned.agreement:
            return declined.code, declined.detail
    return answers[-1].status, ""


def _print(planned: Sequence[PlannedAgreement], outcome: Outcome) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    counts = Counter((item.topic, item.status) for item in outcome.answered)
    counts.update(("not sent", item.code) for item in outcome.not_sent)
    summary = Table("type", "outcome", "count", title="Outcomes", title_justify="left")
    for (topic, status), count in sorted(counts.items()):
        summary.add_row(topic, status, str(count))
    console.print(summary)
    contracts = Table(title="Agreements", title_justify="left")
    for column in ("agreement", "outcome", "all breaches"):
        contracts.add_column(column, overflow="fold", min_width=24)
    for each in planned:
        became = _became(each, outcome)[0]
        contracts.add_row(each.agreement, became, "\n".join(each.reading.breaches))
    console.print(contracts)
    print_renewed(console, outcome.answered)
    for each in planned:
        became, why = _became(each, outcome)
        console.print(f"\n{each.agreement}: {became}", markup=False)
        if why:
            console.print(f"  why: {why}", markup=False)
        notes = {
            "read": each.reading.read,
            "assumed": each.reading.assumed,
            "left out": each.reading.left_out,
            "for review": each.review,
        }
        for title, lines in notes.items():
            for line in lines:
                console.print(f"  {title}: {line}", markup=False)
