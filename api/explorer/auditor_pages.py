"""
What an auditor brings to a page: a checkpoint that was kept, or what proves that something stands.

`/kiem-toan` holds the log to a checkpoint of long ago, as `GET /v1/consistency` does, and counts
what came since. `/kiem-tra` goes through the verifier's steps for a receipt, a bundle or a report.
What a server says of its own log proves nothing to who doubts it: both pages say so, and how the
same is done on a machine of one's own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from json import dumps
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.deps import address_of, look, node_of, reader_of, traffic_of
from api.describe.auditor_words import KINDS, STATES, STEPS
from api.describe.event_names import event_name
from api.describe.links import AUDIT, ENTRY, PREFIXES, VERIFY, placed
from api.explorer.shown import language_of, page
from api.problems import ApiProblem, BadParameter
from api.reads.parameters import Count
from api.writes.events import read_body
from ledger.log.checkpoint import open_checkpoint
from ledger.log.encoding import read_hash, write_base64
from ledger.log.merkle import LogError
from ledger.log.note import parse_note, parse_vkey
from ledger.log.proof import verify_consistency
from ledger.log.receipt import parse_tlog_proof
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.node.genesis import trust_root
from ledger.node.node import Node
from ledger.publish.log_key_history import read_log_keys
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.entries import read_entries, read_first
from ledger.verify.answer_files import read_receipt
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Check, CheckState, Refused, Verified
from ledger.verify.verifier import verify_receipt
from ledger.wire.report_file import MAGIC, NoReport, bundle_in
from projections.questions.feed import kinds_since

CHECKPOINT_MAX = 1 << 16
"""Bytes of a form with a checkpoint at most."""

PROOF_MAX = 1 << 20
"""Bytes of a form with a receipt, a bundle or a report at most."""

RIBBON = 640
"""Units of the drawing of what was in what is."""

_LEAST = 6
"""Units that something is wide at least: it is seen however little it is."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Since:
    """What the log is by now to what it was; `state` is yes, no, or contested where it is smaller.

    `signed`: the log's keys have signed what was brought. `kinds` are (title, count, address).
    """

    size: int
    root: str
    now: StoredCheckpoint
    state: str
    signed: bool
    proof: tuple[str, ...]
    kinds: tuple[tuple[str, int, str], ...]
    address: str

    @property
    def now_root(self) -> str:
        """The root of the log by now, in base64."""
        return write_base64(self.now.root)

    @property
    def new(self) -> int:
        """How many entries came since."""
        return max(0, self.now.size - self.size)

    @property
    def wide(self) -> int:
        """How wide what was is drawn within what is."""
        if self.size >= self.now.size:
            return RIBBON
        return min(RIBBON - _LEAST, max(_LEAST, RIBBON * self.size // self.now.size))


async def show_audit(
    request: Request,
    since: Annotated[Count | None, Query(description="Size of the earlier checkpoint")] = None,
    root: Annotated[str | None, Query(description="Its root", max_length=60)] = None,
) -> HTMLResponse:
    """Show the form, or what the log is by now to a size and a root that it had."""
    if since is None or root is None:
        for name, value in (("since", since), ("root", root)):
            if value is not None:
                raise BadParameter(name, str(value), "size and root are those of one checkpoint")
        return page(request, "audit.html", found=None, error=None)
    try:
        # A plus sign is a space here, unless it was escaped.
        hashed = read_hash(root.replace(" ", "+"), LogError)
    except LogError:
        raise BadParameter("root", root, "it is a hash of 32 bytes in standard base64") from None
    old = Checkpoint(node_of(request).origin, since, hashed)
    return await look(request, lambda: _audited(request, old, signed=False))


async def hold_to_checkpoint(request: Request) -> HTMLResponse:
    """Show what the log is by now to a checkpoint that is sent."""
    sent = await _sent(request, CHECKPOINT_MAX)

    def shown() -> HTMLResponse:
        node = node_of(request)
        try:
            old = _opened(sent, node)
        except LogError as error:
            return page(request, "audit.html", status=422, found=None, error=str(error))
        return _audited(request, old, signed=True)

    return await look(request, shown)


def _opened(note: bytes, node: Node) -> Checkpoint:
    """Return a checkpoint that the keys have signed which signed logs of its size.

    Raises `LogError`.
    """
    size = parse_checkpoint(parse_note(note).text).size
    keys = read_log_keys(node.reads, node.origin).at(max(1, size))
    return open_checkpoint(note, node.origin, tuple(map(parse_vkey, keys)))


def _audited(request: Request, old: Checkpoint, *, signed: bool) -> HTMLResponse:
    node, language = node_of(request), language_of(request)
    now = node.feed.newest
    if now is None:
        raise ApiProblem(404, "NOT_FOUND", "nothing has been published yet")
    proof = node.reading.prove_prefix(old.size, now) if old.size <= now.size else []
    state = "contested" if old.size > now.size else _continued(old, now, proof)
    counted = kinds_since(reader_of(node), old.size) if state == "yes" else {}
    feed = placed(language, ENTRY)
    root = write_base64(old.root)
    found = Since(
        size=old.size,
        root=root,
        now=now,
        state=state,
        signed=signed,
        proof=tuple(map(write_base64, proof)),
        kinds=tuple(
            (
                event_name(topic, language),
                count,
                f"{feed}?{urlencode({'topic': topic, 'since': old.size})}",
            )
            for topic, count in counted.items()
        ),
        address=f"{placed(language, AUDIT)}?{urlencode({'since': old.size, 'root': root})}",
    )
    return page(request, "audit.html", found=found, error=None)


def _continued(old: Checkpoint, now: StoredCheckpoint, proof: list[bytes]) -> str:
    try:
        verify_consistency(old.size, now.size, proof, old.root, now.root)
    except LogError:
        return "no"
    return "yes"


@dataclass(frozen=True, slots=True)
class CheckStep:
    """A step of the verifier, in words, and how it ended: passed, unchecked, not run or failed."""

    number: int
    said: str
    state: str


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check came to: `state` as of a verdict; `reason` where it failed.

    `unchecked` are (position, what); `position` is where an entry stands that it proves; `address`
    where a code leads that is an address of this ledger's pages.
    """

    state: str
    kind: str
    steps: tuple[CheckStep, ...] = ()
    reason: str | None = None
    unchecked: tuple[tuple[int, str], ...] = ()
    position: int | None = None
    address: str | None = None


async def show_verify(request: Request) -> HTMLResponse:
    """Show the form."""
    return page(request, "verify.html", found=None)


async def verify_sent(request: Request) -> HTMLResponse:
    """Go through the verifier's steps for what is sent."""
    sent = await _sent(request, PROOF_MAX)
    language = language_of(request)
    if not sent:
        return page(request, "verify.html", status=422, found=None, empty=True)

    def shown() -> HTMLResponse:
        found = _checked(sent, node_of(request), lambda step: STEPS[step].in_(language))
        status = 422 if found.state == "no" else 200
        kind, said = KINDS.get(found.kind), {at: each.in_(language) for at, each in STATES.items()}
        return page(
            request,
            "verify.html",
            status=status,
            found=found,
            kind=kind and kind.in_(language),
            states=said,
        )

    return await traffic_of(request).replays.run(address_of(request), shown)


def _checked(sent: bytes, node: Node, say: Callable[[Check], str]) -> CheckOutcome:
    """Return what a check of whatever was sent came to."""
    kind, position = "nothing", None
    try:
        if address := _address_in(sent):
            return CheckOutcome("unknown", "address", address=address)
        if sent.startswith(MAGIC):
            kind, found = "report", verify_evidence(bundle_in(sent, PROOF_MAX), _trust(node, 1))
        elif sent.startswith((b"c2sp.org/tlog-proof", b"{")) and b'"entries"' not in sent:
            kind = "receipt"
            proof = parse_tlog_proof(read_receipt(sent)[0])
            position = proof.index
            size = parse_checkpoint(parse_note(proof.checkpoint_raw).text).size
            found = verify_receipt(sent, _entry(node, position), _trust(node, size))
        else:
            kind, found = "bundle", verify_evidence(sent, _trust(node, 1))
    except Refused as refused:
        failed = CheckStep(refused.step.number, say(refused.step), "failed")
        return CheckOutcome("no", kind, (failed,), refused.reason, position=position)
    except (LogError, NoReport) as error:
        return CheckOutcome("no", kind, reason=str(error), position=position)
    except Exception as error:  # noqa: BLE001  (whatever a file does to us, it is not verified)
        return CheckOutcome(
            "no", kind, reason=f"{type(error).__name__}: {error}", position=position
        )
    return _verified(found, kind, position, say)


def _verified(
    found: Verified, kind: str, position: int | None, say: Callable[[Check], str]
) -> CheckOutcome:
    states = zip(Check, found.steps, strict=True)
    steps = tuple(CheckStep(each.number, say(each), str(state)) for each, state in states)
    checked = all(state is not CheckState.UNCHECKED for state in found.steps)
    state = "yes" if checked and not found.unchecked else "contested"
    return CheckOutcome(state, kind, steps, unchecked=found.unchecked, position=position)


def _address_in(sent: bytes) -> str | None:
    """Return where a printed code leads on this server; None for what is no address.

    Whatever host it names, the page is this server's own.
    """
    text = sent.decode("utf-8", "replace").strip()
    if not text.startswith(("http://", "https://")) or len(text.split()) != 1:
        return None
    found = urlsplit(text)
    return f"/{found.path.lstrip(_SLASHES)}" + (f"?{found.query}" if found.query else "")


_SLASHES = "/\\"
"""What a browser takes for the slash before another host's name, if there are two."""


def _entry(node: Node, position: int) -> bytes:
    for stored in read_entries(node.reads, position, position + 1, 1):
        return stored.entry
    raise Refused(Check.TREE, f"this log has no entry {position}", position)


def _trust(node: Node, size: int) -> bytes:
    """Return what this server trusts itself by: entry 0, and the keys that sign a size."""
    keys = read_log_keys(node.reads, node.origin).at(max(1, size))
    return dumps(trust_root(node.origin, keys, read_first(node.reads).entry)).encode()


async def _sent(request: Request, most: int) -> bytes:
    """Return the file of a form, or else the text; of a form of at most so many bytes.

    Nothing, where it is no form as a browser sends it (RFC 7578).
    """
    raw = await read_body(request, most)
    kind = _FORM.fullmatch(request.headers.get("content-type", ""))
    found = dict[bytes, bytes]()
    for part in raw.split(b"--" + kind[1].encode("latin-1")) if kind else ():
        head, _, content = part.partition(b"\r\n\r\n")
        if name := _NAME.search(head):
            found[name[1]] = content.removesuffix(b"\r\n")
    text = found.get(b"text", b"").replace(b"\r\n", b"\n").strip()
    return found.get(b"file") or (text + b"\n" if text else b"")


_FORM = re.compile(r'multipart/form-data; *boundary="?([^";]{1,70})"?')
_NAME = re.compile(rb'; name="(text|file)"')


for _prefix in PREFIXES.values():
    for _path, _get, _post in (
        (AUDIT, show_audit, hold_to_checkpoint),
        (VERIFY, show_verify, verify_sent),
    ):
        router.add_api_route(f"{_prefix}{_path}", _get, response_class=HTMLResponse)
        router.add_api_route(
            f"{_prefix}{_path}", _post, methods=["POST"], response_class=HTMLResponse
        )
