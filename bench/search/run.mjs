// Measures the static search in Chromium, beside Pagefind on the same records, in one run.
//   npm install && node run.mjs FOLDER
// FOLDER is what `walkback bench search --work FOLDER` wrote: site/ with the export, records.jsonl.
import { createServer } from "node:http";
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import * as pagefind from "pagefind";

const folder = process.argv[2];
const site = join(folder, "site");
const queries = readFileSync(new URL("queries.txt", import.meta.url), "utf8").split("\n").filter(Boolean);
const NETWORK = { offline: false, latency: 60, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };

// ENGINES=walkback leaves Pagefind out: it takes minutes where records are many.
const wanted = (process.env.ENGINES ?? "walkback,pagefind").split(",");
const started = Date.now();
if (wanted.includes("pagefind") && !existsSync(join(site, "pagefind"))) {
  const { index } = await pagefind.createIndex({});
  for await (const line of createInterface({ input: createReadStream(join(folder, "records.jsonl")) })) {
    const { url, text, service } = JSON.parse(line);
    await index.addCustomRecord({ url, content: text, language: "en", meta: { title: service } });
  }
  await index.writeFiles({ outputPath: join(site, "pagefind") });
  await pagefind.close();
}
const pagefindSeconds = (Date.now() - started) / 1000;

// A static host: compresses text, leaves the rest as it is, and counts what it sends.
let sent = 0;
let requests = 0;
const TEXT = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  let file = join(site, path);
  if (existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
  if (!existsSync(file)) return response.writeHead(404).end();
  const type = TEXT[extname(file)];
  const bytes = type ? gzipSync(readFileSync(file)) : readFileSync(file);
  // Headers and their like cost about this much a request.
  sent += bytes.length + 250;
  requests += 1;
  response.writeHead(200, {
    "content-type": type ?? "application/octet-stream",
    "cache-control": "max-age=600",
    ...(type ? { "content-encoding": "gzip" } : {}),
  }).end(bytes);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

const engines = {
  walkback: {
    page: "/search/",
    ready: () => true,
    ask: (typed) => {
      const input = document.querySelector("main form input");
      input.value = typed;
      input.form.requestSubmit();
    },
    done: (typed) => document.querySelector("#results").getAttribute("aria-busy") !== "true" &&
      new URLSearchParams(location.search).get("q") === typed && document.querySelector("#said").textContent !== "",
    total: () => document.querySelector("#said").textContent,
  },
  pagefind: {
    page: "/pagefind.html",
    ready: () => globalThis.ready === true,
    ask: (typed) => { globalThis.answer = null; globalThis.ask(typed); },
    done: () => globalThis.answer !== null,
    total: () => String(globalThis.answer),
  },
};

async function open(engine) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  await client.send("Network.emulateNetworkConditions", NETWORK);
  [sent, requests] = [0, 0];
  const begun = performance.now();
  await page.goto(base + engine.page);
  await page.waitForFunction(engine.ready);
  return { context, page, begun };
}

async function ask(engine, page, typed) {
  const begun = performance.now();
  await page.evaluate(engine.ask, typed);
  await page.waitForFunction(engine.done, typed, { timeout: 60_000 });
  return performance.now() - begun;
}

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
const worst = (list) => Math.max(...list);
const weigh = (path) => {
  let [files, bytes] = [0, 0];
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) (files += 1), (bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size);
  }
  return { files, bytes };
};

const results = {};
for (const [name, engine] of Object.entries(engines).filter(([name]) => wanted.includes(name))) {
  const [cold, coldTime, warm, warmTime] = [[], [], [], []];
  for (const typed of queries.slice(0, 8)) {
    const { context, page, begun } = await open(engine);
    await ask(engine, page, typed);
    cold.push(sent);
    coldTime.push(performance.now() - begun);
    await context.close();
  }
  const { context, page } = await open(engine);
  await ask(engine, page, "privacy");
  for (const typed of queries) {
    [sent, requests] = [0, 0];
    warmTime.push(await ask(engine, page, typed));
    warm.push(sent);
    if (process.env.VERBOSE) console.error(name, typed, sent, requests, await page.evaluate(engine.total));
  }
  await context.close();
  results[name] = {
    cold_kb: [mean(cold), worst(cold)].map((n) => Math.round(n / 1000)),
    cold_ms: [mean(coldTime), worst(coldTime)].map(Math.round),
    warm_kb: [mean(warm), worst(warm)].map((n) => Math.round(n / 1000)),
    warm_ms: [mean(warmTime), worst(warmTime)].map(Math.round),
    ...weigh(join(site, name === "walkback" ? "search-index" : "pagefind")),
  };
}
if (results.pagefind) results.pagefind.built_s = pagefindSeconds;
console.log(JSON.stringify(results));
await browser.close();
server.close();
