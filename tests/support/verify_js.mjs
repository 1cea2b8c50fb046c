// Runs jobs of tests/support/verify_js.py by the page's own check; answers as it answers.

import { readFileSync } from "node:fs";

const { check } = await import(process.argv[2]);
const importKey = crypto.subtle.importKey;

const answers = [];
for (const job of JSON.parse(readFileSync(0))) {
  crypto.subtle.importKey = async function (format, raw, algorithm, ...rest) {
    if (job.without.includes(algorithm.name)) {
      throw new DOMException("Unrecognized name.", "NotSupportedError");
    }
    return importKey.call(this, format, raw, algorithm, ...rest);
  };
  const ask = async (since) => job.newest[since] ?? null;
  const started = performance.now();
  const answer = await check(Buffer.from(job.bundle, "base64"), job.asked, job.kept, ask);
  answers.push({ ...answer, ms: performance.now() - started });
}
console.log(JSON.stringify(answers));
