"""The path of an entry to the root of the log, as a drawing: one row of the tree below another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.log.merkle import node_hash
from ledger.log.proof import ProofRefused
from ledger.wire.base64 import b64encode

WIDTH, ROW, HIGH, WIDE = 320, 38, 24, 118
"""Units of the drawing: its width, from row to row, and the size of a node."""

_MIDDLE, _ASIDE, _TOP, _SHOWN = WIDTH // 2, 66, 4, 10


@dataclass(frozen=True, slots=True)
class PathNode:
    """A hash of the tree where it is drawn; `of_path`: it is computed, else the proof has it."""

    x: int
    y: int
    text: str
    of_path: bool

    @property
    def short(self) -> str:
        """Return so much of the hash as there is room for."""
        return f"{self.text[:_SHOWN]}…"

    @property
    def left(self) -> int:
        """Return where the node begins."""
        return self.x - WIDE // 2

    @property
    def baseline(self) -> int:
        """Return where its text stands."""
        return self.y + 16


@dataclass(frozen=True, slots=True)
class PathEdge:
    """A line from a node to one of the two that it is made of."""

    x1: int
    y1: int
    x2: int
    y2: int
    of_path: bool


@dataclass(frozen=True, slots=True)
class PathStep:
    """A hash of the proof: on which side of the path it stands."""

    left: bool
    text: str


@dataclass(frozen=True, slots=True)
class PathDrawing:
    """The path from an entry to the root of a size, to be drawn and to be read."""

    height: int
    nodes: tuple[PathNode, ...]
    edges: tuple[PathEdge, ...]
    steps: tuple[PathStep, ...]
    root: str
    width: int = WIDTH
    wide: int = WIDE
    high: int = HIGH


def draw(leaf: bytes, position: int, size: int, hashes: Sequence[bytes]) -> PathDrawing:
    """Return the path that a proof shows. Raises `ProofRefused` for a proof of another length."""
    steps = tuple(zip(_sides(position, size, len(hashes)), hashes, strict=True))
    path = [leaf]
    for left, sibling in steps:
        path.append(node_hash(sibling, path[-1]) if left else node_hash(path[-1], sibling))
    nodes, edges, x = [_node(_MIDDLE, 0, path[-1], of_path=True)], list[PathEdge](), _MIDDLE
    for row, (left, sibling) in enumerate(reversed(steps), start=1):
        own, other = (_MIDDLE + _ASIDE, _MIDDLE - _ASIDE)[:: 1 if left else -1]
        above = _TOP + (row - 1) * ROW + HIGH
        ends = ((other, False), (own, True))
        edges += [PathEdge(x, above, to, above + ROW - HIGH, of_path) for to, of_path in ends]
        nodes.append(_node(other, row, sibling, of_path=False))
        nodes.append(_node(own, row, path[len(steps) - row], of_path=True))
        x = own
    return PathDrawing(
        2 * _TOP + len(steps) * ROW + HIGH,
        tuple(nodes),
        tuple(edges),
        tuple(PathStep(left, b64encode(sibling)) for left, sibling in steps),
        b64encode(path[-1]),
    )


def _node(x: int, row: int, digest: bytes, *, of_path: bool) -> PathNode:
    return PathNode(x, _TOP + row * ROW, b64encode(digest), of_path)


def _sides(position: int, size: int, count: int) -> Iterator[bool]:
    """Yield of each hash of a proof, from the leaf up, whether it is a left sibling (RFC 6962)."""
    inner = (position ^ (size - 1)).bit_length()
    if count != inner + (position >> inner).bit_count():
        raise ProofRefused(f"the proof has {count} hashes")
    yield from (bool(position >> level & 1) for level in range(inner))
    yield from (True for _ in range(count - inner))
