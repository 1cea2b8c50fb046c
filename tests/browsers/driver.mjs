// Drives Chromium and Firefox through the pages of a ledger, and tells what was seen, as JSON.
//
//     node driver.mjs PACKAGES KIND < job.json
//
// PACKAGES is where npm has put axe-core and puppeteer-core; the kinds are at the end.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [, , packages, kind] = process.argv;
const require = createRequire(`${packages}/package.json`);
const { default: puppeteer } = await import(require.resolve("puppeteer-core"));
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const SHEET = { width: 695, height: 1010 }; // What of A4 is within the margins, at 96 dots an inch.
const LEAST = 24;
const PATIENCE = 120_000; // Milliseconds for a page of a busy machine.

const launched = (browser, executablePath) =>
  puppeteer.launch({
    browser,
    executablePath,
    args: browser === "chrome" && process.getuid() === 0 ? ["--no-sandbox"] : [],
  });

const chromium = () => launched("chrome", process.env.CHROMIUM || "/usr/bin/chromium");
const firefox = () => launched("firefox", process.env.FIREFOX || "/usr/bin/firefox-esr");

// Opens a tab; what its console says, what it throws, and each dialog is kept.
const opened = async (browser) => {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("console", (said) => {
    // A page of an error is one: that its own status says so is no complaint.
    const own = said.location().url === page.url() && said.text().startsWith("Failed to load");
    if (["error", "warn"].includes(said.type()) && !own) complaints.push(`console: ${said.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  page.on("dialog", async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  return { page, complaints };
};

// Has violations of the policy told, and shifts of what is laid out counted, from the first byte on.
const watch = (page) =>
  page.evaluateOnNewDocument(() => {
    globalThis.shifted = 0;
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) globalThis.shifted += each.value;
    }).observe({ type: "layout-shift", buffered: true });
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });

const settle = (page) =>
  page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );

// What axe finds; in the dark, only what colours can do.
const axe = async (page, scheme, options) => {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const { violations } = await page.evaluate(
    (given) => globalThis.axe.run(document, given),
    { resultTypes: ["violations"], ...options },
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ any, all, html }) => {
      const why = [...any, ...all].map(({ message }) => message).join("; ");
      return `${id}, ${scheme}: ${why}: ${html.slice(0, 200)}`;
    }),
  );
};

const laidOut = (page) =>
  page.evaluate((least) => {
    const { scrollWidth } = document.documentElement;
    const controls = "button, input:not([type=hidden]), select, textarea, summary";
    const small = [...document.querySelectorAll(controls)]
      .map((each) => {
        const label = each.matches("[type=radio], [type=checkbox]") && each.closest("label");
        const { width, height } = (label || each).getBoundingClientRect();
        return { html: each.outerHTML.slice(0, 200), width, height };
      })
      .filter(({ width, height }) => width > 1 && (width < least || height < least));
    return { sideways: [scrollWidth, innerWidth], shift: globalThis.shifted, small };
  }, LEAST);

const facts = (page) =>
  page.evaluate(() => {
    const skip = document.querySelector("body > a.skip");
    return {
      lang: document.documentElement.lang,
      skips: Boolean(skip && document.querySelector(skip.getAttribute("href"))),
      forms: [...document.forms].map(({ action, method, elements }) => ({
        action: new URL(action).pathname,
        method,
        fields: [...elements].map(({ name, type }) => ({ name, type })).filter(({ name }) => name),
      })),
    };
  });

// What the page says on paper, what of it is cut off on its sheet, and the file it is printed to.
const printed = async (page, file) => {
  await page.emulateMediaType("print");
  await page.setViewport(SHEET);
  const said = await page.evaluate(() => {
    const shown = [...document.querySelectorAll("body *")].filter((each) =>
      each.checkVisibility(),
    );
    const cut = shown.filter((each) => {
      const { overflowX } = getComputedStyle(each);
      const { right, width } = each.getBoundingClientRect();
      const hides = overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1;
      return width > 1 && (hides || right > innerWidth + 1);
    });
    return {
      text: document.body.innerText,
      controls: shown
        .filter((each) => each.matches("button:not(.choices *), [type=file]"))
        .map((each) => each.outerHTML.slice(0, 200)),
      cut: cut.map((each) => each.outerHTML.slice(0, 200)),
    };
  });
  await page.pdf({ path: file, preferCSSPageSize: true });
  await page.emulateMediaType(null);
  return { ...said, file };
};

const look = async ({ url, addresses, directory }) => {
  const browser = await chromium();
  const seen = {};
  for (const [number, address] of addresses.entries()) {
    const { page, complaints } = await opened(browser);
    const loaded = [];
    page.on("response", (response) => {
      if (response.url().startsWith("http")) loaded.push(response.url());
    });
    await watch(page);
    const found = { complaints, loaded, widths: {} };
    for (const viewport of [PHONE, DESK]) {
      await page.setViewport(viewport);
      const answer = await page.goto(`${url}${address}`);
      found.status = answer.status();
      await settle(page);
      const laid = await laidOut(page);
      await page.evaluate(AXE);
      const light = await axe(page, "light", { rules: { "target-size": { enabled: true } } });
      const dark = await axe(page, "dark", { runOnly: ["color-contrast"] });
      await page.emulateMediaFeatures([]);
      found.widths[viewport.width] = { ...laid, axe: [...light, ...dark] };
    }
    Object.assign(found, await facts(page));
    found.print = await printed(page, `${directory}/${number}.pdf`);
    await page.close();
    seen[address] = found;
  }
  await browser.close();
  return seen;
};

// What of a page a string may have become: elements, attributes, addresses that no page of ours has.
const become = (page, word) =>
  page.evaluate((word) => {
    const never =
      "iframe, object, embed, base, link[rel=stylesheet]:not([href^='/static/']), style, math, " +
      "template, noscript, img, foreignObject, meta[http-equiv], body > script, svg script, " +
      "script:not([src^='/static/']), form[action^='//']";
    const all = [...document.querySelectorAll("*")];
    const odd = all.filter((each) =>
      [...each.attributes].some(
        ({ name, value }) =>
          name.startsWith("on") ||
          name === "autofocus" ||
          (/^(href|src|action|data|formaction|xlink:href)$/.test(name) &&
            !/^([/?#]|https?:\/\/127\.0\.0\.1)(?!\/)/.test(value)),
      ),
    );
    const found = [...document.querySelectorAll(never), ...odd];
    const fields = [...document.querySelectorAll("input, textarea, option")];
    const said = [document.body.textContent, ...fields.map(({ value }) => value)].join("\n");
    return { odd: found.map((each) => each.outerHTML.slice(0, 300)), echoed: said.includes(word) };
  }, word);

// Gives each string to each page as it is asked, and to each form that sends its text.
const attack = async ({ url, word, addresses, texts }) => {
  const browser = await chromium();
  const seen = {};
  const tries = [
    ...addresses.map((address) => [address, (page) => page.goto(`${url}${address}`)]),
    ...texts.map(({ address, text }) => [
      `${address} ${text}`,
      async (page) => {
        await page.goto(`${url}${address}`);
        await page.$eval("textarea", (field, value) => { field.value = value; }, text);
        return (await Promise.all([page.waitForNavigation(), page.$eval("main form", (form) => form.submit())]))[0];
      },
    ]),
  ].values();
  const worker = async () => {
    const { page, complaints } = await opened(browser);
    await watch(page);
    for (const [name, send] of tries) {
      complaints.length = 0;
      const answer = await send(page).catch((error) => {
        throw new Error(`${name}: ${error.message}`);
      });
      seen[name] = { status: answer.status(), ...(await become(page, word)), complaints: [...complaints] };
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  await browser.close();
  return seen;
};

// Opens each page in one browser, and has some checked there, one after the other.
const open = async ({ url, browser: name, addresses, checks }) => {
  const browser = await (name === "firefox" ? firefox() : chromium());
  const seen = {};
  const { page, complaints } = await opened(browser);
  for (const address of addresses) {
    complaints.length = 0;
    const answer = await page.goto(`${url}${address}`);
    seen[address] = { status: answer.status(), complaints: [...complaints] };
  }
  const verdicts = [];
  for (const address of checks) {
    await page.goto(`${url}${address}`);
    verdicts.push(await checked(page));
  }
  await browser.close();
  return { seen, verdicts, complaints };
};

const checked = async (page) => {
  await (await page.waitForSelector(".check button")).click();
  const verdict = await page.waitForSelector(".check .verdict");
  return verdict.evaluate(({ className, innerText }) => [className, innerText]);
};

// Opens a tab each, all of one browser, while the first follows the log: HTTP/1.1 has six connections.
const tabs = async ({ url, addresses }) => {
  const browser = await chromium();
  const first = await browser.newPage();
  await first.goto(url);
  await first.evaluate(
    () => new Promise((done) => { new EventSource("/v1/stream").addEventListener("open", done); }),
  );
  const seen = {};
  for (const address of addresses) {
    const page = await browser.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    seen[address] = { status: (await page.goto(`${url}${address}`)).status(), asked };
  }
  await browser.close();
  return seen;
};

const kinds = { attack, look, open, tabs };

process.stdout.write(JSON.stringify(await kinds[kind](JSON.parse(await text(process.stdin)))));
