// Search without a server: reads the export of the index (docs/search-format.md).
// The same grammar and the same totals as the native search; tests hold the two together.
// Archived text becomes text nodes only, never markup.
"use strict";
(() => {
  // ---- Words: as site/src/search/words.rs -------------------------------------------------------
  const WORD = /([\p{Alphabetic}\p{N}\p{M}]+)(?:['’][sS](?![\p{Alphabetic}\p{N}\p{M}]))?/gu;
  const SOLO = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
  const INSIDE = /[\p{Alphabetic}\p{N}]+/gu;

  const fold = (word) =>
    (word.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").replace(SOLO, " $& ").match(INSIDE) || [])
      .filter((form) => form.length <= 40 || [...form].length <= 40);
  const forms = (text) => [...text.matchAll(WORD)].flatMap((match) => fold(match[1]));

  // ---- Queries: as site/src/search/query.rs -----------------------------------------------------
  const set = (words) => new Set(words.split(" "));
  const FILLER = set("a an and any are at be been by did do does for from had has have how in is it its of on or that the their them they this to was were what when where which who whom whose why with");
  const QUESTION = set("did do does how what when where which who whom whose why");
  const LOOSE = set("app apps company companies current currently ever happened now otherwise platform platforms say says said service services still today until");
  const EXAMPLES = { service: "signal", policy: '"privacy policy"', topic: "encryption", kind: "reversal" };

  function parse(typed) {
    const query = { clauses: [], filters: [], asOf: null, gone: null, year: null, ignored: [], problems: [] };
    const space = /^\p{White_Space}+/u;
    let rest = typed.replace(space, "");
    while (rest) rest = takeOne(query, rest).replace(space, "");
    const bare = (c) => !c.not && !c.quoted && c.words && c.words.length === 1 ? c.words[0] : null;
    const question = query.clauses.some((c) => QUESTION.has(bare(c)));
    const filler = (form) => FILLER.has(form) || (question && LOOSE.has(form));
    if (query.clauses.some((c) => !c.not && !filler(bare(c)))) {
      query.clauses = query.clauses.filter((c) => {
        const form = bare(c);
        if (form === null || !filler(form)) return true;
        query.ignored.push(form);
        return false;
      });
    }
    return query;
  }

  function takeOne(query, typed) {
    const not = /^-\P{White_Space}/u.test(typed);
    if (not) typed = typed.slice(1);
    const field = /^(service|policy|topic|kind|as-of|gone|year):/i.exec(typed);
    const [value, quoted, rest] = takeValue(field ? typed.slice(field[0].length) : typed);
    if (field) addFilter(query, not, field[1].toLowerCase(), value);
    else addWords(query, not, value, quoted);
    return rest;
  }

  function takeValue(typed) {
    if (/^["“”„]/.test(typed)) {
      const inside = typed.slice(1);
      const end = inside.search(/["“”„]/);
      return end < 0 ? [inside, true, ""] : [inside.slice(0, end), true, inside.slice(end + 1)];
    }
    const end = typed.search(/[\p{White_Space}"“”„]/u);
    return end < 0 ? [typed, false, ""] : [typed.slice(0, end), false, typed.slice(end)];
  }

  function addFilter(query, not, field, typed) {
    const value = forms(typed);
    if (field === "gone") query.gone = !["no", "false"].includes(value[0]) !== not;
    else if (field === "as-of") {
      const day = lastDay(typed);
      if (day === null || not) query.problems.push(`“as-of:${typed}” names no date: write as-of:2024-05-31, as-of:2024-05 or as-of:2024`);
      else query.asOf = day;
    } else if (field === "year") {
      if (!/^\d{4}$/.test(typed) || not) query.problems.push(`“year:${typed}” names no year: write year:2024`);
      else query.year = Number(typed);
    } else if (!value.length) query.problems.push(`“${field}:” needs a value, such as ${field}:${EXAMPLES[field]}`);
    else query.filters.push({ not, field, value });
  }

  function addWords(query, not, typed, quoted) {
    const words = forms(typed);
    if (!quoted && typed.endsWith("*")) {
      if (!words.length) return;
      const prefix = words.pop();
      if (/^[\x00-\x7f]?$/.test(prefix)) query.problems.push(`“${typed}” is too short: write two letters before the *`);
      else query.clauses.push({ not, prefix, quoted: true });
      if (/^[\x00-\x7f]?$/.test(prefix)) return;
    }
    if (words.length) query.clauses.push({ not, words, quoted });
  }

  function lastDay(typed) {
    const match = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(typed);
    if (!match) return null;
    const [year, month, day] = match.slice(1).map((part) => part && Number(part));
    const date = new Date(0);
    date.setUTCFullYear(year, day ? month - 1 : (month ?? 12), day ?? 0);
    const given = typed.length === 4 || (month >= 1 && month <= 12);
    return given && day !== 0 && (!day || date.getUTCDate() === day) ? date.getTime() / 864e5 : null;
  }

  const yearOf = (day) => new Date(day * 864e5).getUTCFullYear();
  const isoDay = (day) => new Date(day * 864e5).toISOString().slice(0, 10);

  function clauseText(c) {
    const words = c.prefix ? `${c.prefix}*` : c.words.length === 1 && !c.quoted ? c.words[0] : `"${c.words.join(" ")}"`;
    return (c.not ? "-" : "") + words;
  }

  function canonical(query) {
    return [
      ...query.filters.map((f) => `${f.not ? "-" : ""}${f.field}:${f.value.join("+")}`),
      ...(query.asOf === null ? [] : [`as-of:${isoDay(query.asOf)}`]),
      ...(query.gone === null ? [] : [`gone:${query.gone ? "yes" : "no"}`]),
      ...(query.year === null ? [] : [`year:${query.year}`]),
      ...query.clauses.map(clauseText),
    ].join(" ");
  }

  // ---- Sorted lists of record numbers -----------------------------------------------------------
  function both(a, b) {
    const out = [];
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      if (a[i] === b[j]) out.push(a[i++]), j++;
      else if (a[i] < b[j]) i++;
      else j++;
    }
    return out;
  }

  /** The numbers that stand in at least `least` of the lists. */
  function inSome(lists, least) {
    if (least === 1 && lists.length === 1) return lists[0];
    const count = new Map();
    for (const list of lists) for (const n of list) count.set(n, (count.get(n) || 0) + 1);
    const out = [];
    for (const [n, times] of count) if (times >= least) out.push(n);
    return out.sort((x, y) => x - y);
  }

  function without(a, b) {
    const out = [];
    let j = 0;
    for (const n of a) {
      while (j < b.length && b[j] < n) j++;
      if (b[j] !== n) out.push(n);
    }
    return out;
  }

  /** The last index whose value is not above `value`; -1 if none. */
  function last(sorted, value) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  const sums = (steps) => {
    let total = 0;
    return steps.map((step) => (total += step));
  };

  // ---- The export -------------------------------------------------------------------------------
  const MOST_FORMS = 512;
  const ENDINGS = ["s", "es", "d", "ed", "ing", "er", "ly", "ion"];
  const CLASSES = ["reversal", "expansion", "strengthening", "turn", "event", "promise", "statement"];
  const RANK = [0, 0, 0, 1, 2, 3, 4];
  const GROUP = [0, 0, 0, 1, 1, 2, 2];
  // An event that took a promise back or changed what is encrypted comes before the others; to people each is an event.
  const told = (kind) => (CLASSES[kind] === "turn" ? "event" : CLASSES[kind]);

  async function unpack(response) {
    let bytes = new Uint8Array(await response.arrayBuffer());
    // Some hosts unpack on the way; then there is nothing left to do.
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    }
    return bytes;
  }

  class Index {
    constructor(base, get) {
      this.base = base;
      this.get = get || ((url, options) => fetch(url, options));
      this.files = new Map();
    }

    /** Reads the root once; every later call waits for the same one. */
    open() {
      return (this.opened ??= this.load().catch((error) => {
        this.opened = null;
        throw error;
      }));
    }

    async load() {
      const response = await this.get(`${this.base}meta.json`, { cache: "no-cache" });
      if (!response.ok) throw new Error(`search data: ${response.status}`);
      const meta = await response.json();
      if (meta.format !== 3) throw new Error("search data of another format");
      const root = await this.json(meta.root);
      const runs = root.runs;
      runs.day = sums(runs.day);
      runs.start = [0];
      runs.count.forEach((count, i) => runs.start.push(runs.start[i] + count));
      // Where each run begins among its source's records.
      const seen = new Array(root.sources.length).fill(0);
      runs.place = runs.source.map((source, i) => {
        const place = seen[source];
        seen[source] += runs.count[i];
        return place;
      });
      root.postings.term = sums(root.postings.term);
      root.names = root.sources.map(([services, policy]) => ({ services: services.map(forms), policy: forms(policy) }));
      Object.assign(this, root);
    }

    file(name) {
      if (!this.files.has(name)) {
        const loading = this.get(`${this.base}${name}.bin`).then((response) => {
          if (!response.ok) throw new Error(`search data: ${response.status}`);
          return unpack(response);
        });
        loading.catch(() => this.files.delete(name));
        this.files.set(name, loading);
      }
      return this.files.get(name);
    }

    async json(name) {
      return JSON.parse(new TextDecoder().decode(await this.file(name)));
    }

    block(names, i) {
      return names.slice(i * 12, i * 12 + 12);
    }

    // Forms to terms.

    async formBlock(i) {
      const flat = await this.json(this.block(this.forms.names, i));
      const map = new Map();
      let form = "";
      let term = 0;
      for (let at = 0; at < flat.length; at += 3) {
        form = form.slice(0, flat[at]) + flat[at + 1];
        term += flat[at + 2];
        map.set(form, term);
      }
      return map;
    }

    async lookUp(form) {
      const i = last(this.forms.first, form);
      if (i < 0) return null;
      const map = await this.formBlock(i);
      if (!map.has(form)) return null;
      // Other forms of the term that lie near are what gets marked in the texts.
      const term = map.get(form);
      const kin = [];
      for (const [other, number] of map) if (number === term) kin.push(other);
      return { term, kin };
    }

    async known(form) {
      const found = await this.lookUp(form);
      if (found) return found;
      for (const ending of ENDINGS) {
        const stem = form.endsWith(ending) ? form.slice(0, -ending.length) : "";
        if ([...stem].length > 2) {
          const found = await this.lookUp(stem);
          if (found) return found;
        }
      }
      return null;
    }

    async formsWith(prefix) {
      const found = new Map();
      const first = this.forms.first;
      for (let i = Math.max(0, last(first, prefix)); i < first.length; i++) {
        if (first[i] > prefix && !first[i].startsWith(prefix)) break;
        for (const [form, term] of await this.formBlock(i)) if (form.startsWith(prefix)) found.set(form, term);
        if (found.size > MOST_FORMS) return null;
      }
      return found;
    }

    // Postings.

    /** The blocks that hold a term's list, and the place of its piece in the first of them. */
    pieces(term) {
      const terms = this.postings.term;
      let i = last(terms, term);
      if (terms[i] < term) return [{ i, skip: term - terms[i] }];
      const pieces = [];
      for (; i >= 0 && terms[i] === term; i--) pieces.unshift({ i, skip: 0 });
      return pieces;
    }

    async piece({ i, skip }, names) {
      const bytes = await this.file(this.block(names, i));
      let at = 0;
      const read = () => {
        let number = 0;
        for (let shift = 0; ; shift += 7) {
          const byte = bytes[at++];
          number |= (byte & 0x7f) << shift;
          if (byte < 0x80) return number >>> 0;
        }
      };
      for (;;) {
        const count = read();
        const length = read();
        if (skip-- === 0) return { count, read };
        at += length;
      }
    }

    async postingsOf(piece) {
      const { count, read } = await this.piece(piece, this.postings.names);
      const list = new Array(count);
      let number = 0;
      for (let i = 0; i < count; i++) list[i] = number += read();
      return list;
    }

    /** The records of a term; where `within` is given, of long lists only the pieces that may hold some of them. */
    async recordsOf(term, within) {
      let pieces = this.pieces(term);
      if (within && pieces.length > 1) {
        const first = this.postings.record;
        pieces = pieces.filter(({ i }, k) => {
          const end = k + 1 < pieces.length ? first[pieces[k + 1].i] : Infinity;
          const at = last(within, end - 1);
          return at >= 0 && within[at] >= first[i];
        });
      }
      return (await Promise.all(pieces.map((piece) => this.postingsOf(piece)))).flat();
    }

    /** Lists that all hold, the shortest read first so that long ones are read in part. */
    async inAll(readers, within) {
      readers.sort((a, b) => a.size - b.size);
      const short = readers.filter((reader) => reader.size <= 1);
      const lists = await Promise.all(short.map((reader) => reader.read(null)));
      lists.sort((a, b) => a.length - b.length);
      for (const list of lists) within = within ? both(within, list) : list;
      for (const reader of readers.slice(short.length)) {
        const list = await reader.read(within);
        within = within ? both(within, list) : list;
      }
      return within;
    }

    reader(term) {
      return { size: this.pieces(term).length, read: (within) => this.recordsOf(term, within) };
    }

    async phrase(terms, within) {
      const distinct = [...new Set(terms)];
      const found = await this.inAll(distinct.map((term) => this.reader(term)), within);
      if (!found.length) return found;
      const positions = new Map();
      await Promise.all(distinct.map(async (term) => positions.set(term, await this.positions(term, found))));
      return found.filter((record) => {
        const rest = terms.slice(1).map((term) => new Set(positions.get(term).get(record)));
        return positions.get(terms[0]).get(record).some((at) => rest.every((places, i) => places.has(at + i + 1)));
      });
    }

    /** Where a term stands in each of these records. */
    async positions(term, within) {
      const places = new Map();
      const wanted = new Set(within);
      const first = this.postings.record;
      const pieces = this.pieces(term);
      await Promise.all(pieces.map(async (piece, k) => {
        const end = k + 1 < pieces.length ? first[pieces[k + 1].i] : Infinity;
        const at = last(within, end - 1);
        if (pieces.length > 1 && (at < 0 || within[at] < first[piece.i])) return;
        const list = await this.postingsOf(piece);
        const { read } = await this.piece(piece, await this.json(this.postings.positions));
        for (const record of list) {
          const here = [];
          let position = 0;
          for (let more = 1; more; ) {
            const step = read();
            more = step & 1;
            here.push((position += step >>> 1));
          }
          if (wanted.has(record)) places.set(record, here);
        }
      }));
      return places;
    }

    // Records.

    run(record) {
      return last(this.runs.start, record);
    }

    /** All records of the runs for which `wanted` holds. */
    inRuns(wanted) {
      const out = [];
      this.runs.source.forEach((_, i) => {
        if (wanted(i)) for (let n = this.runs.start[i]; n < this.runs.start[i + 1]; n++) out.push(n);
      });
      return out;
    }

    async lifespan(records) {
      const size = this.lifespans.records;
      const blocks = new Map();
      for (const n of records) blocks.set(Math.floor(n / size), null);
      await Promise.all([...blocks.keys()].map(async (i) => {
        const [table, counts] = await this.json(this.block(this.lifespans.names, i));
        const list = [];
        for (let at = 0; at < counts.length; at += 2) for (let k = counts[at + 1]; k > 0; k--) list.push(table[counts[at]]);
        blocks.set(i, list);
      }));
      return (n) => blocks.get(Math.floor(n / size))[n % size];
    }

    /** Filters by what a run tells: its source and class. */
    allowed(query) {
      const holds = {
        service: (value, names) => names.services.some((name) => contains(name, value)),
        policy: (value, names) => contains(names.policy, value),
        kind: (value, _, kind) => {
          const name = value.join("_");
          return name === told(kind) || (name === "finding" && GROUP[kind] === 0) || (name === "statement" && GROUP[kind] === 2);
        },
      };
      const { source, class: kinds, day } = this.runs;
      return (run) => (query.year === null || yearOf(day[run]) === query.year) && ["service", "policy", "kind"].every((field) => {
        const fits = (f) => holds[field](f.value, this.names[source[run]], kinds[run]);
        const filters = query.filters.filter((f) => f.field === field);
        const yes = filters.filter((f) => !f.not);
        return (!yes.length || yes.some(fits)) && !filters.some((f) => f.not && fits(f));
      });
    }

    async topic(filters) {
      const lists = [];
      for (const [key, label] of this.topics) {
        const meant = (f) => [key, label].some((name) => forms(name).join(" ") === f.value.join(" "));
        if (!filters.some(meant)) continue;
        const found = await this.lookUp(`#${key}`);
        if (found) lists.push(await this.recordsOf(found.term));
      }
      return inSome(lists, 1);
    }

    /** What a clause needs: how much to read, and how. `null`: a prefix that stands for too much. */
    async clause(clause, marks) {
      const named = this.names.map((names) => names.services.some((name) =>
        clause.prefix ? name.some((form) => form.startsWith(clause.prefix)) : contains(name, clause.words)));
      const ofService = named.includes(true) ? this.inRuns((i) => named[this.runs.source[i]]) : null;
      const add = (list) => (ofService ? inSome([list, ofService], 1) : list);
      const mark = (list) => clause.not || list.forEach((form) => marks.add(form));
      if (clause.prefix) {
        const found = await this.formsWith(clause.prefix);
        if (!found) return null;
        mark([...found.keys()]);
        const terms = [...new Set(found.values())];
        const read = async (within) => add(inSome(await Promise.all(terms.map((term) => this.recordsOf(term, within))), 1));
        return { size: 1, read };
      }
      const found = await Promise.all(clause.words.map((word) => this.known(word)));
      // The small words inside a phrase are part of its mark, but stand everywhere else too.
      const telling = clause.words.filter((word) => !FILLER.has(word));
      mark(telling.length ? telling : clause.words);
      if (found.includes(null)) return { size: 0, read: async () => ofService || [] };
      found.forEach((f, i) => (telling.length && FILLER.has(clause.words[i])) || mark(f.kin));
      const terms = found.map((f) => f.term);
      const size = Math.min(...terms.map((term) => this.pieces(term).length));
      const read = (within) => (terms.length > 1 ? this.phrase(terms, within) : this.recordsOf(terms[0], within));
      return { size: terms.length > 1 ? size + 1 : size, read: async (within) => add(await read(within)) };
    }

    /** Finds the numbers of all answers, in order, and counts them. */
    async find(typed) {
      await this.open();
      const query = typeof typed === "string" ? parse(typed) : typed;
      const result = { query, total: 0, groups: [[], [], []], matched: null, short: [], marks: new Set(), services: [], years: [] };
      const empty = !query.clauses.length && !query.filters.length && query.asOf === null && query.gone === null && query.year === null;
      if (empty) return result;
      const needs = await Promise.all(query.clauses.map((clause) => this.clause(clause, result.marks)));
      const must = [];
      const not = [];
      needs.forEach((need, i) => {
        const clause = query.clauses[i];
        if (!need) query.problems.push(`“${clauseText(clause)}” stands for more than ${MOST_FORMS} words: write more letters before the *`);
        (clause.not ? not : must).push(need || { size: 0, read: async () => [] });
      });
      const topics = (not) => query.filters.filter((f) => f.field === "topic" && f.not === not);
      const sifted = async (records) => {
        const allowed = this.allowed(query);
        if (records === null) records = this.inRuns(allowed);
        else {
          let run = 0;
          let fits = null;
          records = records.filter((n) => {
            while (n >= this.runs.start[run + 1]) run++, (fits = null);
            return (fits ??= allowed(run));
          });
        }
        if (topics(false).length) records = both(records, await this.topic(topics(false)));
        if (topics(true).length) records = without(records, await this.topic(topics(true)));
        for (const need of not) if (records.length) records = without(records, await need.read(records));
        return this.standing(query, records);
      };
      let found = await sifted(must.length ? await this.inAll([...must], null) : null);
      for (let least = must.length - 1; !found.length && must.length > 2 && least >= Math.ceil(must.length / 2); least--) {
        found = await sifted(inSome(await Promise.all(must.map((need) => need.read(null))), least));
        if (found.length) result.matched = least;
      }
      if (found.length && result.matched === null && must.length > 2) found = await this.nearly(must, found, sifted, result);
      this.arrange(found, result);
      return result;
    }

    /** A statement that has all the words does not hide the findings and events that have all but one. */
    async nearly(must, found, sifted, result) {
      const { class: kinds } = this.runs;
      const has = new Set();
      for (const n of found) has.add(GROUP[kinds[this.run(n)]]);
      const empty = [0, 1].filter((group) => !has.has(group));
      if (!empty.length) return found;
      let within = this.inRuns((run) => empty.includes(GROUP[kinds[run]]));
      // Who lacks one word at most has one of any two: the long lists are then read in part.
      const readers = [...must].sort((a, b) => a.size - b.size);
      const lists = await Promise.all(readers.slice(0, 2).map(async (need) => both(within, await need.read(within))));
      within = inSome(lists, 1);
      for (const need of readers.slice(2)) lists.push(both(within, await need.read(within)));
      const near = within.length ? await sifted(inSome(lists, must.length - 1)) : [];
      const groups = new Set(near.map((n) => GROUP[kinds[this.run(n)]]));
      result.short = empty.filter((group) => groups.has(group));
      return near.length ? [...found, ...near].sort((a, b) => a - b) : found;
    }

    /** Filters by lifespan. */
    async standing(query, records) {
      if (query.asOf === null && query.gone === null) return records;
      const { day, class: kinds } = this.runs;
      if (query.asOf !== null) records = records.filter((n) => day[this.run(n)] <= query.asOf);
      const lifespan = await this.lifespan(records);
      return records.filter((n) => {
        const run = this.run(n);
        const spans = lifespan(n);
        if (query.gone !== null) {
          const gone = GROUP[kinds[run]] === 2 && spans.length % 2 === 1;
          if (gone !== query.gone) return false;
        }
        if (query.asOf === null) return true;
        let at = day[run];
        let stands = true;
        for (const length of spans) {
          if (query.asOf < (at += length)) break;
          stands = !stands;
        }
        return stands;
      });
    }

    /** By group, rank, newest day, source, place; and the counts beside them. */
    arrange(found, result) {
      const { day, source, class: kinds, start } = this.runs;
      const runs = new Map();
      let run = 0;
      for (const n of found) {
        while (n >= start[run + 1]) run++;
        if (!runs.has(run)) runs.set(run, []);
        runs.get(run).push(n);
      }
      const order = [...runs.keys()].sort((a, b) => RANK[kinds[a]] - RANK[kinds[b]] || day[b] - day[a] || a - b);
      const services = new Map();
      const years = new Map();
      const count = (map, key, n) => map.set(key, (map.get(key) || 0) + n);
      for (const i of order) {
        const records = runs.get(i);
        for (const n of records) result.groups[GROUP[kinds[i]]].push(n);
        for (const service of this.sources[source[i]][0]) count(services, service, records.length);
        count(years, yearOf(day[i]), records.length);
      }
      result.total = found.length;
      result.services = [...services].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      result.years = [...years].sort((a, b) => a[0] - b[0]);
    }

    /** What is shown of these records. */
    show(records) {
      return Promise.all(records.map(async (n) => {
        const run = this.run(n);
        const source = this.runs.source[run];
        const place = this.runs.place[run] + n - this.runs.start[run];
        const directory = last(this.texts.first, source);
        const entry = (await this.json(this.block(this.texts.names, directory)))[source - this.texts.first[directory]];
        const starts = sums(entry[0]);
        const block = last(starts, place);
        const row = (await this.json(this.block(entry[1], block)))[place - starts[block]];
        const [services, policy, page] = this.sources[source];
        const kind = told(this.runs.class[run]);
        const isStatement = GROUP[this.runs.class[run]] === 2;
        const spans = row[3]?.length ? row[3] : null;
        return {
          kind, services, policy,
          parts: [].concat(row[0]),
          title: row[4] || "",
          url: isStatement ? `${page}#s-${row[1]}` : row[1],
          topics: (row[2] || []).map((i) => this.topics[i][1]),
          day: isoDay(this.runs.day[run]),
          spans: spans && spans.map((span) => span.map(isoDay)),
        };
      }));
    }
  }

  const contains = (whole, part) =>
    part.length > 0 && whole.some((_, at) => part.every((form, i) => whole[at + i] === form));

  // ---- Snippets ---------------------------------------------------------------------------------
  /** A text as pieces `[text, is marked]`, cut to the part with most marks when long. */
  function snippet(text, marks, longest = 320) {
    const hits = [];
    for (const match of text.matchAll(WORD)) {
      if (fold(match[1]).some((form) => marks.has(form))) hits.push([match.index, match.index + match[1].length]);
    }
    let from = 0;
    let to = text.length;
    if (text.length > longest) {
      let best = -1;
      for (const [start] of hits) {
        const inside = hits.filter((hit) => hit[0] >= start && hit[1] <= start + longest - 60).length;
        if (inside > best) (best = inside), (from = Math.max(0, start - 60));
      }
      to = Math.min(text.length, from + longest);
      if (from > 0) from = text.indexOf(" ", from) + 1 || from;
      if (to < text.length) to = Math.max(from + 1, text.lastIndexOf(" ", to)) || to;
    }
    const pieces = from > 0 ? [["… ", false]] : [];
    let at = from;
    let joins = false;
    for (const [start, end] of hits) {
      if (start < at || end > to) continue;
      const gap = text.slice(at, start);
      // Neighbours make one mark, with the hyphens and small words between them.
      if (joins && start - at < 7 && !/[.;:!?]/.test(gap) && forms(gap).every((form) => FILLER.has(form))) {
        pieces.at(-1)[0] += gap + text.slice(start, end);
      } else {
        if (gap) pieces.push([gap, false]);
        pieces.push([text.slice(start, end), true]);
      }
      joins = true;
      at = end;
    }
    if (at < to) pieces.push([text.slice(at, to), false]);
    if (to < text.length) pieces.push([" …", false]);
    return pieces;
  }

  globalThis.walkbackSearch = { Index, parse, canonical, forms, snippet };

  // ---- The page ---------------------------------------------------------------------------------
  const results = globalThis.document?.getElementById("results");
  if (!results) return;
  const root = results.dataset.root ?? "../";
  const form = document.querySelector("main form");
  const input = form.elements.q;
  // Stands in the page from the start: what is put into it is read out, and nothing else is.
  const said = document.getElementById("said");
  let index = new Index(new URL(`${root}search-index/`, document.baseURI).href);
  let latest = 0;

  /** An element; strings become text nodes, so that nothing archived is ever read as markup. */
  function el(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) if (value !== null) node.setAttribute(key, value);
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  const number = (n) => n.toLocaleString("en");
  const counted = (n, one) => `${number(n)} ${one}${n === 1 ? "" : "s"}`;
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  /** `2026-05-08` as `8 May 2026`. */
  const inWords = (day) => `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]} ${Number(day.slice(0, 4))}`;
  const address = (typed) => `?q=${encodeURIComponent(typed)}`;
  const quote = (name) => (/^[\p{L}\p{N}]+$/u.test(name) ? name : `"${name.replaceAll('"', "")}"`);
  /** The query without what it says about one field, and with something else said about it. */
  const withField = (typed, field, value) =>
    `${typed.replace(new RegExp(`(^|\\s)-?${field}:(["“”„][^"“”„]*["“”„]?|\\S*)`, "giu"), " ").trim()} ${value}`.trim();

  function dates(record) {
    const time = (day) => el("time", { datetime: day }, inWords(day));
    if (!["promise", "statement"].includes(record.kind)) return [time(record.day)];
    if (!record.spans) return ["stands since ", time(record.day)];
    const out = [];
    for (const [from, lastSeen, gone] of record.spans) {
      if (out.length) out.push("; ");
      if (gone) out.push("stood ", time(from), " to ", time(lastSeen), ", gone by ", time(gone));
      else out.push("stands again since ", time(from));
    }
    return out;
  }

  function shown(record, marks) {
    const marked = (text, longest) =>
      snippet(text, marks, longest).map(([piece, hit]) => (hit ? el("mark", null, piece) : piece));
    const score = (part) => snippet(part, marks, 1e9).filter(([, hit]) => hit).length;
    const best = record.parts.reduce((a, b) => (score(b) > score(a) ? b : a));
    const services = record.services.join(", ");
    const judged = ["reversal", "expansion", "strengthening"].includes(record.kind);
    const href = root + record.url;
    const meta = el("p", { class: "hit-meta" });
    const dot = "\u00a0· ";
    const title = judged ? `${services}: ${record.title}` : record.title || `${services}${dot}${record.policy}`;
    if (judged && record.policy) meta.append(record.kind, dot, record.policy, dot);
    else if (record.title) meta.append("event", dot, ...(services ? [services, dot] : []));
    meta.append(...dates(record));
    if (!judged) for (const topic of record.topics) meta.append(dot, topic);
    const gone = record.spans && record.spans.at(-1)[2];
    return el("li", { class: `hit hit-${record.kind}${gone ? " hit-gone" : ""}` },
      el("p", { class: "hit-title", dir: "auto" }, el("a", { href }, ...marked(title, 200))),
      el("p", { class: "hit-text", dir: "auto" }, ...marked(best, 320)), meta);
  }

  async function group(heading, note, records, first, marks) {
    const list = el("ol", { class: "hits" });
    const section = el("section", null, el("h2", null, `${heading} `, el("span", { class: "many" }, number(records.length) + note)), list);
    const more = el("button", { type: "button" }, "Show more");
    let at = 0;
    const add = async (n) => {
      const next = await index.show(records.slice(at, at + n));
      list.append(...next.map((record) => shown(record, marks)));
      at += n;
      if (at < records.length) section.append(more);
      else more.remove();
      return list.children[at - n];
    };
    more.addEventListener("click", async () => (await add(20))?.querySelector("a")?.focus());
    await add(first);
    return section;
  }

  function facet(title, entries, link) {
    if (entries.length < 2) return null;
    const items = entries.slice(0, 30).map(([name, n]) =>
      el("li", null, el("a", { href: address(link(name)) }, String(name)), " ", el("span", { class: "many" }, number(n))));
    return el("details", { class: "facet" }, el("summary", null, title), el("ul", null, ...items));
  }

  function tools(typed, query) {
    const day = el("input", { type: "date", value: query.asOf === null ? "" : isoDay(query.asOf) });
    day.addEventListener("change", () => go(withField(typed, "as-of", day.value && `as-of:${day.value}`), true));
    const which = el("select", null);
    for (const [value, label] of [["", "standing or gone"], ["gone:no", "still standing"], ["gone:", "no longer standing"]]) {
      const chosen = value === (query.gone === null ? "" : query.gone ? "gone:" : "gone:no");
      which.append(el("option", { value, selected: chosen ? "" : null }, label));
    }
    which.addEventListener("change", () => go(withField(typed, "gone", which.value), true));
    return el("p", { class: "search-tools" }, el("label", null, "As of ", day), " ", el("label", null, "Show ", which));
  }

  async function answer(typed) {
    const turn = ++latest;
    const found = await index.find(typed);
    const { query, groups, marks } = found;
    const asked = canonical(query) !== "";
    // Where judged answers exist they come first; statements fill the page.
    const first = [6, 6, groups[0].length + groups[1].length ? 8 : 15];
    const headings = ["Findings", "Events", "Statements"];
    const note = (i) => (found.short.includes(i) ? ", lacking one of the words" : "");
    const sections = await Promise.all(groups.map((records, i) => (records.length ? group(headings[i], note(i), records, first[i], marks) : null)));
    if (turn !== latest) return;
    // What has all the words stands before what lacks one.
    const order = [0, 1, 2].sort((a, b) => found.short.includes(a) - found.short.includes(b) || a - b);
    const names = ["finding", "event", "statement"];
    const parts = groups.map((records, i) => records.length && counted(records.length, names[i])).filter(Boolean);
    let says = !asked ? "" : found.total ? `Found ${parts.join(", ")}.` : "Nothing found.";
    if (found.matched) says += ` No record has all the words; these have ${found.matched} of them.`;
    if (query.ignored.length) says += ` Left out: ${query.ignored.join(", ")} (put words in quotes to keep them).`;
    said.textContent = says;
    const problems = query.problems.map((problem) => el("p", { class: "search-problem" }, problem));
    results.replaceChildren(...[
      ...problems, asked ? tools(typed, query) : null,
      facet("By service", found.services, (name) => withField(typed, "service", `service:${quote(name)}`)),
      facet("By year", found.years, (year) => withField(typed, "year", `year:${year}`)),
      ...order.map((i) => sections[i]),
    ].filter(Boolean));
  }

  async function go(typed, remember) {
    input.value = typed;
    const here = new URL(address(typed), location.href);
    if (remember && here.href !== location.href) history.pushState(null, "", here);
    else if (here.href !== location.href) history.replaceState(null, "", here);
    results.setAttribute("aria-busy", "true");
    try {
      await answer(typed).catch(() => {
        // A new build may have replaced the files since this page was opened: begin again, once.
        index = new Index(index.base);
        return answer(typed);
      });
    } catch (error) {
      const problem = globalThis.DecompressionStream ? `Search could not be loaded (${error.message}).` : "This browser is too old for search without a server.";
      said.textContent = "";
      results.replaceChildren(el("p", { class: "search-problem", role: "alert" }, problem, " ", el("a", { href: `${root}data/` }, "Download the data instead.")));
    }
    results.removeAttribute("aria-busy");
  }

  const typedNow = () => new URLSearchParams(location.search).get("q") ?? "";
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => go(input.value, false), 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    go(input.value, true);
  });
  results.addEventListener("click", (event) => {
    const link = event.target.closest(".facet a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(new URL(link.href).searchParams.get("q"), true);
  });
  addEventListener("popstate", () => go(typedNow(), false));
  if (typedNow()) go(typedNow(), false);
  else {
    document.getElementById("help")?.setAttribute("open", "");
    index.open().catch(() => {});
  }
})();
