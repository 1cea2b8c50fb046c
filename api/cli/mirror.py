"""`techledger mirror`: follow a log, and keep a verified copy of it that can be served as it is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.options import AsJson, TrustFile, Url
from api.cli.outcome import tell_line
from api.cli.served import Most, ServedLog, share_of
from api.cli.turns import look_again
from ledger.follow.audit import AuditError, NothingExported, Unfinished
from ledger.follow.authentic import NotAuthentic
from ledger.follow.client import NoAnswer, read_trust
from ledger.follow.exportfiles import Allowance
from ledger.follow.governed import Governed
from ledger.follow.mirror import (
    BackdatedEntry,
    Behind,
    Forked,
    RolledBack,
    Rotten,
    catch_up,
    follow,
    mend,
    rotten,
)
from ledger.runtime.http import open_client
from ledger.verify.outcome import Refused

CODES: dict[type[Exception], tuple[str, int]] = {
    Forked: ("FORK", 3),
    RolledBack: ("ROLLED_BACK", 4),
    BackdatedEntry: ("BACKDATED", 8),
    Behind: ("BEHIND", 5),
    Unfinished: ("UNFINISHED", 10),
    Rotten: ("OWN_DISK", 6),
    NotAuthentic: ("REFUSED", 1),
    Refused: ("REFUSED", 1),
    NothingExported: ("NO_ANSWER", 7),
    NoAnswer: ("NO_ANSWER", 7),
}
"""What each failure is called, and the exit code of the command."""

BROKEN = 9
"""The exit code where an entry that changes who may sign is refused, and nothing graver."""

_GRAVEST = (3, 4, 8, 1, BROKEN, 6, 7, 5, 10)


def mirror(  # noqa: PLR0913  (the command's options)
    directory: Annotated[Path, typer.Argument(help="The mirror", file_okay=False)],
    *,
    url: Url,
    trust: TrustFile,
    every: Annotated[
        float | None, typer.Option(help="Seconds between looks; default: look once")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look again at every byte that the mirror holds")
    ] = False,
    most: Most = 16,
    as_json: AsJson = False,
) -> None:
    """Take in what is new of a log, verified to its signed root.

    Exit codes: 1 a byte that does not fit; 3 a fork; 4 rolled back; 5 the source is behind; 6 files
    of the mirror itself had changed, and were fetched again; 7 no answer; 8 an entry that is older
    than a checkpoint without it; 9 an entry that changes who may sign is refused, which is said at
    each start, and nothing waits for it; 10 there is more of the log than one run takes in: the
    next one goes on. With --every a source that is behind, or has more, or does not answer is asked
    again, and what the disk or the system refuses is tried again. With --json each line is an
    object: `code` is what one of these is called, and absent where it took something in.
    """
    codes = set[int]()
    say = partial(tell_line, as_json=as_json)
    with _ending(codes, say), open_client(url) as http:
        governed, source = Governed(read_trust(trust)), ServedLog(http)
        _follow(source, directory, governed, every, codes, share_of(most), say=say, check=check)
    raise typer.Exit(next((code for code in _GRAVEST if code in codes), 0))


Say = Callable[[Mapping[str, Any], str], None]
"""What prints a line: its members, and the text for people."""


def _mended(source: ServedLog, directory: Path, origin: str, say: Say) -> int:
    """Fetch again what has changed on the disk; return how many files."""
    count = 0
    while (directory / "checkpoint").exists() and (found := rotten(directory, origin)):
        count += len(found)
        for path in found:
            told = f"{path} had changed, and is fetched again"
            say({"code": "OWN_DISK", "reason": told}, f"OWN_DISK: {told}")
        mend(source, directory, origin)
    return count


def _follow(  # noqa: PLR0913  (the command's options)
    source: ServedLog,
    directory: Path,
    governed: Governed,
    every: float | None,
    codes: set[int],
    share: Allowance,
    *,
    say: Say,
    check: bool,
) -> None:
    shown = -1

    def look() -> None:
        nonlocal shown, check
        if check and _mended(source, directory, governed.trust.origin, say):
            codes.add(CODES[Rotten][1])
        check = False
        _judge(governed, directory, codes, say)
        keys, before = governed.log_keys, governed.keys_before
        trust = governed.trust
        done = follow(
            source,
            directory,
            trust.origin,
            keys,
            before=before,
            genesis=trust.genesis_sha256,
            share=share,
        )
        if done.checkpoint.size != shown:
            say(done.to_json(), str(done))
        shown = done.checkpoint.size
        _judge(governed, directory, codes, say)

    def look_on() -> None:
        try:
            look()
        except (NoAnswer, NothingExported, Behind, Unfinished) as error:
            _tell(error, say)

    if every is None:
        look()
    else:
        look_again(look_on, every)


def _judge(governed: Governed, directory: Path, codes: set[int], say: Say) -> None:
    """Learn from the entries of the mirror who may sign, and say what is refused of these."""
    for fault in catch_up(governed, directory):
        codes.add(BROKEN)
        members = {"code": "RULE_BROKEN", "position": fault.position, "reason": fault.reason}
        say(members, f"RULE_BROKEN: position {fault.position}: {fault.reason}")


def _tell(error: Exception, say: Say) -> int:
    """Say what an error is called, once, and what it is; return the exit code."""
    name, code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    reason = str(error).removeprefix(f"{name}: ")
    say({"code": name, "reason": reason}, f"{name}: {reason}")
    return code


@contextmanager
def _ending(codes: set[int], say: Say) -> Iterator[None]:
    """Say what went wrong, and keep its code."""
    try:
        yield
    except (AuditError, NoAnswer, Refused) as error:
        codes.add(_tell(error, say))
