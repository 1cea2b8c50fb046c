"""
The text of a checkpoint (C2SP tlog-checkpoint, section "Note text").

    ledger.example.vn/techledger/1a2b3c4d
    300
    u1IJrEGgieQMeRrCXIwe+AnrbCci5n2lscnCfMfFh2s=

Origin, size, root; each line ends in LF. Foreign logs may add extension lines; ours never does.
"""

from dataclasses import dataclass

from ledger.log.encoding import plain_text, read_decimal, read_hash, write_base64
from ledger.log.merkle import LogError
from ledger.quoted import quoted


class MalformedCheckpoint(LogError):
    """A text is not that of a checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's claim: at `size` entries the root of the tree of `origin` is `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """
    Write the text of a checkpoint, the final LF included.

    Raises `MalformedCheckpoint` when it would not read back as the same checkpoint.
    """
    lines = (checkpoint.origin, str(checkpoint.size), write_base64(checkpoint.root))
    text = "".join(f"{line}\n" for line in (*lines, *checkpoint.extensions))
    if parse_checkpoint(text) != checkpoint:
        raise MalformedCheckpoint(f"an origin or an extension is one line: {quoted(text)}")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, or raise `MalformedCheckpoint`."""
    lines = plain_text(text, MalformedCheckpoint).split("\n")
    # Four pieces at the least: three lines and nothing after the last LF.
    if len(lines) < 4 or lines.pop() != "" or "" in lines:  # noqa: PLR2004
        raise MalformedCheckpoint(
            f"a checkpoint has three lines or more, none of them empty: {quoted(text)}"
        )
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin,
        read_decimal(size, MalformedCheckpoint),
        read_hash(root, MalformedCheckpoint),
        tuple(extensions),
    )
