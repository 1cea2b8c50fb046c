"""The rules run again over every entry of a copy, and all read models folded, on one's own disk."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from api.cli.auditing import (
    Copy,
    JudgedFile,
    LawDirectory,
    going_on_or_again,
    judged_file,
    refusals_told,
)
from api.cli.options import AsJson
from api.cli.progress import Told, showing_progress
from ledger.domain.core.context import LeftOut
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, decoded, sealed_sizes
from ledger.follow.auditfile import CopyEvents
from ledger.follow.judged import going_on
from ledger.log.tiles import TILE_WIDTH
from ledger.verify.files import log_in
from projections.run.catalogue import READ_MODELS
from projections.run.folded import FoldedOnDisk, folding_on
from projections.run.seal_check import SealCheck


class Fold(Enum):
    """Whether read models are folded: always, where seals are held to them, or never."""

    ALL = "all"
    SEALED = "sealed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay that came to its end: of `size` entries of this root; `began` were judged before.

    `file` says so. `unchecked` is what could not be checked, by position; `digests` are those of
    the read models, none where these were not folded, and `compared` how many of seals agree.
    """

    size: int
    root: bytes
    began: int
    file: Path
    unchecked: list[tuple[int, str | LeftOut]]
    seals: int
    compared: int
    digests: Mapping[str, str]


def judge(directory: Path, law: Path | None, file: Path, fold: Fold, *, hidden: bool) -> Replayed:
    """Go on from what a file says is judged, and note in it what is judged now."""
    models = file.with_name(f"{file.name}.models")
    with refusals_told(directory, as_json=hidden), showing_progress(hidden=hidden) as told:
        return going_on_or_again(
            (file, models), lambda: _gone_on(directory, law, (file, models), fold, told)
        )


def _gone_on(
    directory: Path, law: Path | None, files: tuple[Path, Path], fold: Fold, told: Told
) -> Replayed:
    copy, laws = CopyEvents(log_in(directory)), available_laws(law)
    size = copy.checkpoint.size
    with ExitStack() as opened:
        past = opened.enter_context(going_on(files[0], copy, laws))
        seals = sealed_sizes(_shown(copy, 0, "seals", told))
        folded: FoldedOnDisk | None = None
        if fold is Fold.ALL or (seals and fold is Fold.SEALED):
            folded = opened.enter_context(folding_on(files[1], copy))
        replay = Replay((), copy.checkpoint.origin, laws, frozenset(seals), past)
        check = SealCheck(folded, READ_MODELS, frozenset(seals)) if folded else None
        began = past.size
        start = min(began, folded.size) if folded else began
        for position, entry in enumerate(_shown(copy, start, "rules", told), start):
            judged = position < past.size
            logged = decoded(entry, position) if judged else replay.follow(entry)
            if check:
                check.follow(logged)
        unchecked: list[tuple[int, str | LeftOut]] = [*past.unchecked]
        if folded:
            unchecked += folded.held.unchecked
        elif seals:
            unchecked.append((seals[-1], "the digests of read models under the seals"))
        return Replayed(
            size=size,
            root=copy.checkpoint.root,
            began=began,
            file=files[0],
            unchecked=sorted(unchecked, key=lambda each: (each[0], str(each[1]))),
            seals=past.seals,
            compared=folded.held.compared if folded else 0,
            digests=folded.digests() if folded else {},
        )


def _shown(copy: CopyEvents, start: int, what: str, told: Told) -> Iterator[bytes]:
    """Yield the entries from a position on, and show how far it has come, now and then."""
    size = copy.checkpoint.size
    for done, entry in enumerate(copy.entries(start), start + 1):
        yield entry
        if done % TILE_WIDTH == 0 or done == size:
            told(what, done, size)


def replay(
    directory: Copy, law: LawDirectory = None, judged: JudgedFile = None, as_json: AsJson = False
) -> None:
    """Run the rules again over every entry, fold every read model, and print their digests.

    A replay that is stopped goes on where it was. All that is read leads to the root of the copy's
    checkpoint; whether that, and each event, is signed is `verify`'s work.
    """
    beside = judged_file(judged, directory, None)
    replayed = judge(directory, law, beside, Fold.ALL, hidden=as_json)
    if as_json:
        members = {
            "verified": False,
            "replayed": replayed.size,
            "judged": judged_members(replayed),
            "unchecked": unchecked_members(replayed),
        }
        print(json.dumps({**members, "digests": replayed.digests}, indent=1))
        return
    print("unverified: signatures, which techledger audit verify looks at")
    print_replayed(replayed)
    for name, digest in replayed.digests.items():
        print(f"{name:<14} {digest}")


def judged_members(replayed: Replayed) -> dict[str, int]:
    """Return how many entries earlier audits have judged, and this one, as JSON values."""
    return {"earlier": replayed.began, "now": replayed.size - replayed.began}


def unchecked_members(replayed: Replayed) -> list[dict[str, Any]]:
    """Return what could not be checked as JSON values."""
    return [
        {"position": at, "what": str(what), **(asdict(what) if isinstance(what, LeftOut) else {})}
        for at, what in replayed.unchecked
    ]


def print_replayed(replayed: Replayed) -> None:
    """Print what a replay has found."""
    for position, what in replayed.unchecked:
        print(f"unchecked: position {position}, {what}")
    left_out = {position for position, what in replayed.unchecked if isinstance(what, LeftOut)}
    passed = replayed.size - len(left_out)
    print(f"{passed} of {replayed.size} entries admitted again by every rule")
    if replayed.seals:
        print(f"{replayed.seals} seals hold, with {replayed.compared} digests of read models")
    now, file = replayed.size - replayed.began, replayed.file.name
    print(f"judged now: {now}; by earlier audits, as {file} says: {replayed.began}")
