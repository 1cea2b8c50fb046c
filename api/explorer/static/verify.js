// Checks, in the reader's browser, what a page of this ledger rests on: an evidence bundle.
//
// Written from docs/spec (bundle, event, log, seal, authority); read `examine` first, all above
// serves its steps. It loads nothing but the ledger's own API and believes nothing in what that
// answers. What it trusts is what this browser kept from its first visit, or a trust.json that the
// reader brings. What browsers cannot verify (ML-DSA) and what is left out here is told, each time:
// `limit` says what is never checked here, `doubt` also keeps the answer from being green.

const TYPE = "application/vnd.techledger.event+json";
const MAX_BUNDLE = 1 << 28, MAX_NOTE = 1 << 20, MAX_ENTRY = 65535, MAX_SHOWN = 2000;
const NEVER = "never"; // Behind all instants, as texts.
const [TRUST, CHECKPOINT, TREE, GENESIS, FORM, SIGNATURES, PREFIX, HISTORY, OPENINGS, CONCLUSION] =
  [1, 2, 3, 4, 5, 8, 9, 10, 11, 12];
export const STEPS = [
  TRUST, CHECKPOINT, TREE, GENESIS, FORM, SIGNATURES, PREFIX, HISTORY, OPENINGS, CONCLUSION,
];

class Wrong extends Error {
  constructor(code, values) {
    super(`${code} ${values.join(" ")}`);
    Object.assign(this, { code, values });
  }
}

function must(holds, code, ...values) {
  if (!holds) throw new Wrong(code, values);
}

/** What was found: where the work stands, what was seen, and what could not be. */
class Report {
  step = TRUST;
  position = null;
  told = [];
  ran = new Set();
  failed = null;

  begin(step, position = null) {
    this.ran.add(step);
    Object.assign(this, { step, position });
  }

  tell(weight, code, values) {
    const before = (each) => each.code === code && canonical(each.values) === canonical(values);
    if (this.told.some(before)) return;
    this.told.push({ weight, code, values, step: this.step, position: this.position });
  }

  say = (code, ...values) => this.tell("seen", code, values);
  limit = (code, ...values) => this.tell("limit", code, values);
  doubt = (code, ...values) => this.tell("doubt", code, values);

  fail(error) {
    const { code = "unreadable", values = [String(error)] } = error;
    this.failed = { weight: "wrong", code, values, step: this.step, position: this.position };
  }

  state(step) {
    if (this.failed) return step === this.failed.step ? "failed" : "open";
    const noted = this.told.some((each) => each.step === step && each.weight !== "seen");
    return this.ran.has(step) ? (noted ? "noted" : "passed") : "open";
  }

  get answer() {
    const { told, failed } = this;
    const doubted = told.some(({ weight }) => weight === "doubt");
    return {
      state: failed ? "red" : doubted ? "amber" : "green",
      steps: STEPS.map((step) => ({ step, state: this.state(step) })),
      told: failed ? [...told, failed] : told,
      unchecked: told.filter(({ weight }) => weight === "limit" || weight === "doubt").length,
    };
  }
}

// Bytes, hashes, Base64 and JSON: each value has one spelling, so no byte changes unnoticed.
const bytes = (text) => new TextEncoder().encode(text);
const utf8 = (raw) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
const hex = (raw) => Array.from(raw, (each) => each.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const same = (a, b) => a.length === b.length && a.every((each, n) => each === b[n]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

function binary(raw) {
  let text = "";
  for (let at = 0; at < raw.length; at += 8192) {
    text += String.fromCharCode(...raw.subarray(at, at + 8192));
  }
  return text;
}

const base64 = (raw) => btoa(binary(raw));

function unbase64(text, size) {
  let raw = null;
  try {
    raw = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  } catch {
    must(false, "base64", told(text));
  }
  must(base64(raw) === text && [undefined, raw.length].includes(size), "base64", told(text));
  return raw;
}

/** A value so far as anybody reads it. */
function told(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const member = (name) => `${JSON.stringify(name)}:${canonical(value[name])}`;
  return `{${Object.keys(value).sort().map(member)}}`;
}

function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    must(false, "not_json", told(text));
  }
  must(canonical(value) === text, "spelling", told(text));
  return value;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string" && !/\p{Cs}/u.test(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isHash = (value) => isText(value) && unbase64(value, 32);
const isList = (one) => (value) => Array.isArray(value) && value.every((each) => one(each));
const isMaybe = (one) => (value) => value === null || one(value);
const isOf = (shape) => (value) =>
  isObject(value) &&
  canonical(Object.keys(value).sort()) === canonical(Object.keys(shape).sort()) &&
  Object.entries(shape).every(([name, one]) => one(value[name]));

function checkOrder(items, what) {
  items.forEach((each, n) => must(!n || items[n - 1] < each, "order", what, told(each)));
}

/** What no signed payload may hold (docs/spec/event.md, "Canonical JSON"). */
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\p{Cs}\p{Co}]/u;

function checkValue(value, depth = 0) {
  if (typeof value === "string") {
    const good = !HIDDEN.test(value) && value.normalize("NFC") === value;
    must(good && bytes(value).length <= 16384, "payload_value", told(value));
  } else if (typeof value === "object" && value !== null) {
    const names = Object.keys(value), most = Array.isArray(value) ? 4096 : 512;
    must(depth < 16 && names.length <= most, "payload_value", told(value));
    for (const name of names) {
      const named = Array.isArray(value) || /^[a-z][a-z0-9_]{0,63}$/.test(name);
      must(named, "payload_value", told(name));
      checkValue(value[name], depth + 1);
    }
  } else {
    const number = Number.isSafeInteger(value) || value === null || typeof value === "boolean";
    must(number, "payload_value", told(value));
  }
}

// The tree (RFC 9162, 2.1.3.2 and 2.1.4.2).
const leafHash = (entry) => sha256([0], entry);
const node = (left, right) => sha256([1], left, right);

/** Go up by the hashes beside a node; return the roots of its prefix and of the tree. */
async function climb(at, last, hashes) {
  must(hashes.length, "proof_length", 0);
  let [prefix, whole] = [hashes[0], hashes[0]];
  const half = () => ([at, last] = [Math.floor(at / 2), Math.floor(last / 2)]);
  for (const beside of hashes.slice(1)) {
    if (at % 2 || at === last) {
      [prefix, whole] = [await node(beside, prefix), await node(beside, whole)];
      while (at && at % 2 === 0) half();
    } else {
      whole = await node(whole, beside);
    }
    half();
  }
  must(last === 0, "proof_length", hashes.length);
  return [prefix, whole];
}

/** Hold a consistency proof against two roots. */
async function checkPrefix(old, head, proof) {
  must(old.size <= head.size, "cut_short", old.size, head.size);
  if (old.size === 0 || old.size === head.size) {
    must(!proof.length, "proof_length", proof.length);
    const twice = old.size && !same(old.root, head.root);
    must(!twice, "forked", old.size, base64(old.root), base64(head.root));
    return;
  }
  let [at, last] = [old.size - 1, head.size - 1];
  while (at % 2) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  const whole = Number.isInteger(Math.log2(old.size));
  const found = await climb(at, last, whole ? [old.root, ...proof] : proof);
  const holds = same(found[0], old.root) && same(found[1], head.root);
  must(holds, "forked", old.size, base64(old.root), base64(head.root));
}

// Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy).
const ED25519 = 1, COSIGNATURE = 4, MLDSA44 = 6;
const SIZES = { [ED25519]: 32, [COSIGNATURE]: 32, [MLDSA44]: 1312 };
const THE_YEAR_1000 = -30610224000, THE_YEAR_3000 = 32503680000; // In POSIX seconds.

async function readKey(vkey) {
  const [, name, id, rest] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? [];
  must(rest, "log_key", told(vkey));
  const typed = unbase64(rest);
  const label = hex((await sha256(bytes(`${name}\n`), typed)).subarray(0, 4));
  must(id === label && SIZES[typed[0]] === typed.length - 1, "log_key", told(vkey));
  return { vkey, name, kind: typed[0], raw: typed.subarray(1), label: `${name} ${label}` };
}

function readHead(text) {
  const [origin, size, root, end, ...more] = text.split("\n");
  const three = origin && root && end === "" && !more.length;
  must(three && /^(0|[1-9]\d{0,15})$/.test(size) && isCount(+size), "checkpoint_form", told(text));
  return { origin, size: +size, root: unbase64(root, 32) };
}

function readNote(note) {
  must(note.length <= MAX_NOTE && !/[\0-\t\v-\x1f]/.test(note), "note_form", told(note));
  const gap = note.lastIndexOf("\n\n"), lines = note.slice(gap + 2).split("\n");
  const whole = gap >= 0 && lines.pop() === "" && lines.length > 0 && lines.length <= 100;
  must(whole, "note_form", told(note));
  const signed = lines.map((line) => {
    const [dash, name, encoded, more] = line.split(" ");
    must(dash === "\u2014" && name && encoded && more === undefined, "note_form", told(line));
    const blob = unbase64(encoded);
    must(blob.length > 4, "note_form", told(line));
    return { name, label: `${name} ${hex(blob.subarray(0, 4))}`, blob: blob.subarray(4) };
  });
  return { text: note.slice(0, gap + 1), signed };
}

/** Whether a raw key of Ed25519 signed; null where this browser cannot say. */
async function verifyEd25519(raw, signature, message) {
  const key = await imported("raw", raw, { name: "Ed25519" });
  return key && crypto.subtle.verify("Ed25519", key, signature, message);
}

/** A public key; null where this browser does not know the algorithm. */
async function imported(format, raw, algorithm) {
  try {
    return await crypto.subtle.importKey(format, raw, algorithm, true, ["verify"]);
  } catch (error) {
    must(error.name === "NotSupportedError", "key_form", base64(raw).slice(0, 60));
    return null;
  }
}

/** Verify a line of a note; return its time in seconds (0: none), null: it was not verified. */
async function checkLine(report, key, text, blob) {
  const dated = new DataView(joined(blob, Array(8)).buffer).getBigUint64(0);
  const time = key.kind === ED25519 ? 0 : Number(dated);
  must(time < THE_YEAR_3000, "line_time", key.label);
  if (key.kind === MLDSA44) {
    must(blob.length === 8 + 2420, "line_wrong", key.label);
    report.limit("mldsa_line", key.label);
    return null;
  }
  const cosigned = key.kind === COSIGNATURE;
  const message = bytes(cosigned ? `cosignature/v1\ntime ${time}\n${text}` : text);
  const verified = await verifyEd25519(key.raw, cosigned ? blob.subarray(8) : blob, message);
  must(verified !== false, "line_wrong", key.label);
  if (verified === null) report.doubt("no_ed25519", key.label);
  return verified ? time : null;
}

async function readPolicy(text) {
  const policy = { logs: [], witnesses: new Map(), groups: [], quorum: null };
  const names = new Set(["none"]);
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/[ \t]+/);
    if (!word || word[0] === "#") continue;
    const [name, value, ...members] = rest;
    const fresh = ["log", "quorum"].includes(word) || (name && !names.has(name));
    must(fresh, "policy_form", told(line));
    if (word === "log") policy.logs.push(await readKey(name));
    else if (word === "witness") policy.witnesses.set(name, await readKey(value));
    else if (word === "group") {
      must(members.length && members.every((each) => names.has(each)), "policy_form", told(line));
      const least = { all: members.length, any: 1 }[value] ?? Number(value);
      must(least >= 1 && least <= members.length, "policy_form", told(line));
      policy.groups.push({ name, least, members });
    } else {
      must(word === "quorum" && names.has(name) && !policy.quorum, "policy_form", told(line));
      policy.quorum = name;
    }
    if (fresh && word !== "quorum" && word !== "log") names.add(name);
  }
  must(policy.quorum, "policy_form", told(text));
  return policy;
}

function reaches(policy, cosigned) {
  const reached = new Set(["none", ...cosigned]);
  for (const { name, least, members } of policy.groups) {
    if (members.filter((each) => reached.has(each)).length >= least) reached.add(name);
  }
  return reached.has(policy.quorum);
}

/** Open a checkpoint by the keys and the policy that the log had at its size (step 2). */
async function openCheckpoint(report, log, note) {
  const { text, signed } = readNote(note), head = readHead(text);
  must(head.origin === log.origin, "other_log", told(head.origin), log.origin);
  const own = await Promise.all(log.keysAt(head.size).map(readKey));
  const policy = await log.policyAt(head.size);
  const logs = policy ? policy.logs.map(({ name, raw }) => name + hex(raw)) : [];
  const listed = own.some(({ name, raw }) => logs.includes(name + hex(raw)));
  must(!logs.length || listed, "policy_of_others", log.origin);
  const known = new Map([...own, ...(policy?.witnesses.values() ?? [])].map((k) => [k.label, k]));
  const verified = new Set(), times = [];
  for (const { label, blob } of signed) {
    if (!known.has(label) && !policy) continue;
    must(known.has(label), "line_unknown", told(label));
    const time = await checkLine(report, known.get(label), text, blob);
    if (time !== null) verified.add(label);
    if (time) times.push(time);
  }
  const lines = new Set(signed.map(({ label }) => label));
  for (const { label } of own) must(lines.has(label), "line_missing", label);
  const by = own.filter(({ label }) => verified.has(label)).map(({ label }) => label);
  if (by.length) report.say("log_signed", head.size, base64(head.root), by.join(", "));
  if (!policy) report.doubt("policy_unknown", head.size);
  else if (policy.quorum === "none") report.limit("no_witnesses");
  else {
    const among = (set) =>
      [...policy.witnesses].filter(([, key]) => set.has(key.label)).map(([name]) => name);
    const there = among(lines);
    must(reaches(policy, there), "quorum_missing", told(policy.quorum), there.join(", "));
    const named = among(verified);
    report.say("witnessed", named.length, policy.witnesses.size, named.join(", ") || "–");
    if (!reaches(policy, named)) report.doubt("quorum_unread", told(policy.quorum));
  }
  return { ...head, note, times };
}

// Entries and events (docs/spec/event.md).
const FRAME = new RegExp(
  `^techledger-entry/v1\\naccepted (.{24})\\ntype ${TYPE.replace(/[.+]/g, "\\$&")}` +
    "((?:\\nsig [0-9a-f]{64} [A-Za-z0-9+/]+=*){1,32})$",
);
const FORMS = {
  event_id: /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  nonce: /^[A-Za-z0-9_-]{21}[AQgw]$/,
  type: /^[a-z_]+\.[a-z_]+\/[1-9][0-9]{0,3}$/,
};
const LISTED = { signers: /^party:[a-z0-9.-]{1,80}$/, subjects: /^[a-z]+:[a-z0-9.-]{1,80}$/ };
const MEMBERS = "body event_id issued_at ledger nonce not_after signers subjects type".split(" ");
const MINUTE = 60_000, DAY = 86_400_000;

function instant(text) {
  const time = isText(text) ? Date.parse(text) : NaN;
  const there = time >= THE_YEAR_1000 * 1000 && time < THE_YEAR_3000 * 1000;
  must(there && new Date(time).toISOString() === text, "instant", told(text));
  return time;
}

function readEvent(raw, position, origin) {
  const whole = binary(raw), gap = whole.indexOf("\n\n");
  const [, accepted, block] = FRAME.exec(whole.slice(0, gap)) ?? [];
  must(accepted && raw.length <= MAX_ENTRY, "frame", raw.length);
  const lines = block.slice(1).split("\n").map((line) => {
    const [, keyId, signature] = line.split(" ");
    return { keyId, signature: unbase64(signature) };
  });
  checkOrder(lines.map(({ keyId }) => keyId), "sig");
  const payload = raw.subarray(gap + 2);
  let text = "";
  try {
    text = utf8(payload);
  } catch {
    must(false, "not_json", position);
  }
  const says = parse(text);
  checkValue(says);
  const names = isObject(says) ? Object.keys(says).filter((name) => name !== "seen") : [];
  must(canonical(names.sort()) === canonical(MEMBERS), "members", told(names));
  must(isObject(says.body) && isCount(says.seen ?? 0), "members", told(says.body));
  must(says.ledger === (origin ?? says.ledger), "other_log", told(says.ledger), origin);
  for (const [name, form] of Object.entries(FORMS)) {
    must(isText(says[name]) && form.test(says[name]), "header", name, told(says[name]));
  }
  const [now, issued, end] = [accepted, says.issued_at, says.not_after].map(instant);
  const timely = issued <= now + 5 * MINUTE && now <= end && end <= issued + 90 * DAY;
  must(timely && issued <= end, "not_in_time", accepted, says.issued_at, says.not_after);
  for (const [name, form] of Object.entries(LISTED)) {
    const good = isList((each) => isText(each) && form.test(each))(says[name]) && says[name].length;
    must(good, "header", name, told(says[name]));
    checkOrder(says[name], name);
  }
  const { type, body, signers } = says;
  return { position, raw, accepted, lines, payload, says, type, body, signers };
}

// Who may sign (docs/spec/authority.md): of what changes keys, mandates, the log's keys and policy,
// the signers are held to their row of the table. Of every other type that is left out, and said.
const SIGNERS = {
  "key.added/1": "party @officers?vouched_by",
  "key.resumed/1": "lifted_by|@officers",
  "key.revoked/1": "revoked_by|@officers",
  "key.stopped/1": "stopped_by",
  "key.suspended/1": "suspended_by",
  "ledger.closed/1": "@officers",
  "ledger.delay_adopted/1": "stopped_by|@officers",
  "ledger.log_keys_adopted/1": "@officers",
  "ledger.opened/1": "parties/*/party",
  "ledger.operation_handed_over/1": "@officers operator",
  "ledger.policy_adopted/1": "@operator approved_by/*",
  "ledger.refusal_keys_adopted/1": "@officers",
  "ledger.sealed/1": "@operator",
  "mandate.ended/1": "ended_by",
  "mandate.given/1": "principal @operator",
  "party.registered/1": "party @operator @registrar?!kind=person @registrar?roles/*",
  "party.stopped/1": "@registrar",
};

function valuesAt(body, path) {
  let found = [body];
  for (const name of path.split("/")) {
    found = found.flatMap((one) => (name === "*" ? one : [one?.[name]])).filter((v) => v != null);
  }
  return found;
}

function signersOf(event, officers) {
  const named = (source) => officers[source] ?? valuesAt(event.body, source);
  const wanted = SIGNERS[event.type].split(" ").flatMap((each) => {
    const [word, condition] = each.split("?");
    if (condition) {
      const [path, value] = condition.replace("!", "").split("=");
      const found = valuesAt(event.body, path);
      const holds = value ? found.includes(value) : found.length > 0;
      if (holds === condition.startsWith("!")) return [];
    }
    return word.split("|").map(named).find((parties) => parties.length) ?? [];
  });
  return [...new Set(wanted)].sort();
}

/** What the entries shown record of keys, mandates and the log itself, in their order. */
class Log {
  keys = new Map();
  parties = new Set();
  mandates = [];
  ended = new Map();
  operators = [];
  logKeys = [];
  policies = [];
  texts = new Map();
  speakers = null;
  closed = Infinity;

  constructor(origin) {
    this.origin = origin;
  }

  officersAt(position) {
    const operator = this.operators.filter(([since]) => since <= position).at(-1)?.[1] ?? "";
    const both = [operator, this.registrar];
    return { "@operator": [operator], "@registrar": [this.registrar], "@officers": both };
  }

  keysAt(size) {
    return this.logKeys.filter(([since]) => since <= size).at(-1)[1];
  }

  /** The policy that counts at a size; null where its text is not shown. */
  async policyAt(size) {
    const text = this.texts.get(this.policies.filter(([since]) => since <= size).at(-1)[1]);
    return text === undefined ? null : readPolicy(text);
  }

  async known(text) {
    const digest = `sha256:${hex(await sha256(bytes(text)))}`;
    this.texts.set(digest, text);
    return digest;
  }

  async follow(event) {
    const { type, body, position } = event;
    for (const { party } of registered(event)) {
      must(!this.parties.has(party), "party_twice", party);
      this.parties.add(party);
    }
    for (const key of broughtKeys(event)) {
      must(!this.keys.has(key.keyId), "key_twice", key.keyId);
      this.keys.set(key.keyId, key);
    }
    const key = this.keys.get(body.key_id);
    const mandate = this.mandates.find((each) => each.body.mandate === body.mandate);
    const changes = /^key\.(revoked|stopped|suspended|resumed)\//.test(type);
    const changeable = key && key.party === body.party && key.revoked === Infinity;
    must(!changes || changeable, "key_unknown", told(body.key_id));
    switch (type) {
      case "ledger.opened/1":
        must(position === 0, "opened_twice");
        this.operators.push([0, body.operator]);
        this.registrar = body.registrar;
        this.logKeys.push([0, body.log_keys]);
        this.policies.push([0, body.policy_sha256]);
        break;
      case "key.revoked/1":
      case "key.stopped/1":
        key.revoked = position;
        break;
      case "key.suspended/1":
        key.suspended.push({ from: position, to: Infinity, by: body.suspended_by });
        break;
      case "key.resumed/1":
        must(key.suspended.at(-1)?.to === Infinity, "key_unknown", told(body.key_id));
        key.suspended.at(-1).to = position;
        break;
      case "party.stopped/1":
        this.parties.delete(body.party);
        for (const each of this.keys.values()) {
          if (each.party === body.party && each.revoked === Infinity) each.revoked = position;
        }
        break;
      case "party.merged/1":
      case "party.dissolved/1":
      case "person.erased/1":
        this.ended.set(body.token ?? body.party, position);
        break;
      case "mandate.given/1":
        must(!mandate, "mandate_twice", told(body.mandate));
        this.mandates.push({ body, given: position, ended: Infinity });
        break;
      case "mandate.ended/1":
        must(mandate && mandate.ended === Infinity, "mandate_unknown", told(body.mandate));
        mandate.ended = position;
        break;
      case "ledger.log_keys_adopted/1":
        must(body.log_keys.some((each) => this.logKeys.at(-1)[1].includes(each)), "log_keys_new");
        this.logKeys.push([position + 1, body.log_keys]);
        break;
      case "ledger.policy_adopted/1":
        await this.adoptPolicy(event);
        break;
      case "ledger.operation_handed_over/1":
        this.operators.push([position + 1, body.operator]);
        break;
      case "ledger.closed/1":
        this.closed = position;
    }
  }

  /** Those approve a policy who speak for two of the three groups of witnesses before it. */
  async adoptPolicy({ position, body }) {
    const { approved_by: by, speakers, policy, policy_sha256: digest } = body;
    const named = new Map(speakers.map(({ party, group }) => [party, group]));
    const others = [...named].filter(([, group]) => group !== "state");
    const first = new Map([...others, [this.registrar, "state"]]);
    const groups = new Set(by.map((party) => (this.speakers ?? first).get(party)));
    const [operator] = this.officersAt(position)["@operator"];
    const agreed = groups.size > 1 && !groups.has(undefined) && !by.includes(operator);
    const begun = this.speakers || by.includes(this.registrar);
    must(agreed && begun, "policy_unapproved", by.join(", "));
    const found = await this.known(policy.map((line) => `${line}\n`).join(""));
    must(found === digest, "policy_other", found, told(digest));
    this.policies.push([position + 1, digest]);
    this.speakers = named;
  }
}

/** The parties that an event registers, each with its keys. */
function registered({ type, body }) {
  return { "ledger.opened/1": body.parties, "party.registered/1": [body] }[type] ?? [];
}

function broughtKeys({ type, body, position }) {
  const key = (party, record) => ({
    keyId: record.key_id, party, algorithm: record.algorithm, spki: unbase64(record.public_key),
    added: position, notBefore: body.not_before ?? "", notAfter: body.not_after ?? NEVER,
    revoked: Infinity, suspended: [],
  });
  if (type === "key.added/1") return [key(body.party, body.key)];
  const parties = registered({ type, body });
  return parties.flatMap(({ party, keys }) => keys.map((record) => key(party, record)));
}

const ALGORITHMS = {
  ed25519: { name: "Ed25519" },
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "rsa-pss-sha256": { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
};
const HALF_OF_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;

/** Load a party's key, in its one encoding and under its hash; null: no browser verifies by it. */
async function load(key) {
  must(hex(await sha256(key.spki)) === key.keyId, "key_id", key.keyId);
  const algorithm = ALGORITHMS[key.algorithm];
  must(algorithm || key.algorithm === "ml-dsa-65", "key_form", told(key.algorithm));
  const loaded = algorithm ? await imported("spki", key.spki, algorithm) : null;
  if (!loaded) return null;
  const one = new Uint8Array(await crypto.subtle.exportKey("spki", loaded));
  must(same(one, key.spki), "key_form", key.keyId);
  const { modulusLength: bits = 3072, publicExponent = [1, 0, 1] } = loaded.algorithm;
  must(bits >= 3072 && bits <= 4096 && same([1, 0, 1], [...publicExponent]), "key_form", key.keyId);
  return loaded;
}

/** Read ECDSA's (r, s) from strict DER as WebCrypto has it; of the two forms that with low s. */
function unpackDer(der) {
  let at = 2;
  const number = () => {
    const length = der[at + 1], raw = der.subarray(at + 2, at + 2 + length);
    const spare = raw[0] === 0 && !(raw[1] & 0x80);
    must(der[at] === 2 && length > 0 && length <= 33 && raw.length === length, "der");
    must(!(raw[0] & 0x80) && !spare && (length < 33 || raw[0] === 0), "der");
    at += 2 + length;
    return joined(Array(32), raw).slice(-32);
  };
  must(der[0] === 0x30 && der[1] === der.length - 2, "der");
  const [r, s] = [number(), number()];
  must(at === der.length, "der");
  must(BigInt(`0x${hex(s)}`) <= HALF_OF_P256, "high_s");
  return joined(r, s);
}

async function checkSignature(report, key, signature, message) {
  key.loaded ??= load(key);
  const loaded = await key.loaded;
  if (!loaded) return report.doubt("key_unread", key.algorithm, key.keyId, key.party);
  const raw = key.algorithm.startsWith("ecdsa") ? unpackDer(signature) : signature;
  const verified = await crypto.subtle.verify(ALGORITHMS[key.algorithm], loaded, raw, message);
  must(verified, "signature_wrong", key.keyId, key.party);
}

/** A key that the log held before an event, and that still bound its party then. */
function keyInForce(log, keyId, { position, accepted, type, body }) {
  const key = log.keys.get(keyId);
  must(key && key.added < position, "key_unknown", keyId);
  must(key.revoked >= position, "key_revoked", keyId, key.party, key.revoked);
  const held = key.suspended.find(({ from, to }) => from < position && position <= to);
  const stops = /^(key\.stopped|ledger\.delay_adopted)\//.test(type) && body.stopped_by != null;
  const only = (stops || type === "party.stopped/1") && held?.by !== key.party;
  must(!held || only, "key_suspended", keyId, key.party, held?.from);
  must(key.notBefore <= accepted && accepted < key.notAfter, "key_not_in_time", keyId, key.party);
  return key;
}

/** Hold every signature, and whom it binds, to what is recorded before it (step 8). */
async function checkSignatures(report, log, event) {
  const { position, type, body, signers, lines, payload } = event;
  must(position <= log.closed, "closed", log.closed);
  const officers = log.officersAt(position), both = officers["@officers"];
  if (SIGNERS[type]) {
    const wanted = signersOf(event, officers);
    const listed = [signers.join(", "), wanted.join(", ")];
    must(canonical(wanted) === canonical(signers), "signers", ...listed);
  }
  for (const each of signers) {
    must((log.ended.get(each) ?? position) >= position, "party_ended", each);
  }
  const brought = new Map(broughtKeys(event).map(({ keyId }) => [keyId, log.keys.get(keyId)]));
  for (const keyId of brought.keys()) {
    must(lines.some((line) => line.keyId === keyId), "key_silent", keyId);
  }
  const message = joined(bytes(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `), payload);
  const bound = new Set(), older = new Set();
  const apart = both.every((each) => signers.includes(each)) ? both : [];
  for (const { keyId, signature } of lines) {
    const key = brought.get(keyId) ?? keyInForce(log, keyId, event);
    await checkSignature(report, key, signature, message);
    const own = signers.filter((each) => each === key.party);
    const others = signers.filter((each) => each !== key.party && !apart.includes(each));
    const mandated = (each) => hasMandate(report, log, each, key, event);
    const trusted = brought.has(keyId) ? [] : others.filter(mandated);
    must(own.length + trusted.length, "binds_nobody", keyId, key.party);
    for (const each of [...own, ...trusted]) bound.add(each);
    if (!brought.has(keyId) && keyId !== body.key_id) older.add(key.party);
  }
  for (const each of signers) must(bound.has(each), "unbound", each);
  const alone = type === "key.added/1" && (body.vouched_by == null || both.includes(body.party));
  must(!alone || older.has(body.party), "not_older", told(body.party));
  const voucher = body.vouched_by ?? null;
  const vouches = voucher === null || (both.includes(voucher) && voucher !== body.party);
  must(type !== "key.added/1" || vouches, "not_older", told(voucher));
  return lines.length;
}

/** Whether a mandate binds a signer by the key of its holder; sums are not held to its ceiling. */
function hasMandate(report, log, signer, { party }, { position, accepted, type }) {
  const today = new Date(instant(accepted) + 7 * 60 * MINUTE).toISOString().slice(0, 10);
  const found = log.mandates.filter(({ body, given, ended }) =>
    body.principal === signer && body.holder === party && given < position && position <= ended &&
    body.topics.some((topic) => topic === "*" || topic === type.split("/")[0]) &&
    body.valid_from <= today && (body.valid_to === null || today < body.valid_to));
  const capped = found.length && found.every(({ body }) => body.ceiling !== null);
  if (capped) report.doubt("ceiling", found[0].body.mandate, signer);
  else if (found.length) report.say("by_mandate", signer, party, found[0].body.mandate);
  return found.length > 0;
}

// The bundle (docs/spec/bundle.md) and what a seal says of subjects (docs/spec/seal.md).
const BUNDLE = isOf({
  format: (value) => value === "techledger-bundle/v1",
  checkpoint: isText,
  policy: isText,
  seal: isMaybe(isCount),
  entries: isList(isOf({ entry: isText, position: isCount, proof: isList(isHash) })),
  earlier: isList(isOf({ checkpoint: isText, proof: isList(isHash) })),
  histories: isList(isOf({
    subject: isText,
    siblings: isList(isHash),
    value: isMaybe(isOf({ chain: isText, count: isCount, last: isCount })),
    other: isMaybe(isOf({ key: isText, value_sha256: isText })),
  })),
  openings: isList(isOf({ position: isCount, opening: isObject })),
});

function readBundle(raw) {
  must(raw.length <= MAX_BUNDLE && raw.at(-1) === 10, "bundle_form", raw.length);
  let text = "";
  try {
    text = utf8(raw.subarray(0, -1));
  } catch {
    must(false, "bundle_form", raw.length);
  }
  const bundle = parse(text);
  must(BUNDLE(bundle), "bundle_form", raw.length);
  must(bundle.entries.length <= MAX_SHOWN, "bundle_form", bundle.entries.length);
  checkOrder(bundle.entries.map(({ position }) => position), "entries");
  checkOrder(bundle.histories.map(({ subject }) => subject), "histories");
  return bundle;
}

/** Hold the entries shown of a subject against what the sealed map says of it (step 10). */
async function checkHistory({ subject, value, siblings, other }, mapRoot, entries) {
  must(LISTED.subjects.test(subject) && siblings.length <= 256, "map_path", told(subject));
  const key = await sha256(bytes(subject));
  let chain = await sha256(bytes("techledger/chain/v1\n"), bytes(subject));
  for (const { raw } of entries) chain = await sha256(chain, await leafHash(raw));
  const last = entries.at(-1)?.position ?? 0;
  const shown = { chain: `sha256:${hex(chain)}`, count: entries.length, last };
  const whole = canonical(value) === canonical(entries.length ? shown : null);
  must(whole, "history_differs", subject, entries.length, value?.count ?? 0);
  const bit = (of, depth) => (of[depth >> 3] >> (7 - (depth % 8))) & 1;
  let end = new Uint8Array(32);
  if (other !== null) {
    const hashes = Object.values(other).every((each) => /^[0-9a-f]{64}$/.test(each));
    must(hashes && value === null, "map_path", subject);
    const beside = unhex(other.key);
    const along = siblings.every((_, depth) => bit(beside, depth) === bit(key, depth));
    must(along && !same(beside, key), "map_path", subject);
    end = await sha256([0], beside, unhex(other.value_sha256));
  } else if (value !== null) {
    end = await sha256([0], key, await sha256(bytes(canonical(value))));
  }
  for (let depth = siblings.length - 1; depth >= 0; depth -= 1) {
    const beside = unbase64(siblings[depth]);
    end = await (bit(key, depth) ? node(beside, end) : node(end, beside));
  }
  must(same(end, mapRoot), "map_path", subject);
}

/** What `ask` answers: the newest checkpoint, and how it goes on from a size; null: nothing. */
async function askNewest(report, log, ask, since) {
  const answer = await ask(since);
  if (answer === null) return null;
  must(answer !== "shorter", "shorter", since);
  must(isText(answer.checkpoint) && isList(isHash)(answer.proof), "unreadable", told(answer));
  const head = await openCheckpoint(report, log, answer.checkpoint);
  return { ...head, proof: answer.proof.map((each) => unbase64(each)) };
}

/** Show that what this browser kept and what the bundle has are one log (step 9); else null. */
async function goesOn(report, log, old, head, ask) {
  if (old.size === head.size) {
    await checkPrefix(old, head, []);
    report.say("kept_same", old.size);
    return head;
  }
  for (let tries = 0; tries < 3; tries += 1) {
    const one = await askNewest(report, log, ask, old.size);
    const two = await askNewest(report, log, ask, head.size);
    if (!one || !two) break;
    if (one.size !== two.size) continue; // It grew between the two questions.
    must(same(one.root, two.root), "forked", one.size, base64(one.root), base64(two.root));
    await checkPrefix(old, one, one.proof);
    await checkPrefix(head, two, two.proof);
    report.say("kept_goes_on", old.size, one.size);
    return one;
  }
  report.doubt("kept_unasked", old.size);
  return null;
}

/**
 * Check a bundle, in the steps of docs/spec/bundle.md.
 *
 * `asked` is {positions, subjects, payload, conclusion}: what it has to show, what the page says
 * that an entry says, and whether the page concludes anything from it. `kept` is what is trusted,
 * {origin, genesis_sha256, log_keys, checkpoint, policy}, or null. Returns what to keep, if so.
 */
async function examine(report, raw, asked, kept, ask) {
  report.begin(FORM);
  const bundle = readBundle(raw);
  const shown = new Map(bundle.entries.map((each) => [each.position, unbase64(each.entry)]));

  report.begin(GENESIS); // Entry 0 is the one that is trusted.
  must(shown.has(0), "genesis_missing");
  const genesis = hex(await sha256(shown.get(0)));
  must(!kept || kept.genesis_sha256 === genesis, "genesis_other", genesis, kept?.genesis_sha256);
  const opened = readEvent(shown.get(0), 0, kept?.origin), origin = opened.says.ledger;
  must(opened.type === "ledger.opened/1" && opened.body.origin === origin, "genesis_missing");
  report.say("genesis", origin, genesis);

  const log = new Log(origin), events = new Map(), faults = new Map();
  for (const [position, entry] of shown) { // Who governs the log is read first, and checked below.
    try {
      report.begin(FORM, position);
      const event = readEvent(entry, position, origin);
      report.begin(SIGNATURES, position);
      await log.follow(event);
      events.set(position, event);
    } catch (wrong) {
      faults.set(position, [report.step, wrong]);
    }
  }
  const tellFault = (position) => {
    const [step, wrong] = faults.get(position) ?? [];
    if (!wrong) return;
    report.begin(step, position);
    throw wrong;
  };
  tellFault(0); // Without it nobody governs the log.

  report.begin(TRUST); // What this browser kept, or the reader brought.
  const digest = await log.known(bundle.policy);
  await log.known("quorum none\n");
  if (kept?.policy) await log.known(kept.policy);
  if (!kept) report.doubt("first_time", origin, genesis);
  else {
    const had = log.logKeys.some(([, keys]) => canonical(keys) === canonical(kept.log_keys));
    must(had, "keys_other", told(kept.log_keys.join(" ")));
    report.say(kept.checkpoint ? "kept" : "brought", origin, genesis);
  }

  report.begin(CHECKPOINT); // Signed by the log's keys and a quorum of the policy.
  const { size: stated } = readHead(readNote(bundle.checkpoint).text);
  const counts = log.policies.filter(([since]) => since <= stated).at(-1)[1];
  must(digest === counts, "policy_other", digest, counts);
  const head = await openCheckpoint(report, log, bundle.checkpoint);

  let newest = head;
  if (bundle.earlier.length) report.begin(PREFIX);
  for (const { checkpoint, proof } of bundle.earlier) { // Earlier checkpoints are of prefixes.
    const old = await openCheckpoint(report, log, checkpoint);
    await checkPrefix(old, head, proof.map((each) => unbase64(each)));
    report.say("earlier", old.size, head.size);
  }
  if (kept?.checkpoint) {
    report.begin(PREFIX);
    newest = await goesOn(report, log, readHead(readNote(kept.checkpoint).text), head, ask);
  }

  let before = "", signatures = 0;
  const ids = new Set(), tooLate = Math.min(...head.times.map((time) => time + 61)) * 1000;
  for (const { position, proof } of bundle.entries) {
    report.begin(TREE, position); // Each entry hashes up to the root.
    must(position < head.size, "beyond", position, head.size);
    const leaf = await leafHash(shown.get(position));
    const path = [leaf, ...proof.map((each) => unbase64(each))];
    const [, root] = await climb(position, head.size - 1, path);
    must(same(root, head.root), "root_differs", base64(root), base64(head.root));
    tellFault(position);
    const event = events.get(position);
    report.begin(FORM, position); // Form, identity and time.
    must(before <= event.accepted, "before_the_last", event.accepted, before);
    must(instant(event.accepted) < tooLate, "after_witnesses", event.accepted);
    must(!ids.has(event.says.event_id), "event_twice", event.says.event_id);
    ids.add(event.says.event_id);
    before = event.accepted;
    report.begin(SIGNATURES, position); // Parties' signatures.
    signatures += await checkSignatures(report, log, event);
  }
  report.begin(TREE);
  for (const each of asked.positions) must(events.has(each), "entry_missing", each);
  report.say("included", shown.size, head.size);
  report.begin(FORM);
  report.limit("about");
  for (const each of asked.positions) {
    const { type, accepted, says, signers } = events.get(each);
    if (asked.payload) {
      must(canonical(JSON.parse(asked.payload)) === canonical(says), "page_differs", each);
    }
    report.say("entry", each, type, accepted, says.event_id, signers.join(", "));
  }
  report.begin(SIGNATURES);
  report.say("signatures", signatures, shown.size);
  report.limit("authority");

  if (bundle.seal !== null || bundle.histories.length) {
    report.begin(HISTORY, bundle.seal); // Under the seal, whole histories.
    const seal = events.get(bundle.seal), { size = 0, map_root: mapRoot = "" } = seal?.body ?? {};
    const good = seal?.type === "ledger.sealed/1" && size > 0 && size <= bundle.seal;
    must(good && /^sha256:[0-9a-f]{64}$/.test(mapRoot), "seal", told(bundle.seal));
    for (const history of bundle.histories) {
      const { subject } = history;
      const of = [...events.values()].filter(({ says }) => says.subjects.includes(subject));
      const below = of.filter(({ position }) => position < size);
      await checkHistory(history, unhex(mapRoot.slice(7)), below);
      if (asked.subjects.includes(subject)) {
        const behind = of.length - below.length;
        report.say("whole", subject, below.length, size);
        if (behind) report.limit("behind_seal", subject, behind);
      }
    }
    report.limit("since_seal", size);
  } else {
    report.begin(HISTORY);
    report.limit("no_seal");
  }
  for (const each of asked.subjects) {
    const named = [...events.values()].some((event) => event.says.subjects.includes(each));
    const whole = bundle.histories.some(({ subject }) => subject === each);
    if (!named) report.doubt(whole ? "named_by_none" : "not_shown", each);
    else if (!whole) report.doubt("not_whole", each);
  }
  if (bundle.openings.length) {
    report.begin(OPENINGS);
    report.doubt("openings", bundle.openings.length);
  }
  if (asked.conclusion) {
    report.begin(CONCLUSION);
    report.doubt("conclusion");
  }
  if (!newest) return null; // What was kept stays.
  const [log_keys, checkpoint] = [log.keysAt(newest.size), newest.note];
  return { origin, genesis_sha256: genesis, log_keys, checkpoint };
}

/** Check a bundle; return {state, steps, told, unchecked, keep}. */
export async function check(raw, asked, kept, ask) {
  const report = new Report();
  let keep = null;
  try {
    keep = await examine(report, raw, asked, kept, ask);
  } catch (error) {
    report.fail(error);
  }
  return { ...report.answer, keep };
}

// The page: a button, and what was found, in the words that the server gave in the page's language.
const MARKS = { passed: "\u2713", noted: "!", failed: "\u2717", open: "\u2013" };
const WEIGHED = { seen: "\u2713", limit: "!", doubt: "!", wrong: "\u2717" };
const KEPT = "techledger";

function element(name, properties, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

function readKept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

/** Keep what is trusted from now on; say whether this browser can. */
function keepOn(kept) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return false;
  }
}

async function askServer(since) {
  try {
    const answer = await fetch(`/v1/consistency?since=${since}`, { cache: "no-store" });
    return answer.status === 404 ? "shorter" : answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Fetch the evidence of the page and check it; `given` is the reader's own trust root, or null. */
async function checkPage(query, given) {
  const nothing = (code, ...values) => {
    const [step, position] = [CHECKPOINT, null];
    return { state: "amber", steps: [], told: [{ weight: "doubt", code, values, step, position }] };
  };
  if (!globalThis.crypto?.subtle) return nothing("no_crypto");
  let raw = null;
  try {
    const answer = await fetch(`/v1/evidence?${query}`, { cache: "no-store" });
    if (!answer.ok) return nothing("no_evidence", answer.status);
    raw = new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    return nothing("no_evidence", String(error));
  }
  const stored = readKept(), params = new URLSearchParams(query);
  const signed = document.getElementById("as-signed");
  const alike = stored?.genesis_sha256 === given?.genesis_sha256;
  const asked = {
    positions: params.getAll("position").map(Number),
    subjects: params.getAll("subject"),
    payload: signed?.textContent,
    conclusion: !signed, // What shows no entry as it was signed answers a question.
  };
  const kept = given ? { ...(alike && stored), ...given } : stored;
  const found = await check(raw, asked, kept, askServer);
  if (found.keep && !keepOn(found.keep)) {
    const [step, position] = [TRUST, null];
    found.told.push({ weight: "doubt", code: "not_kept", values: [], step, position });
    found.state = "amber";
  }
  return found;
}

function start(section) {
  const words = JSON.parse(section.dataset.words), query = section.dataset.evidence;
  const escaped = (each) => `\\u{${each.codePointAt(0).toString(16)}}`;
  const shown = (value) => String(value).replace(new RegExp(HIDDEN, "gu"), escaped);
  const say = (code, values = []) => words[code].replace(/\{(\d)\}/g, (_, n) => shown(values[n]));
  const line = ({ weight, code, values, position }) => {
    const at = position === null ? "" : ` (${say("at_entry", [position])})`;
    return element("li", { className: weight }, `${WEIGHED[weight]} ${say(code, values)}${at}`);
  };
  const row = ({ step, state }, told) => {
    const of = told.filter((each) => each.step === step);
    const head = `${MARKS[state]} ${say(`step_${step}`)}: ${say(`state_${state}`)}`;
    return element("li", { className: state }, head, element("ul", {}, ...of.map(line)));
  };
  const result = element("div", { role: "status" });
  const button = element("button", { type: "button" }, say("button"));
  const file = element("input", { type: "file", accept: ".json" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.replaceChildren(say("working"));
    let given = null, found = null;
    try {
      given = file.files.length ? JSON.parse(await file.files[0].text()) : null;
      found = await checkPage(query, given);
    } catch (error) {
      const [weight, code, values] = ["wrong", "unreadable", [String(error)]];
      const wrong = { weight, code, values, step: TRUST, position: null };
      found = { state: "red", steps: [], told: [wrong] };
    }
    const { state, steps, told } = found;
    const first = told.filter(({ weight }) => weight === { red: "wrong", amber: "doubt" }[state]);
    const rest = told.filter(({ weight }) => weight === "limit").length;
    const word = element("strong", {}, say(state));
    const verdict = element("p", { className: `verdict ${state}` }, word);
    const reasons = element("ul", { className: "reasons" }, ...first.map(line));
    const unread = state !== "red" && rest ? [element("p", {}, say("left_out", [rest]))] : [];
    const list = element("ol", {}, ...steps.map((each) => row(each, told)));
    const all = element("details", {}, element("summary", {}, say("all_steps")), list);
    result.replaceChildren(verdict, reasons, ...unread, ...(steps.length ? [all] : []));
    button.disabled = false;
  });
  const own = element("label", {}, say("own_trust"), " ", file);
  const digest = element("p", { className: "digest" });
  section.append(element("p", {}, button), element("p", {}, own), result, digest);
  const told = async (answer) => {
    const raw = new Uint8Array(await answer.arrayBuffer());
    const text = crypto.subtle ? hex(await sha256(raw)) : say("no_crypto");
    digest.append(`${say("script")} `, element("code", {}, text));
  };
  fetch(import.meta.url).then(told).catch(() => {}); // It fails for a reader who has gone on.
}

if (globalThis.document) document.querySelectorAll("[data-words]").forEach(start);
