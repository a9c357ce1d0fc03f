// Lighthouse at its mobile emulation, and the first paint at 60 ms and 10 Mbit, on any built site:
// `[ROUNDS=3] [BUSY=1] node lighthouse.mjs SITE [PLACE…]`. Each category has to reach 95 in the middle of the rounds.
// A busy machine lowers the performance alone: with BUSY it has to reach 50, and the first paint is told, not judged.
// Prints a table and `N passed, N failed`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const [site, ...given] = process.argv.slice(2);
if (!site) { console.error("usage: node lighthouse.mjs SITE [PLACE…]"); process.exit(2); }
const rounds = Number(process.env.ROUNDS ?? 3);
const busy = Boolean(process.env.BUSY);
const folders = (path) => readdirSync(join(site, path), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => `${path}${e.name}/`).sort();
const policy = folders("services/").flatMap(folders).find((place) => existsSync(join(site, place, "history.json")));
const places = given.length ? given : ["", policy, folders("findings/")[0], "search/"];

const { server, base } = await serve(site);
const port = 9222 + (process.pid % 1000);
const args = ["--no-sandbox", `--remote-debugging-port=${port}`];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function firstPaint(place) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  await client.send("Network.emulateNetworkConditions", { offline: false, latency: 60, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 });
  await page.goto(base + place, { waitUntil: "load" });
  const at = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const time = await at.jsonValue();
  await context.close();
  return time;
}

const failures = [];
let passed = 0;
for (const place of places) {
  const runs = [];
  const paints = [];
  for (let i = 0; i < rounds; i++) {
    const { lhr } = await lighthouse(base + place, { port, output: "json", logLevel: "error" });
    runs.push(lhr);
    paints.push(await firstPaint(place));
  }
  const scores = Object.keys(runs[0].categories).map((id) => [id, Math.round(100 * middle(runs.map((run) => run.categories[id].score)))]);
  const audit = (id) => Math.round(middle(runs.map((run) => run.audits[id].numericValue)));
  const paint = Math.round(middle(paints));
  console.log(
    `${(place || "home").padEnd(44)} ${scores.map(([id, score]) => `${id} ${score}`).join("  ")}  first paint ${paint} ms at 60 ms and 10 Mbit  ` +
    `slow 4G: first paint ${audit("first-contentful-paint")} ms, blocked ${audit("total-blocking-time")} ms, ${Math.round(audit("total-byte-weight") / 1000)} kB; ` +
    `this machine's speed index ${Math.round(middle(runs.map((run) => run.environment.benchmarkIndex)))}`,
  );
  for (const [id, score] of scores) {
    if (score >= (busy && id === "performance" ? 50 : 95)) passed++;
    else failures.push(`${place || "home"}: ${id} ${score}`);
  }
  if (busy) continue;
  if (paint < 1000) passed++;
  else failures.push(`${place || "home"}: first paint after ${paint} ms`);
}
await browser.close();
server.close();
failures.forEach((failure) => console.log(`FAILED ${failure}`));
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
