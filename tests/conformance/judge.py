"""Outside judges of the archive: gzip -t, warcio check, pywb.

    judge.py ARCHIVE     a folder that `cargo run -p archive --example sample` wrote

Ends with 1 and says what is wrong; prints one line a judge otherwise.
"""

import gzip
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PRIVACY = "https://courier.example/privacy"
HELP = "https://courier.example/help?id=1&lang=en"
FIRST = "<!doctype html><title>Privacy</title><p>Messages are end-to-end encrypted by default. Caf\u00e9.</p>"
SECOND = "<!doctype html><title>Privacy</title><p>You can choose to encrypt messages.</p>"
BIN = pathlib.Path(sys.executable).parent


def fail(what):
    sys.exit(f"conformance: {what}")


def judge_gzip(segments):
    for segment in segments:
        subprocess.run(["gzip", "-t", segment], check=True)
    print(f"gzip -t: {len(segments)} segments whole")


def judge_warcio(segments):
    passed = unchecked = 0
    for segment in segments:
        run = subprocess.run([BIN / "warcio", "check", "-v", segment], capture_output=True, text=True)
        if run.returncode != 0 or "fail" in run.stdout:
            fail(f"warcio check refuses {segment}:\n{run.stdout}{run.stderr}")
        passed += run.stdout.count("digest pass")
        unchecked += run.stdout.count("not checked (revisit)")
    if passed == 0 or unchecked == 0:
        fail(f"warcio check saw {passed} records and {unchecked} revisits: not the sample")
    print(f"warcio check: {passed} records pass, {unchecked} revisits as it should be unchecked")

    from warcio.archiveiterator import ArchiveIterator

    for segment in segments:
        with open(segment, "rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type == "metadata":
                    json.load(record.content_stream())


class Pywb:
    """A replay server on loopback over a copy of the segments."""

    def __init__(self, segments):
        self.dir = tempfile.mkdtemp(prefix="walkback-pywb-")
        manager = BIN / "wb-manager"
        quiet = {"cwd": self.dir, "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([manager, "init", "courier"], **quiet)
        subprocess.run([manager, "add", "courier", *segments], **quiet)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(pathlib.Path(self.dir, "log"), "w+")
        arguments = [BIN / "wayback", "-b", "127.0.0.1", "-p", str(self.port)]
        self.server = subprocess.Popen(arguments, cwd=self.dir, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.get("/courier/cdx?url=" + PRIVACY)
                return
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError):
                    return
                if time.monotonic() > deadline or self.server.poll() is not None:
                    self.log.seek(0)
                    fail(f"pywb does not start:\n{self.log.read()}")
                time.sleep(0.2)

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        request.add_header("Accept-Encoding", "identity")
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            return answer.headers, body

    def close(self):
        self.server.terminate()
        self.server.wait()
        self.log.close()
        shutil.rmtree(self.dir)


def judge_pywb(segments):
    pywb = Pywb(segments)
    try:
        lines = pywb.get("/courier/cdx?output=json&url=" + PRIVACY)[1].decode().splitlines()
        views = [json.loads(line) for line in lines]
        times = [view["timestamp"] for view in views]
        # The 304 of 3 January and the failure of 4 January are no views.
        expected = [f"202601{day:02}000000" for day in (1, 2, 5, 6, 7, 9, 10)]
        if times != expected:
            fail(f"pywb offers {times}, expected {expected}")
        for timestamp, url, date, body in [
            ("20260101000000", PRIVACY, "Thu, 01 Jan 2026 00:00:00 GMT", FIRST),
            ("20260102000000", PRIVACY, "Fri, 02 Jan 2026 00:00:00 GMT", FIRST),
            ("20260105000000", PRIVACY, "Mon, 05 Jan 2026 00:00:00 GMT", SECOND),
            ("20260108000000", HELP, "Thu, 08 Jan 2026 00:00:00 GMT", SECOND),
            ("20260109000000", PRIVACY, "Fri, 09 Jan 2026 00:00:00 GMT", SECOND),
        ]:
            headers, found = pywb.get(f"/courier/{timestamp}id_/{url}")
            if found.decode() != body or headers["Memento-Datetime"] != date:
                fail(f"pywb replays {url} at {timestamp} as {headers['Memento-Datetime']}: {found[:80]!r}")
        headers, _ = pywb.get(f"/courier/20260105000000id_/{PRIVACY}")
        edges = [value for name, value in headers.items() if re.fullmatch("(?i)(x-archive-orig-)?x-edge", name)]
        if edges != ["1", "2"]:
            fail(f"a repeated header came back as {edges}")
        print(f"pywb: {len(times)} views and 5 replays right, revisits of its own and of another page among them")
    finally:
        pywb.close()


def main():
    segments = sorted(pathlib.Path(sys.argv[1], "segments").resolve().glob("*.warc.gz"))
    if not segments:
        fail(f"no segments in {sys.argv[1]}")
    judge_gzip(segments)
    judge_warcio(segments)
    judge_pywb(segments)


main()
