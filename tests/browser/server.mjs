// A plain static host on loopback, under a path as many are, compressing as hosts do.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
  ".png": "image/png", ".json": "application/json", ".atom": "application/atom+xml", ".ics": "text/calendar",
  ".xml": "application/xml", ".opml": "text/x-opml", ".csv": "text/csv", ".txt": "text/plain",
};
/** The path that the site was built for, as its sitemap has it; `/` where it was built for none. */
async function pathOf(root) {
  const robots = await readFile(join(root, "robots.txt"), "utf8");
  const sitemap = /^Sitemap: (.*)sitemap\.xml$/m.exec(robots);
  return sitemap ? new URL(sitemap[1]).pathname : "/";
}

export async function serve(root) {
  const home = await pathOf(root);
  const squeezed = new Map();
  const server = createServer(async (request, response) => {
    let path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    let status = 200;
    let body;
    try {
      if (!path.startsWith(home)) throw new Error("outside");
      if (path.endsWith("/")) path += "index.html";
      body = await readFile(join(root, normalize(path.slice(home.length))));
    } catch {
      status = 404;
      path = "404.html";
      body = await readFile(join(root, path));
    }
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    const headers = { "content-type": type, "x-content-type-options": "nosniff", "cache-control": "max-age=600" };
    if (/text|json|xml|svg|javascript/.test(type)) {
      const gzip = !/\bbr\b/.test(request.headers["accept-encoding"] ?? "");
      headers["content-encoding"] = gzip ? "gzip" : "br";
      const key = `${gzip}${path}`;
      if (!squeezed.has(key)) {
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
        squeezed.set(key, gzip ? gzipSync(body) : brotliCompressSync(body, quality));
      }
      body = squeezed.get(key);
    }
    response.writeHead(status, headers).end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, base: `http://127.0.0.1:${server.address().port}${home}` };
}
