"""Python clients that nobody here wrote: a whole C2SP client, and sigstore's Merkle code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.log.merkle import root_of
from ledger.publish.cose import CoseSigner, Included
from tests.foreign.conftest import FLIPS_A_FILE, POSITION, SIZE, Sample, proof_of
from tests.support.sample_log import ORIGIN, seed, write_files

DRIVER = str(Path(__file__).parent / "clients.py")


def verified_and_refused(
    said: dict[str, Any], files: list[str]
) -> tuple[str, list[dict[str, Any]], bool]:
    return said["honest"], said["accepted"], said["tried"] == FLIPS_A_FILE * len(files)


def test_aics_tlog(
    classical: Sample, environment: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    """Notes with cosignatures, every tile, every entry, inclusion and consistency."""
    python = environment("aics", "aics-tlog==0.2.1", "aics-witness==0.1.0", newest=True)
    flips = classical.flips(2, classical.files)
    said = ask([str(python), DRIVER, "aics"], {**classical.job, "flips": flips})
    assert ("verified", [], True) == verified_and_refused(said, classical.files)


def test_tlog_scales(
    sample: Sample, environment: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    """Notes with ML-DSA-44, the root and the entries from the tiles, inclusion, consistency."""
    python = environment("scales", "tlog-scales==0.0.3")
    flips = sample.flips(6, sample.files)
    said = ask([str(python), DRIVER, "scales"], {**sample.job, "flips": flips})
    assert ("verified", [], True) == verified_and_refused(said, sample.files)


def test_sigstore(plain: Sample, environment: Callable[..., Path], ask: Callable[..., Any]) -> None:
    """Inclusion alone: it is given no checkpoint to trust, so the entry is what is flipped."""
    python = environment("sigstore", "sigstore==4.5.1")
    flips = plain.flips(4, ["entry"])
    said = ask([str(python), DRIVER, "sigstore"], {**plain.job, "flips": flips})
    assert ("verified", [], True) == verified_and_refused(said, ["entry"])


def test_scitt_cose(
    plain: Sample,
    environment: Callable[..., Path],
    ask: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """A COSE receipt: every flip is refused but those of the tree's size, which nobody signs."""
    leaves, private = plain.log.leaves(), Ed25519PrivateKey.from_private_bytes(seed("log"))
    hashes = proof_of(plain.log)
    included = Included(SIZE, root_of(leaves), POSITION, hashes)
    receipt = CoseSigner(ORIGIN, "+".join(plain.keys[0].split("+", 2)[:2]), private).sign(
        "urn:x", included
    )
    entry = plain.log.entries[POSITION]
    write_files(tmp_path, {"receipt.cose": receipt, "entry": entry})
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    job = {"directory": str(tmp_path), "pem": public.decode(), "subject": "urn:x"}
    each_bit = [
        {"path": path, "at": at, "bit": bit}
        for path in ("receipt.cose", "entry")
        for at in range((tmp_path / path).stat().st_size)
        for bit in range(8)
    ]
    python = environment("scitt", "scitt-cose==0.5.0")
    said = ask([str(python), DRIVER, "scitt"], {**plain.job, **job, "flips": each_bit})
    assert ("verified", len(each_bit)) == (said["honest"], said["tried"])
    size_at = receipt.index(cbor2.dumps(SIZE) + cbor2.dumps(POSITION))
    assert {("receipt.cose", size_at + n) for n in (1, 2)} >= {
        (flip["path"], flip["at"]) for flip in said["accepted"]
    }
