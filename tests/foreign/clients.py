"""
The drivers of the Python clients: run in their environments, where nothing of ours is installed.

`python clients.py <client>` reads a job as JSON and answers which files it verified, which flips
it did not refuse, and what it could not look at.
"""

# ruff: noqa: PLC0415  (each client is there only in its own environment)

import base64
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Job = dict[str, Any]


def receipt(raw: bytes) -> tuple[int, list[bytes], str]:
    """Take a tlog-proof apart: index, hashes, checkpoint."""
    head, gap, note = raw.partition(b"\n\n")
    magic, number, *hashes = head.decode().split("\n")
    word, _, index = number.partition(" ")
    if not gap or magic != "c2sp.org/tlog-proof@v1" or word != "index" or str(int(index)) != index:
        raise ValueError("no tlog-proof")
    decoded = [base64.b64decode(each, validate=True) for each in hashes]
    if [base64.b64encode(each).decode() for each in decoded] != hashes:
        raise ValueError("no hash")
    return int(index), decoded, note.decode()


def aics(job: Job, directory: Path) -> None:
    """Verify notes, all tiles, all entries, inclusion and consistency by aics-tlog."""
    import aics_tlog as tlog

    known = [tlog.parse_vkey(each) for each in job["keys"] if kind(each) in (1, 4)]
    log_key = next(key for key in known if key.key_type == 1)
    witnesses = [key for key in known if key.key_type == 4]
    note = tlog.parse_note((directory / "checkpoint").read_bytes())
    opened = tlog.verify_checkpoint(
        note, log_key, witnesses, len(witnesses), expected_origin=job["origin"]
    )
    must(opened.ok and len(note.signatures) == len(job["keys"]), "checkpoint")
    checkpoint = tlog.parse_checkpoint(note.text)
    tlog.audit_tiles(tlog.FileSystemTileReader(directory), checkpoint.size, checkpoint.root)
    index, hashes, text = receipt((directory / job["proof"]).read_bytes())
    must(text.encode() == (directory / "checkpoint").read_bytes(), "another checkpoint")
    entry = (directory / job["entry"]).read_bytes()
    must(
        tlog.verify_leaf_inclusion(entry, index, checkpoint.size, hashes, checkpoint.root),
        "inclusion",
    )
    old, root = job["oldSize"], base64.b64decode(job["oldRoot"])
    proof = [base64.b64decode(each) for each in job["old"]]
    must(tlog.verify_consistency(old, checkpoint.size, root, checkpoint.root, proof), "consistency")


def kind(vkey: str) -> int:
    """Return the type of a vkey."""
    return base64.b64decode(vkey.split("+", 2)[2])[0]


def must(holds: bool, what: str) -> None:  # noqa: FBT001  (a word that reads as one)
    """Raise a ValueError unless something holds."""
    if not holds:
        raise ValueError(what)


def metamorphic(job: Job, directory: Path) -> None:
    """Verify the note, inclusion and consistency by metamorphic-log, a Rust core."""
    import metamorphic_log as rust

    note = (directory / "checkpoint").read_bytes().decode()
    log_key = next(each for each in job["keys"] if kind(each) == 1)
    head = rust.checkpoint_verify(note, [log_key])
    must(head.origin == job["origin"] and note.count("\u2014") == 1, "origin")
    index, hashes, text = receipt((directory / job["proof"]).read_bytes())
    leaf = hashlib.sha256(b"\x00" + (directory / job["entry"]).read_bytes()).digest()
    rust.checkpoint_verify_inclusion(text, [log_key], index, leaf, hashes)
    proof = [base64.b64decode(each) for each in job["old"]]
    root = base64.b64decode(job["oldRoot"])
    rust.verify_consistency(job["oldSize"], head.size, proof, root, head.root)


def sigstore(job: Job, directory: Path) -> None:
    """Verify the inclusion proof by sigstore's Merkle code."""
    from sigstore._internal.merkle import verify_merkle_inclusion

    index, hashes, text = receipt((directory / job["proof"]).read_bytes())
    _, size, root, *_ = text.split("\n")
    must(0 <= index < int(size) and str(int(size)) == size, "index")
    proof = SimpleNamespace(
        log_index=index, tree_size=int(size), hashes=hashes, root_hash=base64.b64decode(root)
    )
    body = (directory / job["entry"]).read_bytes()
    inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=body)
    verify_merkle_inclusion(SimpleNamespace(_inner=inner))


def scales(job: Job, directory: Path) -> None:
    """Verify notes with ML-DSA, the root from the tiles, entries and proofs by tlog-scales."""
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import Vkey, VkeySet
    from tlog_scales.tlog import Checkpoint, ConsistencyProof, InclusionProof

    keys = VkeySet(*(Vkey.from_string(each) for each in job["keys"]))
    reader = TilesReader(LocalBackend(directory))
    checkpoint = reader.get_checkpoint()
    index, hashes, text = receipt((directory / job["proof"]).read_bytes())
    raw = (directory / "checkpoint").read_bytes()
    for each in (checkpoint, Checkpoint.from_text(text)):
        must(len(keys.verify(each.signatures, each)) == len(job["keys"]), "signatures")
    # It reads texts leniently: what it read must be the whole of what is there.
    must(checkpoint.serialize().encode() == raw == text.encode(), "note")
    must(checkpoint.origin == job["origin"], "origin")
    must(reader.calculate_root_hash() == checkpoint.root_hash, "root")
    leaves = [hashlib.sha256(b"\x00" + reader.get_entry(n)).digest() for n in range(reader.size)]
    must(leaves == [reader.mth(n, n + 1) for n in range(reader.size)], "entries")
    leaf = hashlib.sha256(b"\x00" + (directory / job["entry"]).read_bytes()).digest()
    InclusionProof(index, checkpoint.size, hashes).check(leaf, checkpoint.root_hash)
    old, root = job["oldSize"], base64.b64decode(job["oldRoot"])
    proof = [base64.b64decode(each) for each in job["old"]]
    must(reader.get_consistency_proof(old, checkpoint.size).node_hashes == proof, "consistency")
    ConsistencyProof(old, checkpoint.size, proof).check(root, checkpoint.root_hash)


def scitt(job: Job, directory: Path) -> None:
    """Verify a COSE receipt by scitt-cose."""
    from scitt_cose import verify_receipt

    said = verify_receipt(
        (directory / "receipt.cose").read_bytes(),
        leaf_entry_hex=(directory / job["entry"]).read_bytes().hex(),
        log_public_key_pem=job["pem"],
    )
    must(said.ok, "; ".join(said.errors))
    must((said.issuer, said.subject) == (job["origin"], job["subject"]), "claims")
    must(said.leaf_index == job["position"], "position")


CLIENTS: dict[str, Callable[[Job, Path], None]] = {
    "aics": aics,
    "metamorphic": metamorphic,
    "scales": scales,
    "scitt": scitt,
    "sigstore": sigstore,
}


def main() -> None:
    """Run the job on the input."""
    verify, job = CLIENTS[sys.argv[1]], json.load(sys.stdin)
    honest = Path(job["directory"])
    said: dict[str, Any] = {"honest": "verified", "tried": 0, "accepted": []}
    try:
        verify(job, honest)
    except Exception as error:  # noqa: BLE001  (whatever a client raises is its answer)
        said["honest"] = f"{type(error).__name__}: {error}"
    with tempfile.TemporaryDirectory() as forged:
        for path in honest.rglob("*"):
            if path.is_file():
                copy = Path(forged) / path.relative_to(honest)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        for flip in job["flips"]:
            file = Path(forged) / flip["path"]
            raw = bytearray(file.read_bytes())
            raw[flip["at"]] ^= 1 << flip["bit"]
            file.write_bytes(raw)
            said["tried"] += 1
            try:
                verify(job, Path(forged))
            except Exception:  # noqa: BLE001  (refused, as it must be)
                pass
            else:
                said["accepted"].append(flip)
            raw[flip["at"]] ^= 1 << flip["bit"]
            file.write_bytes(raw)
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
