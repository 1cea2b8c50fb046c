// Verifies a log's note and a receipt in JavaScript: Ed25519 by Node, ML-DSA-44 by noble, inclusion
// by sigstore. Reads a job as JSON on standard input; answers which flips it did not refuse.

import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "package.json"));
const { ml_dsa44 } = await import(require.resolve("@noble/post-quantum/ml-dsa.js"));
const { verifyMerkleInclusion } = require(
  join(process.argv[2], "node_modules/@sigstore/verify/dist/tlog/merkle.js"),
);

const must = (holds, what) => {
  if (!holds) throw new Error(what);
};

const unbase64 = (text) => {
  const raw = Buffer.from(text, "base64");
  must(raw.toString("base64") === text, "base64");
  return raw;
};

const vkey = (text) => {
  const [name, id, ...rest] = text.split("+");
  const typed = unbase64(rest.join("+"));
  return { name, id, type: typed[0], key: typed.subarray(1) };
};

const uint64 = (number) => {
  const raw = Buffer.alloc(8);
  raw.writeBigUInt64BE(BigInt(number));
  return raw;
};

const counted = (text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

const ed25519 = (key, message, signature) => {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
  const known = createPublicKey({ key: der, format: "der", type: "spki" });
  return signature.length === 64 && verify(null, message, known, signature);
};

const signs = (key, text, blob) => {
  if (key.type === 1) return ed25519(key.key, Buffer.from(text), blob);
  const [time, signature] = [blob.subarray(0, 8), blob.subarray(8)];
  if (key.type === 4) {
    const head = `cosignature/v1\ntime ${time.readBigUInt64BE()}\n`;
    return ed25519(key.key, Buffer.from(head + text), signature);
  }
  const [origin, size, root] = text.split("\n");
  const message = Buffer.concat([
    Buffer.from("subtree/v1\n\0"), counted(key.name), time, counted(origin),
    uint64(0), uint64(size), unbase64(root),
  ]);
  return signature.length === 2420 && ml_dsa44.verify(signature, message, key.key);
};

// The note is signed by each of the keys, and by nobody else; it is of the log, and of three lines.
const open = (raw, job) => {
  const text = raw.toString("utf8");
  must(Buffer.from(text).equals(raw), "UTF-8");
  const at = text.lastIndexOf("\n\n");
  const [body, block] = [text.slice(0, at + 1), text.slice(at + 2)];
  const lines = block.split("\n");
  must(at >= 0 && lines.pop() === "", "a note");
  const keys = job.keys.map(vkey);
  must(lines.length === keys.length, "as many lines as keys");
  for (const line of lines) {
    const [dash, name, encoded, more] = line.split(" ");
    must(dash === "\u2014" && more === undefined, "a line");
    const blob = unbase64(encoded);
    const key = keys.find((k) => k.name === name && k.id === blob.subarray(0, 4).toString("hex"));
    must(key && signs(key, body, blob.subarray(4)), `the line of ${name}`);
  }
  const [origin, size, root, end, more] = body.split("\n");
  must(origin === job.origin && end === "" && more === undefined, "a checkpoint");
  must(String(BigInt(size)) === size, "a size");
  return { logSize: BigInt(size), logHash: unbase64(root) };
};

const check = (job, read) => {
  open(read("checkpoint"), job);
  const proof = read(job.proof).toString("latin1");
  const at = proof.indexOf("\n\n");
  const [magic, index, ...hashes] = proof.slice(0, at).split("\n");
  must(magic === "c2sp.org/tlog-proof@v1" && /^index (0|[1-9][0-9]*)$/.test(index), "a proof");
  const checkpoint = open(Buffer.from(proof.slice(at + 2), "latin1"), job);
  const inclusionProof = { logIndex: index.slice(6), hashes: hashes.map(unbase64) };
  const leaf = { inclusionProof, canonicalizedBody: read(job.entry) };
  verifyMerkleInclusion(leaf, checkpoint);
};

const job = JSON.parse(readFileSync(0));
const files = new Map(
  ["checkpoint", job.proof, job.entry].map((name) => [name, readFileSync(join(job.directory, name))]),
);
const said = { honest: "verified", tried: 0, accepted: [] };
try {
  check(job, (name) => files.get(name));
} catch (error) {
  said.honest = String(error);
}
for (const flip of job.flips) {
  const forged = Buffer.from(files.get(flip.path));
  forged[flip.at] ^= 1 << flip.bit;
  said.tried += 1;
  try {
    check(job, (name) => (name === flip.path ? forged : files.get(name)));
    said.accepted.push(flip);
  } catch {
    // Refused, as it must be.
  }
}
console.log(JSON.stringify(said));
