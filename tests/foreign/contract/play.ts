// The demo's story through a client that @hey-api/openapi-ts generated, signed by Node's own crypto.
// Each line of the input is an event to sign and submit, or a question; each is answered by a line.
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { createInterface } from "node:readline";

import { client } from "./published/client.gen";
import { checkLicence, getEntry, getTitle, submitEvent } from "./published/sdk.gen";
import type { Entry, LicenceCheck, Opening, Receipt, Title } from "./published/types.gen";

const TYPE = "application/vnd.techledger.event+json";

type Event = { payload: unknown; keys: string[]; openings: Opening[] };
type Question = { right: string; party: string; on: string; size: number; position: number; territories: string[] };

client.setConfig({ baseUrl: process.argv[2] });

/** RFC 8785 of what a payload holds: objects, lists, texts, integers, yes and no, null. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(",")}}`;
}

function signature(pem: string, payload: Buffer): { keyid: string; sig: string } {
  const key = createPrivateKey(pem);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const head = Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `);
  return {
    keyid: createHash("sha256").update(spki).digest("hex"),
    sig: sign(null, Buffer.concat([head, payload]), key).toString("base64"),
  };
}

async function submit(event: Event): Promise<object> {
  const payload = Buffer.from(canonical(event.payload));
  const { data, error } = await submitEvent({
    body: {
      envelope: {
        payload: payload.toString("base64"),
        payloadType: TYPE,
        signatures: event.keys.map((pem) => signature(pem, payload)),
      },
      openings: event.openings,
    },
  });
  if (data !== undefined) {
    const receipt = data as Receipt;
    return { position: receipt.position, grade: receipt.grade };
  }
  if (!("remedy" in error) || error.remedy === undefined) throw new Error(JSON.stringify(error));
  return { code: error.code, positions: error.positions, says: error.remedy.says };
}

async function ask(asked: Question): Promise<object> {
  const query = { true_on: asked.on, at_least: asked.size };
  const title: Title = (await getTitle({ path: { right: asked.right }, query, throwOnError: true })).data;
  const licensed: boolean[] = [];
  for (const territory of asked.territories) {
    const check: LicenceCheck = (
      await checkLicence({
        query: { ...query, party: asked.party, act: "sell", right: asked.right, territory, field: "C09D" },
        throwOnError: true,
      })
    ).data;
    licensed.push(check.licensed);
  }
  const owners = title.owners.map((owner) => [owner.party, ...owner.share]);
  const entry: Entry = (await getEntry({ path: { position: asked.position }, throwOnError: true })).data;
  return { owners, verdict: title.verdict, licensed, signers: entry.payload.signers };
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line) as Event | Question;
    console.log(JSON.stringify("payload" in job ? await submit(job) : await ask(job)));
  }
}

void main();
