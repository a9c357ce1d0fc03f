"""The JSON Schemas of docs/schemas before a validator that is not ours: every declaration and event of data/
fits, and files with a planted mistake do not.

    schemas.py ROOT

Ends with 1 and names each file and field that does not fit; prints one line a schema otherwise.
"""

import copy
import json
import pathlib
import sys
import tomllib

from jsonschema import Draft202012Validator, FormatChecker


def faults(validator, name, value):
    return [
        f"{name}: {'/'.join(map(str, error.absolute_path)) or '(whole)'}: {error.message[:200]}"
        for error in validator.iter_errors(value)
    ]


def without(value, key):
    changed = copy.deepcopy(value)
    del changed[key]
    return changed


def changed(value, **fields):
    return {**copy.deepcopy(value), **fields}


DECLARATION = {"name": "Courier", "terms": {"Privacy Policy": {"fetch": "https://courier.example/privacy", "select": "main"}}}
PAGE = DECLARATION["terms"]["Privacy Policy"]
WRONG_DECLARATIONS = {
    "no name": without(DECLARATION, "name"),
    "no terms": without(DECLARATION, "terms"),
    "an unknown field": changed(DECLARATION, watch=True),
    "a page without an address": changed(DECLARATION, terms={"Privacy Policy": {"select": "main"}}),
    "an address that is a number": changed(DECLARATION, terms={"Privacy Policy": {**PAGE, "fetch": 7}}),
    "a selector that is a number": changed(DECLARATION, terms={"Privacy Policy": {**PAGE, "select": 7}}),
}
EVENT = {
    "title": "Courier ends encrypted chats",
    "date": "2026-05-08",
    "kind": "withdrawal",
    "topics": ["encryption"],
    "confidence": "high",
    "summary": "Courier takes encrypted chats away.",
    "source": [{"id": "page", "publisher": "Courier", "title": "Help", "url": "https://courier.example/help"}],
    "effect": [{"service": "Courier", "scope": "chats", "before": "opt_in", "after": "none"}],
}
WRONG_EVENTS = {
    "no source": changed(EVENT, source=[]),
    "a source without address and note": changed(EVENT, source=[without(EVENT["source"][0], "url")]),
    "a date in words": changed(EVENT, date="8 May 2026"),
    "an unknown kind": changed(EVENT, kind="rumour"),
    "an unknown topic": changed(EVENT, topics=["weather"]),
    "an unknown state": changed(EVENT, effect=[{**EVENT["effect"][0], "after": "mostly"}]),
    "an unknown field": changed(EVENT, author="nobody"),
}


def judge(root, schema, files, right, wrong):
    """What does not fit though it should, or fits though it should not."""
    schema = json.loads((root / "docs/schemas" / schema).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    found = faults(validator, "the example", right)
    for name, value in files:
        found += faults(validator, name, value)
    for mistake, value in wrong.items():
        if validator.is_valid(value):
            found.append(f"{schema['title']}: {mistake} passes")
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    declarations = [(path.name, json.loads(path.read_text())) for path in sorted(root.glob("data/declarations/*.json"))]
    histories = [(name, value) for name, value in declarations if name.endswith(".history.json")]
    declarations = [pair for pair in declarations if pair not in histories]
    events = [(path.name, tomllib.loads(path.read_text())) for path in sorted(root.glob("data/events/*.toml"))]
    if not declarations or not events:
        sys.exit(f"{root} holds no declarations or no events")
    found = judge(root, "declaration.schema.json", declarations, DECLARATION, WRONG_DECLARATIONS)
    found += judge(root, "event.schema.json", events, EVENT, WRONG_EVENTS)
    for fault in found:
        print(f"FAILED: {fault}")
    if found:
        sys.exit(1)
    print(f"jsonschema: {len(declarations)} declarations fit their schema, {len(WRONG_DECLARATIONS)} wrong ones do not")
    print(f"jsonschema: {len(events)} events fit their schema, {len(WRONG_EVENTS)} wrong ones do not")


main()
