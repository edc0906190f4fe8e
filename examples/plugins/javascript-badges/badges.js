// A connector in JavaScript: badge refusals at sensitive doors, in the records of plugins/badge. README.md says how to
// build it. Never: an event for a door that is not listed, or a reject that quotes a record.

const KIND = "PHYSICAL_ACCESS_FAILED_SENSITIVE";
const SCHEMA = {
  type: "object",
  properties: { sensitive_assets: { type: "array", items: { type: "string", minLength: 1 } } },
  required: ["sensitive_assets"],
  additionalProperties: false,
};
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
// More brackets than any record of a badge has. The parser has no limit of its own that holds here: what nests deeper than
// the stack is deep would trap.
const NESTED = /^(?:[^[{]*[[{]){201}/;
const ASCII = /^[\x00-\x7f]*$/;
const ADDRESS = /^[^\s<>,;"|/\\@]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/;

/** One record that is not accepted; the rest of the batch goes in. */
class Reject extends Error {
  constructor(reason, field, detail) {
    super(detail);
    Object.assign(this, { reason, field, detail });
  }
}

/** UTF-8 as text, or an error. The engine has no TextDecoder; what it has of old is written in C, and strict. */
function decode(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 4096) parts.push(String.fromCharCode.apply(null, bytes.subarray(at, at + 4096)));
  const latin = parts.join("");
  return ASCII.test(latin) ? latin : decodeURIComponent(escape(latin));
}

/** The record as JSON. */
function parse(body) {
  let record;
  try {
    const written = decode(body);
    if (NESTED.test(written)) throw new Error("too many brackets");
    record = JSON.parse(written);
  } catch {
    // The message of the parser would quote the record.
    throw new Reject("malformed", null, "not JSON");
  }
  if (record === null || typeof record !== "object" || Array.isArray(record)) {
    throw new Reject("malformed", null, "not a JSON object");
  }
  return record;
}

/** The text of a field, or nothing. Half a character, which JSON can spell, cannot be handed to the host. */
function text(record, field) {
  const value = Object.hasOwn(record, field) ? record[field] : undefined;
  if (typeof value !== "string") return "";
  if (!value.isWellFormed()) throw new Reject("malformed", null, "half a character, which is no text");
  return value.trim();
}

/** The text of a field that must not be empty. */
function need(record, field) {
  const value = text(record, field);
  if (value === "") throw new Reject("missing-field", field, `${field} is missing`);
  return value;
}

/** An RFC 3339 time as microseconds since 1970. One without an offset is none: there is no zone database here. */
function micros(written) {
  const found = TIME.exec(written);
  if (!found) return null;
  const [, second, fraction, offset] = found;
  const milliseconds = Date.parse(second + offset);
  // Date.parse takes the 31st of February for the 3rd of March.
  const day = new Date(Date.parse(`${second}Z`));
  if (Number.isNaN(milliseconds) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 19) !== second) return null;
  return milliseconds * 1000 + Number((fraction ?? "").padEnd(6, "0").slice(0, 6));
}

/** Whether one of the names is listed; a * at the end of an entry stands for anything. */
function isSensitive(doors, ...names) {
  const lower = names.map((name) => name.toLowerCase());
  const fits = (door, name) => (door.endsWith("*") ? name.startsWith(door.slice(0, -1)) : name === door);
  return doors.some((door) => lower.some((name) => fits(door, name)));
}

/** The event of a record, or why it is ignored. What cannot be understood is thrown. */
function normaliseOne(doors, index, body) {
  const record = parse(body);
  const [user, asset, written] = ["UserId", "AssetId", "EventTime"].map((field) => need(record, field));
  const at = micros(written);
  if (at === null) throw new Reject("bad-time", "EventTime", "EventTime is not a time with an offset");
  const status = need(record, "AccessStatus");
  if (status !== "Success" && status !== "Failed") {
    throw new Reject("unknown-kind", "AccessStatus", "AccessStatus is neither Success nor Failed");
  }
  const name = text(record, "AssetName");
  if (status === "Success") return "a door that opened";
  if (!isSensitive(doors, asset, name)) return "refused at a door that is not sensitive";
  if (!ADDRESS.test(user)) throw new Reject("bad-value", "UserId", "UserId is not an address");
  const texts = [["workload", "Badge"], ["operation", status], ["object_id", asset], ["object_name", name]];
  return {
    recordIndex: index,
    sourceId: need(record, "EventId"),
    kind: KIND,
    occurredAt: at,
    parties: [{ role: "actor", identifiers: [{ scheme: "upn", value: user.toLowerCase() }] }],
    attributes: texts
      .filter(([, value]) => value !== "")
      .map(([key, value]) => ({ name: key, value: { tag: "text", val: value } })),
  };
}

/** What the connector is. The host compares id and version with plugin.toml. */
export const describe = {
  describe() {
    const texts = [["workload", "none"], ["operation", "none"], ["object_id", "content"], ["object_name", "content"]];
    const attributes = texts.map(([name, sensitivity]) => ({ name, type: "text", sensitivity }));
    return {
      id: "org.example.javascript-badges",
      version: "0.1.0",
      vendor: "Example Doors",
      family: "physical",
      configSchema: JSON.stringify(SCHEMA),
      feeds: [{ name: "badges", title: "Badge events", framing: "json", pointer: "", columns: [] }],
      kinds: [{ name: KIND, title: "Refused at a sensitive door", attributes }],
    };
  },
};

/** Records to events. Each record ends in exactly one of the three lists. */
export const normalise = {
  checkConfig(ctx) {
    return JSON.parse(ctx.config).sensitive_assets.flatMap((door, at) =>
      ["", "*"].includes(door.trim())
        ? [{ at: `/sensitive_assets/${at}`, message: "not every door can be sensitive: name them" }]
        : [],
    );
  },
  normalise(ctx, batch) {
    const doors = JSON.parse(ctx.config).sensitive_assets?.map((door) => door.trim().toLowerCase());
    if (!doors) throw { tag: "config", val: [{ at: "", message: "sensitive_assets is missing" }] };
    const [events, rejects, ignored] = [[], [], new Map()];
    for (const { index, body } of batch.records) {
      try {
        const result = normaliseOne(doors, index, body);
        if (typeof result === "string") ignored.set(result, (ignored.get(result) ?? 0) + 1);
        else events.push(result);
      } catch (error) {
        if (!(error instanceof Reject)) throw error;
        rejects.push({ recordIndex: index, reason: error.reason, field: error.field, detail: error.detail });
      }
    }
    return { events, rejects, ignored: [...ignored] };
  },
};
