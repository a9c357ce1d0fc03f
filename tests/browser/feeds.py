"""Reads every feed and data file with parsers that are not ours: feedparser and atoma for Atom, icalendar for
calendars, listparser for OPML, jsonschema for JSON Feed and the API. `python feeds.py SITE`; prints `N passed, N failed`."""

import csv
import json
import pathlib
import sys

import atoma
import feedparser
import icalendar
import jsonschema
import listparser

site = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent
passed, failed = 0, []


def check(name, test):
    global passed
    try:
        test()
        passed += 1
    except Exception as error:  # every fault of a parser is a failure of the file
        failed.append(name)
        print(f"FAILED {name}: {type(error).__name__}: {str(error)[:300]}")


def atom(path):
    strict = atoma.parse_atom_file(str(path))
    assert strict.id_.startswith("urn:uuid:") and strict.updated and strict.title.value
    loose = feedparser.parse(str(path))
    assert not loose.bozo, loose.get("bozo_exception")
    assert loose.version == "atom10"
    ids = [entry.id_ for entry in strict.entries]
    assert len(ids) == len(set(ids)), "an id comes twice"
    for entry in strict.entries:
        assert entry.updated and entry.links and entry.links[0].href.startswith("http"), entry.id_


def calendar(path):
    parsed = icalendar.Calendar.from_ical(path.read_bytes())
    assert str(parsed["VERSION"]) == "2.0" and parsed["PRODID"]
    uids = set()
    for event in parsed.walk("VEVENT"):
        assert not event.errors, event.errors
        assert event["UID"] not in uids, event["UID"]
        uids.add(event["UID"])
        assert event["DTSTAMP"].dt and event["DTSTART"].dt < event["DTEND"].dt


def outline(path):
    parsed = listparser.parse(path.read_text("utf-8"))
    assert not parsed.bozo and len(parsed.feeds) > 15
    for feed in parsed.feeds:
        local = feed.url.split("/feeds/", 1)[1]
        assert (site / "feeds" / local).is_file(), local


def against(schema):
    def test(path):
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(json.loads(path.read_text("utf-8")), schema)

    return test


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows and all(len(row) == len(rows[0]) for row in rows)


def each(pattern, test):
    paths = sorted(site.glob(pattern))
    assert paths, f"no file matches {pattern}"
    for path in paths:
        check(str(path.relative_to(site)), lambda: test(path))


schema = lambda name: json.loads((site / f"api/v1/schema/{name}.json").read_text("utf-8"))
each("feeds/**/*.atom", atom)
each("feeds/**/*.ics", calendar)
each("feeds/*.opml", outline)
each("feeds/**/*.json", against(json.loads((here / "jsonfeed.schema.json").read_text("utf-8"))))
for name in ["findings", "events", "board", "policies"]:
    each(f"api/v1/{name}.json", against(schema(name)))
each("services/*/*/history.json", against(schema("history")))
each("api/v1/*.csv", table)
print(f"{passed} passed, {len(failed)} failed")
sys.exit(1 if failed else 0)
