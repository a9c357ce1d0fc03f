// Compares any two versions of a policy from its history file: each sentence once, and for each
// version which of them it held. Sentences are told apart by number, so that only reworded ones need
// their words looked at. The address names both versions.
const box = document.querySelector("#compare");
const out = document.querySelector("#compared");
const said = document.querySelector("#comparison");
const form = box?.querySelector("form");
const reading = box?.querySelector(".reading");
let loading;

const load = () => (loading ??= fetch(box.dataset.history).then((answer) => {
  if (!answer.ok) throw new Error(`the history could not be read (${answer.status})`);
  return answer.json();
}));

const instant = (id) => id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, "$1-$2-$3T$4:$5:$6Z");
const day = (iso) => new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// A version by its id, or the one that stood at the end of a day.
function find(file, wanted) {
  const exact = file.versions.findIndex((version) => version[0] === wanted);
  if (exact >= 0) return exact;
  const end = `${wanted}T23:59:59Z`;
  let found = -1;
  file.versions.forEach((version, index) => {
    if (version[2] && (found < 0 || instant(version[0]) <= end)) found = index;
  });
  return found;
}

function sentences(version) {
  const list = [];
  const ranges = version[4];
  for (let i = 0; i < ranges.length; i += 2) {
    for (let n = 0; n < ranges[i + 1]; n++) list.push(ranges[i] + n);
  }
  return list;
}

// The longest common subsequence of two lists, as steps [kind, old, new]. Equal ends are cut off first;
// what is left of two versions is small.
function steps(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
  const list = [];
  for (let i = 0; i < start; i++) list.push(["=", a[i], b[i]]);
  const m = endA - start;
  const n = endB - start;
  if (m * n > 9e6) {
    // Too far apart to align: everything went, everything came. Shared sentences show as moved.
    for (let i = 0; i < m; i++) list.push(["-", a[start + i]]);
    for (let j = 0; j < n; j++) list.push(["+", b[start + j]]);
  } else {
    const width = n + 1;
    const table = new Uint16Array((m + 1) * width);
    for (let i = m - 1; i >= 0; i--) {
      for (let j = n - 1; j >= 0; j--) {
        table[i * width + j] = a[start + i] === b[start + j]
          ? table[(i + 1) * width + j + 1] + 1
          : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
      }
    }
    let i = 0;
    let j = 0;
    while (i < m || j < n) {
      if (i < m && j < n && a[start + i] === b[start + j]) list.push(["=", a[start + i++], b[start + j++]]);
      else if (j >= n || (i < m && table[(i + 1) * width + j] >= table[i * width + j + 1])) list.push(["-", a[start + i++]]);
      else list.push(["+", b[start + j++]]);
    }
  }
  for (let i = endA; i < a.length; i++) list.push(["=", a[i], a[i]]);
  return list;
}

// Words and marks, without the spaces between them: those are alike everywhere and would outweigh the words.
const words = (text) => [...text.matchAll(/(\s*)([\p{L}\p{N}\p{M}'’-]+|[^\s])/gu)].map((m) => [m[2], m[1] ? " " : ""]);

function likeness(a, b) {
  const bag = new Map();
  const of = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const [left, right] = [of(a), of(b)];
  for (const word of left) bag.set(word, (bag.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of right) {
    const count = bag.get(word) ?? 0;
    if (count) { shared++; bag.set(word, count - 1); }
  }
  return (2 * shared) / (left.length + right.length || 1);
}

// So many comparisons of two sentences are made between places that lie apart; more would be felt.
const APART = 20000;

// A removed and an added sentence that are alike enough are one sentence reworded: first within each run, where they
// are neighbours, then wherever they stand.
function pair(list, text) {
  const added = new Set(list.filter((step) => step[0] === "+").map((step) => step[1]));
  const removed = new Set(list.filter((step) => step[0] === "-").map((step) => step[1]));
  const partner = new Map();
  const paired = new Set();
  const match = (gone, came) => {
    for (const old of gone) {
      // What stands in both texts has moved, and is nobody's other wording.
      if (paired.has(old) || added.has(old)) continue;
      let best = 0.5;
      let found;
      for (const now of came) {
        if (partner.has(now) || removed.has(now)) continue;
        const like = likeness(text(old), text(now));
        if (like > best) { best = like; found = now; }
      }
      if (found !== undefined) { partner.set(found, old); paired.add(old); }
    }
  };
  let [gone, came] = [[], []];
  for (const [kind, number] of [...list, ["="]]) {
    if (kind === "-") gone.push(number);
    else if (kind === "+") came.push(number);
    else { match(gone, came); [gone, came] = [[], []]; }
  }
  gone = [...removed].filter((old) => !paired.has(old) && !added.has(old));
  came = [...added].filter((now) => !partner.has(now) && !removed.has(now));
  if (gone.length * came.length <= APART) match(gone, came);
  return list
    .filter(([kind, number]) => kind !== "-" || !paired.has(number))
    .map((step) => (step[0] === "+" && partner.has(step[1]) ? ["~", partner.get(step[1]), step[1]] : step));
}

function reworded(before, after) {
  const [old, now] = [words(before).slice(0, 1500), words(after).slice(0, 1500)];
  const list = steps(old.map((w) => w[0]), now.map((w) => w[0]));
  const node = element("span");
  let [i, j] = [0, 0];
  for (let at = 0; at < list.length;) {
    if (list[at][0] === "=") { node.append(j ? now[j][1] : "", now[j][0]); i++; j++; at++; continue; }
    let [gone, came] = ["", ""];
    const space = now[j]?.[1] ?? old[i]?.[1] ?? "";
    for (; at < list.length && list[at][0] !== "="; at++) {
      if (list[at][0] === "-") { gone += (gone && old[i][1]) + old[i][0]; i++; }
      else { came += (came && now[j][1]) + now[j][0]; j++; }
    }
    node.append(node.hasChildNodes() ? space || (gone ? " " : "") : "");
    if (gone) node.append(element("del", "", gone));
    if (gone && came) node.append(" ");
    if (came) node.append(element("ins", "", came));
  }
  return node;
}

function line(file, number, className, sign, body) {
  const [id, text, role] = file.statements[number];
  const node = element(role === "h" ? "h3" : "p", className);
  node.dir = "auto";
  if (sign) node.append(element("span", "sign", sign[0], element("span", "vh", ` ${sign[1]} `)));
  node.append(body ?? text);
  node.dataset.statement = id;
  return node;
}

function show(file, from, to) {
  const [before, after] = [file.versions[from], file.versions[to]];
  const text = (number) => file.statements[number][1];
  const [a, b] = [sentences(before), sentences(after)];
  const [inA, inB] = [new Set(a), new Set(b)];
  const list = pair(steps(a, b), text);
  const counts = { "-": 0, "+": 0, "~": 0, moved: 0 };
  const page = element("div", "cmp");
  for (let i = 0; i < list.length;) {
    if (list[i][0] === "=") {
      const same = [];
      while (i < list.length && list[i][0] === "=") same.push(list[i++][1]);
      const lines = same.map((number) => line(file, number, ""));
      if (from === to || same.length < 3) page.append(...lines);
      else page.append(element("details", "", element("summary", "", `${same.length} sentences unchanged`), ...lines));
      continue;
    }
    const [kind, one, other] = list[i++];
    if (kind === "~") {
      counts["~"]++;
      page.append(line(file, other, "changed", ["~", "reworded"], reworded(text(one), text(other))));
    } else if (kind === "-") {
      // A sentence that stands elsewhere in the new text has moved, and is shown where it stands now.
      if (inB.has(one)) continue;
      counts["-"]++;
      page.append(line(file, one, "gone", ["−", "removed"], element("del", "", text(one))));
    } else if (inA.has(one)) {
      counts.moved++;
      page.append(line(file, one, "moved", ["↕", "moved"]));
    } else {
      counts["+"]++;
      page.append(line(file, one, "came", ["+", "added"], element("ins", "", text(one))));
    }
  }
  const seen = (version) => `${day(instant(version[0]))} (last seen ${day(version[1])})`;
  const summary = from === to
    ? `The text first seen on ${seen(after)}, ${b.length} sentences.`
    : `From ${seen(before)} to ${seen(after)}: ${counts["-"]} removed, ${counts["+"]} added, ${counts["~"]} reworded, ${counts.moved} moved.`;
  const note = [before, after].filter((version) => !version[2]).map((version) => version[3]);
  // What is found is read out; the texts themselves are not, they are there to be read.
  said.textContent = summary + (note.length ? ` Not counted as a version of the publisher’s: ${[...new Set(note)].join(", ").toLowerCase()}.` : "");
  out.replaceChildren(page);
  form.elements.from.value = instant(before[0]).slice(0, 10);
  form.elements.to.value = instant(after[0]).slice(0, 10);
  if (from === to) reading.elements.on.value = form.elements.to.value;
}

async function compare(from, to, push) {
  box.classList.remove("waiting");
  said.textContent = "Reading the history…";
  try {
    const file = await load();
    let [a, b] = [find(file, from), find(file, to)];
    if (a > b) [a, b] = [b, a];
    if (a < 0 || b < 0) throw new Error("no version is on record for these dates");
    show(file, a, b);
    if (push) history.pushState(null, "", `?from=${file.versions[a][0]}&to=${file.versions[b][0]}#compare`);
  } catch (error) {
    said.textContent = `Cannot compare: ${error.message}.`;
    out.replaceChildren();
  }
}

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  if (asked.get("from") && asked.get("to")) compare(asked.get("from"), asked.get("to"), false);
  // `?on=2021-05-15`: the text as it stood on that day.
  else if (asked.get("on")) compare(asked.get("on"), asked.get("on"), false);
}

if (box) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    compare(form.elements.from.value, form.elements.to.value, true);
  });
  reading.addEventListener("submit", (event) => {
    event.preventDefault();
    compare(reading.elements.on.value, reading.elements.on.value, true);
  });
  // Links between versions on this page compare in place.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href*="?from="]');
    if (!link || event.metaKey || event.ctrlKey || link.pathname !== location.pathname) return;
    event.preventDefault();
    const asked = new URL(link.href).searchParams;
    compare(asked.get("from"), asked.get("to"), true);
    box.scrollIntoView();
  });
  addEventListener("popstate", fromAddress);
  fromAddress();
}
