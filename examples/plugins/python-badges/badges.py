# A connector in Python: badge refusals at sensitive doors, in the records of plugins/badge. README.md says how to
# build it. Never: an event for a door that is not listed, or a reject that quotes a record.
import json
import re
from datetime import datetime, timedelta, timezone

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import describe as d
from wit_world.imports import types as t

# What is imported must be imported here: this runs once, while the component is built. A call has no files to import from.
KIND = "PHYSICAL_ACCESS_FAILED_SENSITIVE"
SCHEMA = {
    "type": "object",
    "properties": {"sensitive_assets": {"type": "array", "items": {"type": "string", "minLength": 1}}},
    "required": ["sensitive_assets"],
    "additionalProperties": False,
}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
SURROGATE = re.compile("[\ud800-\udfff]")
# More than any record of a badge has. The parser has no limit of its own that holds here: what nests deeper than the stack
# is deep would trap.
BRACKETS = 200
ADDRESS = re.compile(r"[^\s<>,;\"|/\\@]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")


class Reject(Exception):
    """One record that is not accepted; the rest of the batch goes in."""

    def __init__(self, reason, field, detail):
        super().__init__(detail)
        self.reason, self.field, self.detail = reason, field, detail


def parse(body):
    """The record as JSON. `json.loads` of bytes would guess encodings, and import them, which traps."""
    try:
        if body.count(b"[") + body.count(b"{") > BRACKETS:
            raise ValueError
        record = json.loads(body.decode())
    except ValueError:
        # Its message would quote the record.
        raise Reject(t.RejectReason.MALFORMED, None, "not JSON") from None
    if not isinstance(record, dict):
        raise Reject(t.RejectReason.MALFORMED, None, "not a JSON object")
    return record


def text(record, field):
    """The text of a field, or nothing. Half a character, which JSON can spell, cannot be handed to the host."""
    value = record.get(field)
    if not isinstance(value, str):
        return ""
    if SURROGATE.search(value):
        raise Reject(t.RejectReason.MALFORMED, None, "half a character, which is no text")
    return value.strip()


def need(record, field):
    """The text of a field that must not be empty."""
    value = text(record, field)
    if not value:
        raise Reject(t.RejectReason.MISSING_FIELD, field, f"{field} is missing")
    return value


def micros(written):
    """An RFC 3339 time as microseconds since 1970. One without an offset is none: there is no zone database here."""
    found = TIME.fullmatch(written)
    if not found:
        return None
    second, fraction, offset = found.groups()
    try:
        whole = datetime.fromisoformat(second + offset) - EPOCH
    except ValueError:
        return None
    return whole // timedelta(microseconds=1) + int((fraction or "").ljust(6, "0")[:6])


def is_sensitive(doors, *names):
    """Whether one of the names is listed; a * at the end of an entry stands for anything."""
    names = [name.lower() for name in names]
    return any(name.startswith(door[:-1]) if door.endswith("*") else name == door for door in doors for name in names)


def normalise_one(doors, index, body):
    """The event of a record, or why it is ignored. What cannot be understood is raised."""
    record = parse(body)
    user, asset, written = need(record, "UserId"), need(record, "AssetId"), need(record, "EventTime")
    at = micros(written)
    if at is None:
        raise Reject(t.RejectReason.BAD_TIME, "EventTime", "EventTime is not a time with an offset")
    status = need(record, "AccessStatus")
    if status not in ("Success", "Failed"):
        raise Reject(t.RejectReason.UNKNOWN_KIND, "AccessStatus", "AccessStatus is neither Success nor Failed")
    name = text(record, "AssetName")
    if status == "Success":
        return "a door that opened"
    if not is_sensitive(doors, asset, name):
        return "refused at a door that is not sensitive"
    if not ADDRESS.fullmatch(user):
        raise Reject(t.RejectReason.BAD_VALUE, "UserId", "UserId is not an address")
    texts = [("workload", "Badge"), ("operation", status), ("object_id", asset), ("object_name", name)]
    return t.Event(
        record_index=index,
        source_id=need(record, "EventId"),
        kind=KIND,
        occurred_at=at,
        parties=[t.Party("actor", [t.Identifier("upn", user.lower())])],
        attributes=[t.Attribute(key, t.Value_Text(value)) for key, value in texts if value],
    )


class Describe(exports.Describe):
    """What the connector is. The host compares id and version with plugin.toml."""

    def describe(self):
        texts = [("workload", "none"), ("operation", "none"), ("object_id", "content"), ("object_name", "content")]
        attributes = [d.AttributeSpec(name, d.ValueType.TEXT, sensitivity) for name, sensitivity in texts]
        return d.DescriptorInfo(
            id="org.example.python-badges",
            version="0.1.0",
            vendor="Example Doors",
            family="physical",
            config_schema=json.dumps(SCHEMA),
            feeds=[d.FeedSpec("badges", "Badge events", d.Framing.JSON, "", [])],
            kinds=[d.KindSpec(KIND, "Refused at a sensitive door", attributes)],
        )


class Normalise(exports.Normalise):
    """Records to events. Each record ends in exactly one of the three lists."""

    def check_config(self, ctx):
        doors = json.loads(ctx.config)["sensitive_assets"]
        return [
            t.Problem(f"/sensitive_assets/{at}", "not every door can be sensitive: name them")
            for at, door in enumerate(doors)
            if door.strip() in ("", "*")
        ]

    def normalise(self, ctx, batch):
        try:
            doors = [door.strip().lower() for door in json.loads(ctx.config)["sensitive_assets"]]
        except KeyError:
            missing = t.Problem("", "sensitive_assets is missing")
            raise Err(t.Failure_Config([missing])) from None
        events, rejects, ignored = [], [], {}
        for raw in batch.records:
            try:
                result = normalise_one(doors, raw.index, raw.body)
            except Reject as reject:
                rejects.append(t.Reject(raw.index, reject.reason, reject.field, reject.detail))
                continue
            if isinstance(result, str):
                ignored[result] = ignored.get(result, 0) + 1
            else:
                events.append(result)
        return t.Outcome(events, rejects, list(ignored.items()))
