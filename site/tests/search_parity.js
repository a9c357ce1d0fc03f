// Runs the browser's search over an export in node: `node search_parity.js FOLDER < queries`.
// One JSON line a query: how it was read, the totals, and the addresses of the first answers.
const fs = require("node:fs");
const vm = require("node:vm");
const path = require("node:path");
vm.runInThisContext(fs.readFileSync(path.join(__dirname, "../../templates/static/js/search.js"), "utf8"));
const { Index, canonical, parse } = globalThis.walkbackSearch;

let bytes = 0;
const get = async (url) => {
  const body = fs.readFileSync(url);
  bytes += body.length;
  return new Response(body);
};

(async () => {
  const warm = new Index(process.argv[2], get);
  for (const typed of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    bytes = 0;
    // Reads as a page does that was just opened, unless told otherwise.
    const index = process.argv[3] === "warm" ? warm : new Index(process.argv[2], get);
    const found = await index.find(typed);
    const first = found.groups.flatMap((group) => group.slice(0, 10));
    const shown = await index.show(first);
    console.log(JSON.stringify({
      query: typed,
      read: canonical(parse(typed)),
      problems: found.query.problems.length,
      totals: found.groups.map((group) => group.length),
      matched: found.matched,
      short: found.short.map((group) => ["findings", "events"][group]),
      urls: shown.map((record) => record.url),
      texts: shown.map((record) => record.parts.join(" ")),
      bytes,
    }));
  }
})();
