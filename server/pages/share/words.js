/**
 * Words, numbers and times for people.
 * Never: a code of the API shown as it is, where there is a word for it.
 */

import { el } from "./dom.js";

/** @type {Record<string, string>} */
const WORDS = {
  // Severity, levels of insights and of risk
  LOW: "Low",
  MEDIUM: "Medium",
  HIGH: "High",
  MINIMAL: "Minimal",
  NONE: "None",
  MINOR: "Minor",
  MODERATE: "Moderate",
  ELEVATED: "Elevated",
  // Cases and alerts
  ACTIVE: "Being worked on",
  CLOSED: "Closed",
  BENIGN: "There was a good reason for what was seen",
  CONFIRMED_POLICY_VIOLATION: "A policy was violated",
  NEEDS_REVIEW: "Waiting for somebody to look",
  CONFIRMED: "Part of this case",
  DISMISSED: "Put aside",
  RESOLVED: "Resolved",
  // Audiences
  HR: "Human resources",
  LEGAL: "Legal department",
  MANAGER: "Manager",
  // Sections
  SUMMARY: "Summary",
  TIMELINE: "Timeline",
  NOTES: "Notes",
  ALERTS: "Alerts",
  EVIDENCE: "Evidence",
  QUESTION: "Question",
  // Marks of insights and alerts
  SEQUENCE: "Steps that follow each other",
  CUMULATIVE_EXFILTRATION: "More taken out over weeks than others take",
  UNUSUAL: "Far from what is usual",
  PRIORITY_CONTENT: "Protected content",
  UNALLOWED_DOMAIN: "A domain that is not allowed",
  PRIORITY_GROUP: "Member of a priority group",
  HIGH_IMPACT: "Could do great harm",
  HEALTH_RECORD: "Health records",
  RISKY_BROWSING: "Risky sites",
  // What events are about
  DOCUMENT: "Documents",
  SPREADSHEET: "Spreadsheets",
  PRESENTATION: "Presentations",
  ARCHIVE: "Archives",
  SOURCE_CODE: "Source code",
  IMAGE: "Pictures and drawings",
  EMAIL: "Mail",
  MESSAGE: "Messages",
  DEVICE: "Devices",
  SITE: "Sites",
  OTHER: "Other",
};

/**
 * The word for a code; a newer server's code that is not known here becomes readable at least.
 * @param {string} code
 */
export function word(code) {
  return WORDS[code] ?? sentence(code);
}

/**
 * `size_bytes` or `SIZE_BYTES` as "Size bytes".
 * @param {string} code
 */
function sentence(code) {
  const words = code.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const number = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const points = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });

/** @param {number} value */
export const count = (value) => number.format(value);

/** @param {number} value a score or a share of one */
export const score = (value) => points.format(value);

/**
 * "1 event", "2 events".
 * @param {number} value
 * @param {string} one
 */
export const plural = (value, one) => `${count(value)} ${one}${value === 1 ? "" : "s"}`;

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const utcTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
const localDay = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const utc = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
const local = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});

/**
 * A calendar day as the server counts days: in UTC.
 * @param {string} date such as 2026-11-25
 */
export const dayText = (date) => day.format(new Date(`${date}T00:00:00Z`));

/** @param {number} millis */
export const shortDayText = (millis) => shortDay.format(new Date(millis));

/**
 * An instant where the reader is, and in UTC, so that two people in two places talk of the same one.
 * @param {string} at
 */
function instantText(at) {
  const date = new Date(at);
  const here = local.format(date);
  if (here.endsWith("UTC")) return here;
  const there = localDay.format(date) === day.format(date) ? utcTime.format(date) : utc.format(date);
  return `${here} (${there} UTC)`;
}

/** @param {string} at */
export const instant = (at) => el("time", { datetime: at }, instantText(at));

/** @param {string} date */
export const calendarDay = (date) => el("time", { datetime: date }, dayText(date));

/**
 * A value out of JSON in words.
 * @param {unknown} value
 * @returns {string}
 */
function valueText(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return count(value);
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, inner]) => `${sentence(key)}: ${valueText(inner)}`)
      .join("; ");
  }
  return String(value);
}

/**
 * What a connector said of an event, as names and values.
 * @param {unknown} json
 * @returns {[string, string][]}
 */
export function pairs(json) {
  if (json === null || json === undefined) return [];
  if (typeof json !== "object" || Array.isArray(json)) return [["Value", valueText(json)]];
  return Object.entries(json).map(([key, value]) => [sentence(key), valueText(value)]);
}
