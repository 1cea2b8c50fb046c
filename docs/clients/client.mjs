// A client in JavaScript (node 20, nothing else), written from docs/ alone: it makes a key, registers
// with it, records a technology, and believes nothing that the server says before it has verified it.
// node has no ML-DSA: of the log's two signature lines both must be there, the Ed25519 one is verified, and that is said.
//
//   node client.mjs play URL trust.json            prints the registration for the operator to sign
//                                                  too, and reads it back as a line of its input
//   node client.mjs verify ENTRY PROOF trust.json  0: it is in the signed log; 1: it is not
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const TYPE = "application/vnd.techledger.event+json";
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((each) => Buffer.from(each)))).digest();
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const strict = (text) => {  // Base64 in the one spelling that an encoder writes
  const bytes = Buffer.from(text, "base64");
  must(bytes.toString("base64") === text, "it is not Base64 as an encoder writes it");
  return bytes;
};

function must(holds, what) {
  if (!holds) throw new Error(what);
}

// docs/spec/event.md, Canonical JSON: names in order, no spaces, integers only.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function makePayload(origin, type, body, signers, subjects) {
  const now = Date.now();
  return Buffer.from(canonical({
    body, type, ledger: origin, event_id: uuid7(), nonce: randomBytes(16).toString("base64url"),
    issued_at: new Date(now).toISOString(), not_after: new Date(now + 7 * 86400e3).toISOString(),
    signers: [...signers].sort(), subjects: [...subjects].sort(),
  }));
}

// The envelope: DSSE, a signature over "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload.
function signEnvelope(payload, key) {
  const message = Buffer.concat([Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `), payload]);
  const line = { keyid: key.id, sig: sign(null, message, key.privateKey).toString("base64") };
  return { payload: payload.toString("base64"), payloadType: TYPE, signatures: [line] };
}

// The entry that an envelope becomes: what is hashed as the leaf of the log.
function entryOf(envelope, accepted) {
  const lines = [...envelope.signatures].sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  const head = ["techledger-entry/v1", `accepted ${accepted}`, `type ${TYPE}`, ...lines.map((each) => `sig ${each.keyid} ${each.sig}`)];
  return Buffer.concat([Buffer.from(head.join("\n") + "\n\n"), Buffer.from(envelope.payload, "base64")]);
}

// docs/spec/log.md, Opening a checkpoint: a line by each key of the trust root, verified by the Ed25519 ones.
function openCheckpoint(note, trust) {
  const end = note.indexOf("\n\n");
  const text = note.slice(0, end + 1), lines = note.slice(end + 2).split("\n");
  const [origin, size, root, ...more] = text.split("\n");
  must(end > 0 && origin === trust.origin && /^(0|[1-9][0-9]*)$/.test(size) && more.join() === "", "it is no checkpoint of this log");
  must(lines.pop() === "" && lines.every((each) => /^\u2014 [^ +]+ [A-Za-z0-9+/]+=*$/.test(each)), "behind the text stands what is no signature line");
  const keys = trust.log_keys.map((each) => each.split("+")).map(([name, id, ...key]) => ({ name, id, key: strict(key.join("+")) }));
  must([1, 6].every((type) => keys.some(({ key }) => key[0] === type)), "the trust root has no Ed25519 or no ML-DSA-44 key");
  for (const { name, id, key } of keys) {
    must(hex(sha256(name, "\n", key).subarray(0, 4)) === id, "the trust root's key has another id");
    const blobs = lines.filter((each) => each.startsWith(`\u2014 ${name} `)).map((each) => strict(each.slice(3 + name.length)));
    const ours = blobs.filter((blob) => hex(blob.subarray(0, 4)) === id);
    must(ours.length > 0, `a key of the log has not signed it: ${id}`);
    const known = { key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key.subarray(1)]), format: "der", type: "spki" };
    const good = (blob) => verify(null, Buffer.from(text), createPublicKey(known), blob.subarray(4));
    must(key[0] !== 1 || ours.every(good), "the log's Ed25519 signature is not good");
  }
  return { size: Number(size), root: strict(root) };
}

// RFC 6962, section 2.1.1: from the leaf's sibling up to the root.
function rootFrom(leaf, index, size, hashes) {
  let [at, last, root] = [index, size - 1, leaf];
  for (const each of hashes) {
    must(each.length === 32 && last > 0, "the proof has a hash too many");
    if (at % 2 === 1 || at === last) {
      root = sha256([1], each, root);
      while (at % 2 === 0 && at > 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else root = sha256([1], root, each);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  must(last === 0, "the proof has a hash too few");
  return root;
}

function verifyReceipt(entry, proof, trust) {
  const end = proof.indexOf("\n\n"), [magic, index, ...hashes] = proof.slice(0, end).split("\n");
  must(magic === "c2sp.org/tlog-proof@v1" && /^index (0|[1-9][0-9]*)$/.test(index), "it is no tlog-proof");
  const position = Number(index.slice(6)), checkpoint = openCheckpoint(proof.slice(end + 2), trust);
  must(position < checkpoint.size, "the entry is not below the checkpoint's size");
  const root = rootFrom(sha256([0], entry), position, checkpoint.size, hashes.map(strict));
  must(root.equals(checkpoint.root), "the proof does not lead to the signed root");
  return `position ${position} of ${checkpoint.size}, Ed25519 line verified, ML-DSA-44 line there, not verified`;
}

async function submit(url, envelope, trust) {
  const answer = await fetch(`${url}/v1/events`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ envelope }) });
  const said = await answer.json();
  must(answer.status === 201, `${said.code}: ${said.detail}`);
  console.log(`verified ${verifyReceipt(entryOf(envelope, said.accepted), said.proof, trust)}${answer.headers.get("replayed") ? ", replayed" : ""}`);
  return said;
}

async function play(url, trust) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const spki = publicKey.export({ type: "spki", format: "der" });
  const key = { privateKey, id: hex(sha256(spki)) };
  const person = `party:tok.${hex(randomBytes(16))}`;
  const { operator } = (await (await fetch(`${url}/v1/entries/0`)).json()).payload.body;
  const record = { key_id: key.id, algorithm: "ed25519", public_key: spki.toString("base64") };
  const registration = { party: person, kind: "person", name: null, roles: [], seat: "VN", keys: [record] };
  console.log(JSON.stringify(signEnvelope(makePayload(trust.origin, "party.registered/1", registration, [person, operator], [person, `key:${key.id}`]), key)));
  for await (const line of createInterface({ input: process.stdin })) {
    await submit(url, JSON.parse(line), trust);
    const technology = `technology:${uuid7()}`;
    const body = {
      technology, title: "Quy trình chiết", summary: "Chiết ở nhiệt độ thấp", object_kind: "process", trl: 4,
      owners: [{ party: person, share: [1, 1] }], state_funded_ppm: 0, category: null,
    };
    const envelope = signEnvelope(makePayload(trust.origin, "technology.registered/1", body, [person], [technology, person]), key);
    await submit(url, envelope, trust);
    await submit(url, envelope, trust);  // As after an answer that was lost: the same bytes.
    break;
  }
}

const [what, ...given] = process.argv.slice(2);
if (what === "play") await play(given[0], JSON.parse(readFileSync(given[1])));
else {
  try {
    console.log(`verified ${verifyReceipt(readFileSync(given[0]), readFileSync(given[1]).toString(), JSON.parse(readFileSync(given[2])))}`);
  } catch (error) {
    console.log(`refused: ${error.message}`);
    process.exitCode = 1;
  }
}
