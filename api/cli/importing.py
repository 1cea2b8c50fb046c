"""What importers share that post what a clerk attests: its key, registration and signatures."""

import hashlib
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import track

from api.cli.delays import delay_of
from api.cli.options import reading
from api.cli.sending import Answered, Outcome, composed, not_filed, post_pages
from api.importers import Declined, ImporterError
from api.importers.memory import Identity, Memory, PlannedEvent, load_memory, save_memory
from ledger.domain.core.body import Body
from ledger.domain.parties.party import PartyExists, PartyRegistered
from ledger.events.compose import compose, with_delay
from ledger.follow.client import LedgerClient, ProblemAnswer, Signed, read_trust
from ledger.home.keystore import KeyFileMissing, load_key, save_key
from ledger.home.paths import Home
from ledger.node.genesis import key_record
from ledger.verify.trust import Trust
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey

CLERK = "party:vn.exchange.clerk"


def trust_of(home: Home) -> Trust:
    """Return the trust root of the ledger in a home. Raises `HomeError` where there is none."""
    home.identity()
    home.trust_root()
    return read_trust(home.trust)


def remembered(file: Path, origin: str) -> Memory:
    """Return what an importer remembers of a ledger. Raises `BadParameter` for another file."""
    with reading(file, "state of an import", "LEDGER_HOME", ImporterError):
        return load_memory(file, origin)


class ClerkMissing(ImporterError):
    """The registrar's key is elsewhere, and the clerk is not registered."""


class Attesting:
    """Signs and posts what a clerk attests, together with the exchange."""

    def __init__(self, ledger: LedgerClient, home: Home, memory: Memory, file: Path) -> None:
        """Keep the memory in a file, whenever an event is about to be sent."""
        self._ledger = ledger
        self._memory, self._file = memory, file
        identity, operator = home.identity(), home.keys / "operator.pem"
        self._officers = (identity.operator, identity.registrar)
        self._keys = (_clerk_key(home), load_key(operator))
        self._registrar = home.keys / "registrar.pem"

    def register_clerk(self, now: datetime) -> None:
        """Register the clerk; where another importer, or the officers, did so before, it stands.

        The registrar signs too: where its key lies here, as in a demonstration, or beforehand.
        Raises `ClerkMissing` where it did not.
        """
        if not self._registrar.exists():
            if self._ledger.get(f"/v1/parties/{CLERK}")["kind"] is None:
                raise ClerkMissing(f"{CLERK} is registered by both officers first")
            return
        body = PartyRegistered.model_validate(
            {
                "party": CLERK,
                "kind": "organisation",
                "name": "Clerk's office of the exchange",
                "roles": ["clerk"],
                "seat": "VN",
                "keys": [key_record(self._keys[0])],
            }
        )
        if self._register(body, now):
            return
        # It was signed by an earlier run, which was cut short, and says since then that it binds.
        if not self._register(body, now):
            raise ClerkMissing(f"the registration of {CLERK} is refused for good")

    def _register(self, body: PartyRegistered, now: datetime) -> bool:
        """Register the clerk, unless that was done; return False if it is refused for good."""
        digest = "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        identity = self._memory.identity(CLERK, digest, now)
        save_memory(self._file, self._memory)
        try:
            self._ledger.submit(self._signed(body, identity, load_key(self._registrar)))
        except ProblemAnswer as answer:
            if answer.code != PartyExists.code:
                if answer.problem.get("final") is not True:
                    raise
                self._memory.bury(CLERK, identity)
                return False
        self._memory.settle(CLERK)
        return True

    def _signed(self, body: Body, identity: Identity, *registrar: PrivateKey) -> Signed:
        members = body.model_dump(mode="json")
        if registrar:
            delay = delay_of(self._ledger)
            members = with_delay(body.TOPIC, members, delay, identity.issued_at)
        payload = compose(
            self._ledger.trust.origin,
            body.TOPIC,
            members,
            (CLERK, *self._officers[: 1 + len(registrar)]),
            event_id=identity.event_id,
            nonce=identity.nonce,
            issued_at=identity.issued_at,
            life=identity.not_after - identity.issued_at,
        )
        return Signed(sign_envelope(payload, (*self._keys, *registrar)))

    def send(
        self,
        events: Sequence[PlannedEvent],
        now: datetime,
        *,
        whole: bool = False,
        quiet: bool = False,
    ) -> Outcome:
        """Compose all events of a plan, signed by clerk and exchange, then post them in order.

        With `whole`, nothing is sent if one of them fits into no entry.
        """

        def sign(item: PlannedEvent) -> Signed:
            return self._signed(item.body, item.identity)

        ready, unfit = composed(events, sign)
        if whole and unfit:
            return Outcome(not_sent=unfit)
        # What an event is called is kept before it is sent: lost, it would come back as a double.
        save_memory(self._file, self._memory)
        self.register_clerk(now)
        save_memory(self._file, self._memory)
        posted = post_pages(self._ledger, self._memory, ready, not_filed(events, ready))
        outcome = Outcome(not_sent=unfit)
        try:
            gather(_shown(posted, len(ready), quiet=quiet), outcome)
        finally:
            save_memory(self._file, self._memory)
        return outcome


def gather(posted: Iterable[Answered | Declined], outcome: Outcome) -> None:
    """Add what becomes of events, one by one, to the outcome of their import."""
    for each in posted:
        if isinstance(each, Declined):
            outcome.not_sent.append(each)
        else:
            outcome.answered.append(each)


def _shown(
    posted: Iterable[Answered | Declined], count: int, *, quiet: bool
) -> Iterable[Answered | Declined]:
    """Show a progress bar where somebody looks at it."""
    console = Console(file=sys.__stderr__)
    hidden = quiet or not console.is_terminal
    return track(posted, "posting", count, console=console, disable=hidden)


def _clerk_key(home: Home) -> PrivateKey:
    path = home.keys / "clerk.pem"
    try:
        return load_key(path)
    except KeyFileMissing:
        key = PrivateKey.generate()
        save_key(path, key)
        return key
