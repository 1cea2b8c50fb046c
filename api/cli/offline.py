"""
Questions whose answers are computed here, from entries that were verified.

Of a copy that is at hand, `--log`; of an evidence bundle, `--bundle`, if it shows all that the
answer needs; or of a server's log, `--url … --verify`: what is new of it is taken home, verified
and folded, and what the server answers is held to what comes out.
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.cli.answers import AT_LEAST, CheckedAnswer, CouldNotAsk, asking, put, telling_no, worded
from api.cli.in_process import asked_here
from api.cli.mirror import CODES
from api.cli.options import read_trust_in
from api.cli.progress import showing_progress
from api.cli.served import ServedLog
from api.describe.checking import Computed
from api.describe.language import Language
from ledger.court import MAX_BUNDLE
from ledger.domain.core.types import format_instant
from ledger.events.lawbook import available_laws
from ledger.follow.audit import AuditError
from ledger.follow.client import ClientError, NoAnswer
from ledger.follow.governed import Governed
from ledger.follow.mirror import catch_up, follow
from ledger.quoted import quoted
from ledger.runtime.http import open_client
from ledger.verify.outcome import Refused
from ledger.verify.trust import parse_trust
from ledger.wire.regular import read_regular
from ledger.wire.report_file import MAGIC, NoReport, bundle_in
from projections.run.own_bundle import own_bundle
from projections.run.own_copy import copies_directory, own_copy
from projections.run.shown_rows import Shown

MOST_TOLD = 5
"""How many members are told at most that a server says otherwise."""

MOST_ASKED = 100
"""Histories, and single entries, that a bundle is asked for at once, at most."""


class FalseAnswer(ClientError):
    """What a server answers is not what the entries of its log come to."""

    exit_code = 5


def query_copy(
    log: Path, trust: Path, language: Language, path: str, /, **parameters: Any
) -> CheckedAnswer:
    """Return the answer that a copy of a log gives, verified by a trust root, folded here.

    Raises `CouldNotAsk`, for a copy that does not verify too.
    """
    root, (kind, question) = read_trust_in(trust), worded(path, parameters)
    beside = copies_directory() / _named(root, os.fsencode(log.absolute()))
    return _computed(log, root, beside, language, kind, path, question)


def query_verified(
    url: str, trust: Path, language: Language, path: str, /, **parameters: Any
) -> CheckedAnswer:
    """Return the answer that a server's log gives, taken home and verified: the server's as well.

    Raises `FalseAnswer` where it is not, and `CouldNotAsk`.
    """
    root, now = read_trust_in(trust), format_instant(datetime.now(UTC))
    chosen = {"at": now} if "at" in parameters and parameters["at"] is None else {}
    kind, question = worded(path, parameters | chosen)
    own = copies_directory() / _named(root)
    with asking(url, trust, language) as (ledger, checking):
        # What was folded before is not folded again: it answers as of no less. A question of a
        # size has its own.
        before = 0 if "size" in question or checking is None else checking.before or 0
        least = max(before, question.get(AT_LEAST) or 0)
        said = put(ledger, checking, kind, path, {**question, AT_LEAST: least})
    with _could_not():
        _follow(url, own / "log", root)
    size = None if "size" in question else said["size"]
    answer = _computed(own / "log", root, own, language, kind, path, question, size, url)
    if told := [*_differences(said, answer)]:
        more = f"; and {len(told) - MOST_TOLD} members more" if len(told) > MOST_TOLD else ""
        raise FalseAnswer(
            f"FALSE_ANSWER: {'; '.join(told[:MOST_TOLD])}{more}: keep both, and ask again with the"
            " software that the server runs, if that is another"
        )
    return answer


class NotShown(CouldNotAsk):
    """A bundle does not show all that an answer needs; the message says what would."""


def query_bundle(
    bundle: Path, trust: Path, language: Language, path: str, /, **parameters: Any
) -> CheckedAnswer:
    """Return the answer that an evidence bundle gives, verified by a trust root, folded here.

    What may be meant by an id that nobody recorded, no bundle shows: that is left out of it.
    Raises `NotShown` where it needs more than is shown, and `CouldNotAsk`, for a bundle that does
    not verify too.
    """
    root, (kind, question) = read_trust_in(trust), worded(path, parameters)
    beside = copies_directory() / _named(root, b"bundles")
    with _could_not(), own_bundle(_read(bundle), root, beside, available_laws()) as (copy, shown):
        try:
            with asked_here(copy, language) as ledger, telling_no(language):
                answer = put(ledger, None, kind, path, question)
        except Exception:
            _must_show(bundle, shown)  # What is not there may have been looked for.
            raise
        _must_show(bundle, shown)
        computed = Computed(copy.known, copy.published, of_bundle=True)
        return CheckedAnswer(without_near(answer), answer.kind, computed)


def _read(bundle: Path) -> bytes:
    """Return a bundle, or the one in a report. Raises `NoReport`."""
    raw = read_regular(bundle, MAX_BUNDLE)
    return bundle_in(raw, MAX_BUNDLE) if raw.startswith(MAGIC) else raw


def _must_show(bundle: Path, shown: Shown) -> None:
    """Raise `NotShown` where an answer needs more than is shown, with what shows it."""
    needs, lacking = shown.needs, shown.lacking
    told = [*sorted(lacking.subjects), *map("entry {}".format, sorted(lacking.positions))]
    copy = "ask a copy of the log: techledger mirror DIR, then --log DIR"
    if lacking.everything or max(map(len, (needs.subjects, needs.positions))) > MOST_ASKED:
        raise NotShown(f"NOT_SHOWN: the answer may lie anywhere in the log: {copy}")
    if late := lacking.positions & shown.behind:
        raise NotShown(f"NOT_SHOWN: no seal covers entry {min(late)} yet: wait for one, or {copy}")
    if not told:
        return
    options = [f"--subject {each}" for each in sorted(needs.subjects)]
    options += [f"--position {each}" for each in sorted(needs.positions)]
    another = shlex.quote(str(bundle.with_name(f"{bundle.stem}-more.json")))
    whole = f"whole below entry {shown.size}" if shown.size else "whole, for want of a seal"
    raise NotShown(
        f"NOT_SHOWN: the answer needs what {bundle} does not show {whole}: {', '.join(told)}."
        f" A sealed log shows it: techledger evidence gather {another} {' '.join(options)}"
    )


def without_near(answer: Any) -> Any:
    """Return an answer without what may be meant by ids that nobody recorded."""
    if isinstance(answer, Mapping):
        return {name: without_near(each) for name, each in answer.items() if name != "near"}
    return [*map(without_near, answer)] if isinstance(answer, list) else answer


def _named(*of: bytes) -> str:
    return sha256(b"".join(of)).hexdigest()[:32]


def _computed(  # noqa: PLR0913, PLR0917  (what is read, and what is asked)
    log: Path,
    root: bytes,
    beside: Path,
    language: Language,
    kind: str,
    path: str,
    question: dict[str, Any],
    size: int | None = None,
    server: str | None = None,
) -> CheckedAnswer:
    with (
        _could_not(),
        showing_progress() as told,
        own_copy(log, root, beside, available_laws(), size=size, progress=told) as copy,
        asked_here(copy, language) as ledger,
        telling_no(language),
    ):
        answer = put(ledger, None, kind, path, question)
        return CheckedAnswer(answer, answer.kind, Computed(copy.known, copy.published, server))


def _follow(url: str, log: Path, root: bytes) -> None:
    """Take in what is new of a server's log, as a mirror does."""
    governed = Governed(parse_trust(root))
    with open_client(url) as http:
        catch_up(governed, log)
        follow(
            ServedLog(http),
            log,
            governed.trust.origin,
            governed.log_keys,
            before=governed.keys_before,
            genesis=governed.trust.genesis_sha256,
        )


@contextmanager
def _could_not() -> Iterator[None]:
    """Raise `CouldNotAsk` for a log that cannot be taken home, or does not verify."""
    try:
        yield
    except NoReport as error:
        raise CouldNotAsk(str(error)) from error
    except (AuditError, NoAnswer, Refused) as error:
        name, _ = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
        raise CouldNotAsk(f"{name}: {str(error).removeprefix(f'{name}: ')}") from error


def _differences(said: Any, ours: Any, place: str = "") -> Iterator[str]:
    """Yield the members of an answer that a server says otherwise than the log, with both."""
    if said == ours:
        return
    if isinstance(said, Mapping) and isinstance(ours, Mapping):
        for name in sorted({*said, *ours}):
            yield from _differences(said.get(name), ours.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(said, list) and isinstance(ours, list) and len(said) == len(ours):
        for n, each in enumerate(zip(said, ours, strict=True)):
            yield from _differences(*each, f"{place}.{n}")
    else:
        yield f"{place}: the server says {quoted(said)}, its log {quoted(ours)}"
