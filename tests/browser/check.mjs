// Looks at each kind of page in a real Chromium: axe-core, console, requests, widths, keyboard, print,
// without JavaScript, the comparison and search. `[ONLY=kind,kind] [SAMPLE=n] node check.mjs SITE [SCREENSHOTS]` looks at any
// built site, with SAMPLE at so many more pages of each kind and at the longest; prints `N passed, N failed`.
import { readFileSync, readdirSync, existsSync, mkdirSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { HtmlValidate } from "html-validate";
import { serve } from "./server.mjs";

const [site, shots] = process.argv.slice(2);
if (!site) { console.error("usage: node check.mjs SITE [SCREENSHOTS]"); process.exit(2); }
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const { server, base } = await serve(site);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

let passed = 0;
const failures = [];
async function test(name, run) {
  try {
    await run();
    passed++;
  } catch (error) {
    failures.push(`${name}: ${error.message ?? error}`);
    console.log(`FAILED ${name}\n  ${String(error.message ?? error).replaceAll("\n", "\n  ")}`);
  }
}
function assert(condition, message) { if (!condition) throw new Error(message); }

// One page of each kind, and those made of hostile texts.
const first = (folder, want = () => true) => {
  const found = readdirSync(join(site, folder), { withFileTypes: true }).filter((e) => e.isDirectory() && want(e.name)).map((e) => e.name).sort();
  return found.length ? `${folder}/${found[0]}/` : undefined;
};
const read = (path) => readFileSync(join(site, path), "utf8");
const policyOf = (service) => first(service.replace(/\/$/, ""), (name) => existsSync(join(site, service, name, "history.json")));
const findings = readdirSync(join(site, "findings"), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => `findings/${e.name}/`).sort();
const hostileFinding = findings.find((place) => read(`${place}index.html`).includes("&lt;script&gt;"));
const plainFinding = findings.find((place) => read(`${place}index.html`).includes("Earlier and later")) ?? findings[0];
const service = existsSync(join(site, "services/courier")) ? "services/courier/" : first("services", (name) => policyOf(`services/${name}/`));
const hostileService = first("services", (name) => name.startsWith("hostile"));
const pages = {
  home: "", timeline: "timeline/", year: first("timeline"), board: "board/", services: "services/", service,
  policy: policyOf(service), statements: `${policyOf(service)}statements/`, findings: "findings/", finding: plainFinding,
  topic: "topics/encryption/", events: "events/", event: first("events", (name) => name.includes("opt-in")) ?? first("events"),
  search: "search/", subscribe: "subscribe/", data: "data/", coverage: "coverage/", about: "about/", lost: "no/such/page/",
  ...(hostileService && {
    hostileService, hostilePolicy: policyOf(hostileService), hostileStatements: `${policyOf(hostileService)}statements/`,
    hostileFinding, hostileEvent: first("events", (name) => name.includes("hostile")),
  }),
};
if (existsSync(join(site, "search-index"))) pages.results = "search/?q=messages";
for (const [kind, place] of Object.entries(pages)) if (place === undefined) delete pages[kind];
const file = (place) => (place === pages.lost ? "404.html" : `${place.split("?")[0]}index.html`);

// More pages of the kinds that have many: evenly spread, and the longest.
const folders = (path, below = "") => readdirSync(join(site, path), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => `${path}${e.name}/${below}`).sort();
const sample = Number(process.env.SAMPLE ?? 0);
if (sample) {
  const services = folders("services/");
  const policies = services.flatMap((place) => folders(place)).filter((place) => existsSync(join(site, place, "history.json")));
  const many = {
    year: folders("timeline/"), service: services, policy: policies, statements: policies.map((place) => `${place}statements/`),
    finding: findings, topic: folders("topics/"), event: folders("events/"),
  };
  for (const [kind, places] of Object.entries(many)) {
    const size = (place) => statSync(join(site, place, "index.html")).size;
    const chosen = new Set([places.reduce((a, b) => (size(b) > size(a) ? b : a))]);
    for (let i = 0; i < sample; i++) chosen.add(places[Math.floor(((i + 0.5) * places.length) / sample)]);
    [...chosen].forEach((place, i) => (pages[`${kind} ${i + 2}`] = place));
  }
}
// `ONLY=home,policy` looks at these kinds alone; what needs other pages is still tried.
const only = process.env.ONLY?.split(",");
const looked = Object.entries(pages).filter(([kind]) => !only || only.includes(kind.split(" ")[0]));

async function open(place, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("404 (Not Found)")) faults.push(message.text()); });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("dialog", async (dialog) => { faults.push(`a dialog opened: ${dialog.message()}`); await dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith(base)) faults.push(`request to ${request.url()}`); });
  await page.goto(base + place, { waitUntil: "networkidle" });
  return { context, page, faults };
}

const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    // The builder writes attributes and void elements in one way; these rules are about style, not validity.
    "long-title": "off", "no-trailing-whitespace": "off", "tel-non-breaking": "off", "svg-focusable": "off", "no-inline-style": "error",
    // A lost page's links begin at the host's root; scripts and styles come from our own host.
    "require-sri": "off", "no-raw-characters": "off", "doctype-style": ["error", { style: "lowercase" }],
    // A year's filters act at once and are not there without JavaScript.
    "wcag/h32": "off",
  },
});

for (const [kind, place] of looked) {
  const { context, page, faults } = await open(place);
  await page.evaluate(axe);
  for (const scheme of ["light", "dark"]) {
    await test(`${kind}, ${scheme}: axe-core`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      const result = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
      const found = result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
      assert(found.length === 0, found.join("\n"));
    });
  }
  await test(`${kind}: 320 to 2560 px without sideways scrolling`, async () => {
    for (const width of [320, 390, 768, 1280, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate(() => {
        const most = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= most) return "";
        const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > most + 1 && !e.closest(".scroll"));
        return `${document.documentElement.scrollWidth} px wide: ${wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | ")}`;
      });
      assert(!over, `at ${width} px: ${over}`);
    }
  });
  await test(`${kind}: no error in the console, no request to anyone else`, async () => {
    assert(faults.length === 0, faults.join("\n"));
  });
  await context.close();
  await test(`${kind}: HTML is valid`, async () => {
    const report = await validator.validateString(read(file(place)), file(place));
    const found = report.results.flatMap((r) => r.messages).filter((m) => m.severity === 2);
    assert(found.length === 0, found.slice(0, 6).map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`).join("\n"));
  });
  await test(`${kind}: readable without JavaScript`, async () => {
    const { context, page, faults } = await open(place, { javaScriptEnabled: false });
    const text = await page.locator("main").innerText();
    await context.close();
    assert(text.trim().length > 60, `only “${text}”`);
    assert(faults.length === 0, faults.join("\n"));
  });
  if (shots) {
    mkdirSync(shots, { recursive: true });
    for (const [name, width, scheme] of [["phone", 390, "light"], ["phone-dark", 390, "dark"], ["desktop", 1280, "light"], ["desktop-dark", 1280, "dark"]]) {
      const { context, page } = await open(place, { viewport: { width, height: width === 390 ? 844 : 900 }, colorScheme: scheme });
      await page.screenshot({ path: join(shots, `${kind}-${name}.png`), fullPage: true, clip: undefined });
      await context.close();
    }
  }
}

await test("texts out to do harm do none", async () => {
  for (const kind of Object.keys(pages).filter((kind) => kind.startsWith("hostile"))) {
    const { context, page, faults } = await open(pages[kind]);
    const state = await page.evaluate(() => ({ title: document.title, images: document.images.length, scripts: [...document.scripts].filter((s) => !s.src && s.type !== "application/ld+json").length, links: [...document.links].filter((l) => /^(javascript|data):/.test(l.href)).length }));
    await context.close();
    assert(state.title !== "owned" && state.images === 0 && state.scripts === 0 && state.links === 0, `${kind}: ${JSON.stringify(state)}`);
    assert(faults.length === 0, faults.join("\n"));
  }
});

if (existsSync(join(site, "services/courier/privacy-policy"))) {
  const policy = "services/courier/privacy-policy/";
  await test("any two versions are compared, and the address names both", async () => {
    const { context, page, faults } = await open(`${policy}?from=20190501T093000Z&to=20260302T093000Z#compare`);
    await page.waitForSelector(".cmp");
    const text = await page.locator("#comparison").innerText();
    assert(/From 1 May 2019 .* to 2 March 2026/.test(text), text.slice(0, 300));
    assert((await page.locator(".cmp .changed ins, .cmp .came ins").count()) > 0, "nothing is marked as new");
    assert((await page.locator(".cmp .changed del, .cmp .gone del").count()) > 0, "nothing is marked as gone");
    await page.fill('input[name="from"]', "2021-03-01");
    await page.fill('input[name="to"]', "2023-07-01");
    await page.click('#compare button');
    await page.waitForFunction(() => location.search.includes("20230610T093000Z"));
    assert(page.url().includes("from=20210201T093000Z&to=20230610T093000Z"), page.url());
    await page.goBack();
    await page.waitForFunction(() => document.querySelector("#comparison").innerText.includes("2 March 2026"));
    await context.close();
    assert(faults.length === 0, faults.join("\n"));
  });
  await test("words are told apart within a sentence, and moved text is known", async () => {
    const { context, page, faults } = await open(`${policy}?from=20230610T093000Z&to=20260302T093000Z#compare`);
    await page.waitForSelector(".cmp");
    const marked = page.locator(".cmp .changed", { hasText: "two years after" });
    assert((await marked.count()) === 1, "the longer sentence is not shown as reworded");
    const [whole, came] = [await marked.innerText(), (await marked.locator("ins").allInnerTexts()).join("|")];
    assert(/^, and for two years after/.test(came) && !came.includes("account"), `marked as new: “${came}” in “${whole}”`);
    const moved = await page.locator(".cmp .moved").allInnerTexts();
    // Two sentences changed places: either may be the one that moved.
    assert(moved.length === 1 && /You may ask us|Courier is made/.test(moved[0]), `moved: ${moved}`);
    assert(/1 reworded, 1 moved/.test(await page.locator("#comparison").innerText()), await page.locator("#comparison").innerText());
    assert(faults.length === 0, faults.join("\n"));
    await context.close();
  });
  await test("a policy reads as it stood on a day", async () => {
    const { context, page, faults } = await open(policy);
    await page.fill('input[name="on"]', "2022-05-05");
    await page.focus('input[name="on"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector(".cmp");
    const said = await page.locator("#comparison").innerText();
    assert(said.startsWith("The text first seen on 1 February 2021"), said);
    assert((await page.locator(".cmp").innerText()).includes("end-to-end encrypted by default"), "it is another text");
    assert(page.url().includes("from=20210201T093000Z&to=20210201T093000Z"), page.url());
    await page.goto(`${base}${policy}?on=2024-01-01`);
    await page.waitForSelector(".cmp");
    assert((await page.locator("#comparison").innerText()).startsWith("The text first seen on 10 June 2023"), "?on= is not followed");
    assert(faults.length === 0, faults.join("\n"));
    await context.close();
  });
  await test("unchanged text is folded, and a version reads in full", async () => {
    const { context, page } = await open(`${policy}?from=20210201T093000Z&to=20210201T093000Z#compare`);
    await page.waitForSelector(".cmp");
    assert((await page.locator(".cmp p, .cmp h3").count()) >= 8, "the text is not shown");
    await page.goto(`${base}${policy}?from=20210201T093000Z&to=20230610T093000Z#compare`);
    await page.waitForSelector(".cmp details");
    assert((await page.locator(".cmp details summary").first().innerText()).includes("unchanged"), "not folded");
    await context.close();
  });
  await test("two megabytes in one line are compared", async () => {
    const { context, page, faults } = await open(`${pages.hostilePolicy}?from=20250110T093000Z&to=20250820T093000Z#compare`);
    await page.waitForSelector(".cmp", { timeout: 15000 });
    await context.close();
    assert(faults.length === 0, faults.join("\n"));
  });
}

if (pages.results) {
  await test("search answers, says how much it found once, and is worked by keyboard", async () => {
    const { context, page, faults } = await open("search/");
    assert(await page.locator("#help dl").isVisible(), "the help is folded away where nothing was asked");
    await page.focus("#q");
    await page.keyboard.type("never");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#said").textContent.startsWith("Found"));
    assert(page.url().endsWith("?q=never"), page.url());
    assert((await page.locator("#results .hit mark").count()) > 0, "no word is marked");
    assert((await page.locator("[aria-live], [role=status], [role=alert]").count()) === 1, "more than one place is read out");
    for (let i = 0; i < 30 && (await page.evaluate(() => document.activeElement.closest(".hit") === null)); i++) await page.keyboard.press("Tab");
    assert(await page.evaluate(() => document.activeElement.closest(".hit") !== null), "Tab reaches no answer");
    await page.selectOption("#results select", "gone:");
    await page.waitForFunction(() => location.search.includes("gone"));
    await page.goBack();
    await page.waitForFunction(() => document.querySelector("#q").value === "never");
    await page.goto(`${base}search/?q=xyzzyplugh`);
    await page.waitForFunction(() => document.querySelector("#said").textContent === "Nothing found.");
    await context.close();
    assert(faults.length === 0, faults.join("\n"));
  });
}

if (pages.results && existsSync(join(site, "services/courier/privacy-policy"))) {
  await test("what stood on a day, and what is gone, is found in the browser", async () => {
    const { context, page, faults } = await open("search/");
    const ask = async (typed) => {
      await page.goto(`${base}search/?q=${encodeURIComponent(typed)}`);
      await page.waitForFunction(() => /^(Found|Nothing)/.test(document.querySelector("#said").textContent));
      return page.locator("#results .hit-statement .hit-text, #results .hit-promise .hit-text").allInnerTexts();
    };
    const sale = "We never sell your data to anyone.";
    assert((await ask('"never sell your data" as-of:2022-05-05')).includes(sale), "not found as of a day on which it stood");
    assert(!(await ask('"never sell your data" as-of:2026-03-03')).includes(sale), "found as of a day on which it did not stand");
    assert((await ask('"never sell your data" gone:')).includes(sale), "not found among what is gone");
    assert(!(await ask('"never sell your data" gone:no')).includes(sale), "found among what stands");
    const link = page.locator("#results .hit a").first();
    await ask('"never sell your data" gone:');
    const href = await link.getAttribute("href");
    assert(/services\/courier\/privacy-policy\/statements\/#s-[0-9a-f]{12}$/.test(href), href);
    await link.click();
    await page.waitForSelector(":target");
    assert((await page.locator(":target").innerText()).startsWith(sale), "the link leads to another sentence");
    assert(faults.length === 0, faults.join("\n"));
    await context.close();
  });
}

await test("a finding is copied as text, Markdown, BibTeX and CSL-JSON", async () => {
  const { context, page } = await open(pages.finding);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(() => document.querySelectorAll(".cite details").forEach((part) => (part.open = true)));
  const copied = {};
  for (const part of await page.locator(".cite details").all()) {
    await part.locator("button.copy").click();
    copied[await part.locator("summary").innerText()] = await page.evaluate(() => navigator.clipboard.readText());
  }
  await context.close();
  const id = pages.finding.split("/")[1];
  assert(Object.keys(copied).join() === "Text,Markdown,BibTeX,CSL-JSON", Object.keys(copied).join());
  for (const [form, text] of Object.entries(copied)) assert(text.includes(id) && text.includes(`/findings/${id}/`), `${form}: ${text}`);
  assert(/^\[.+\]\(https?:\/\/\S+\)/.test(copied.Markdown), copied.Markdown);
  assert(/^@misc\{wb-[0-9a-f]+,[^]*\n {2}year = \{\d{4}\},[^]*\n\}$/.test(copied.BibTeX), copied.BibTeX);
  const [csl] = JSON.parse(copied["CSL-JSON"]);
  assert(csl.type === "webpage" && csl.URL && csl.title && csl.issued["date-parts"][0].length === 3, copied["CSL-JSON"]);
});

await test("feeds are announced, facts for machines are JSON-LD, and the sitemap names pages that are there", async () => {
  const there = (address, from) => {
    const url = new URL(address, base + from);
    const path = url.pathname.slice(new URL(base).pathname.length);
    return existsSync(join(site, path.endsWith("/") || !path ? `${path}index.html` : path));
  };
  for (const kind of ["home", "service", "policy", "topic", "finding"]) {
    const html = read(file(pages[kind]));
    const feeds = [...html.matchAll(/<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">/g)];
    assert(feeds.length >= (kind === "home" ? 2 : 4), `${kind} announces ${feeds.length} feeds`);
    for (const [, type, href] of feeds) assert(/atom|feed\+json/.test(type) && there(href, pages[kind]), `${kind}: ${href}`);
  }
  for (const kind of ["finding", "event", "data"]) {
    const block = /<script type="application\/ld\+json">([^]*?)<\/script>/.exec(read(file(pages[kind])));
    const facts = JSON.parse(block[1]);
    assert(facts["@context"] === "https://schema.org" && facts["@type"] && facts.name, `${kind}: ${block[1].slice(0, 200)}`);
  }
  if (!existsSync(join(site, "sitemap.xml"))) return;
  const named = [...read("sitemap.xml").matchAll(/<loc>([^<]*)<\/loc>/g)].map((m) => new URL(m[1]).pathname.slice(new URL(base).pathname.length));
  assert(named.length > 20 && named.includes("") && named.includes("board/"), `${named.length} addresses`);
  const missing = named.filter((path) => !existsSync(join(site, `${path}index.html`)));
  assert(missing.length === 0, missing.slice(0, 5).join());
  for (const name of [pages.finding, pages.event, pages.policy]) assert(named.includes(name), `${name} is not in the sitemap`);
});

for (const [kind, place] of [["timeline", "timeline/"], ["year", pages.year], ["board", "board/"]].filter(([, place]) => place)) {
  await test(`${kind}: lanes are looked at closer up, by keyboard, and the names stay in sight`, async () => {
    const { context, page, faults } = await open(place, { viewport: { width: 390, height: 844 } });
    if ((await page.locator(".lanes-box").count()) === 0) return context.close();
    const wide = () => page.locator(".lanes-box svg").first().evaluate((svg) => svg.getBoundingClientRect().width);
    const was = await wide();
    await page.locator('.zoom button[aria-label$="closer up"]').first().focus();
    await page.keyboard.press("Enter");
    assert((await wide()) > was * 1.5, `${was} px wide, then ${await wide()}`);
    const box = page.locator(".lanes-box").first();
    await box.evaluate((node) => (node.scrollLeft = 400));
    await page.waitForTimeout(100);
    const [name, edge] = await box.evaluate((node) => [node.querySelector(".lane text, g g text").getBoundingClientRect().left, node.getBoundingClientRect().left]);
    assert(Math.abs(name - edge) < 160 && name >= edge - 1, `the name stands at ${name}, its box at ${edge}`);
    assert(faults.length === 0, faults.join("\n"));
    await context.close();
  });
}

await test("a year's lanes and table are filtered, and the address keeps the choice", async () => {
  const { context, page } = await open(pages.year);
  const rows = () => page.locator("tbody tr:not(.off)").count();
  const all = await rows();
  await page.selectOption('select[name="kind"]', "event");
  const events = await rows();
  assert(page.url().includes("kind=event"), page.url());
  await page.selectOption('select[name="kind"]', "");
  assert((await rows()) === all && events <= all, `${events} of ${all}`);
  await context.close();
});

await test("the keyboard reaches the content and every link shows its focus", async () => {
  const { context, page } = await open("");
  await page.keyboard.press("Tab");
  assert((await page.evaluate(() => document.activeElement.className)) === "skip", "the first stop is not the skip link");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert(outline !== "none", "no outline on focus");
  await context.close();
});

await test("nothing moves for those who asked for stillness", async () => {
  const { context, page } = await open("", { reducedMotion: "reduce" });
  assert((await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior)) === "auto", "it scrolls smoothly");
  await context.close();
});

await test("printed, the navigation goes and the finding stays", async () => {
  const { context, page } = await open(pages.finding);
  await page.emulateMedia({ media: "print" });
  assert(await page.locator(".top nav").isHidden(), "the navigation is printed");
  assert(await page.locator("blockquote").first().isVisible(), "the sentence is not printed");
  await context.close();
});

await test("zoomed to 400 %, the finding still fits", async () => {
  const { context, page } = await open(pages.finding, { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 });
  assert(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), "it scrolls sideways");
  await context.close();
});

await test("printed, every sentence and the timeline stay readable", async () => {
  for (const place of [pages.statements, "timeline/", pages.policy].filter(Boolean)) {
    const { context, page } = await open(place, { viewport: { width: 720, height: 1000 } });
    await page.emulateMedia({ media: "print" });
    const ink = await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor].join());
    assert(ink === "rgb(0, 0, 0),rgb(255, 255, 255)", ink);
    assert((await page.locator("form:visible, .zoom:visible").count()) === 0, `${place}: a form is printed`);
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1), `${place}: wider than the paper`);
    await context.close();
  }
});

await test("home and policy page weigh little", async () => {
  const weigh = (file) => {
    const html = read(file);
    let bytes = gzipSync(html).length;
    for (const [, path] of html.matchAll(/(?:href|src)="(?:\.\.\/)*(static\/[^"?]+)/g)) bytes += gzipSync(readFileSync(join(site, path))).length;
    return bytes;
  };
  const home = weigh("index.html");
  const every = folders("services/").flatMap((place) => folders(place)).filter((place) => existsSync(join(site, place, "history.json")));
  const [policy, which] = every.map((place) => [weigh(`${place}index.html`), place]).reduce((a, b) => (b[0] > a[0] ? b : a));
  console.log(`home ${(home / 1000).toFixed(1)} kB, heaviest of ${every.length} policy pages ${(policy / 1000).toFixed(1)} kB (${which}), compressed with style and scripts`);
  assert(home <= 100_000 && policy <= 150_000, `${home} and ${policy} bytes`);
});

await browser.close();
server.close();
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
