/**
 * An installation with the sample data, used as its staff use it: over GraphQL, each with a token of their own.
 * Never: an answer made up here; the one thing done behind the server's back is to move the end of a share, because a share holds
 * for an hour at least.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

const need = (name) => process.env[name] ?? assert.fail(`${name} is not set: run tests/pages.sh`);
export const server = need("PAGES_SERVER");
const vizard = need("PAGES_VIZARD");
const data = need("PAGES_DATA");

/** Asks the server; the whole answer with its status. */
export async function send(token, query, variables = {}) {
  const response = await fetch(`${server}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, headers: response.headers, ...(await response.json()) };
}

/** Somebody with a role; answers with the data, or fails. */
function staff(role, name) {
  const token = JSON.parse(
    execFileSync(vizard, ["--data-dir", data, "--json", "token", "--role", role, "--name", name]),
  ).token;
  return async (query, variables) => {
    const answer = await send(token, query, variables);
    assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
    const [done] = Object.values(answer.data);
    assert.deepEqual(done?.userErrors ?? [], [], JSON.stringify(done));
    return done;
  };
}

const ann = staff("ANALYST", "Ann Analyst");
const ida = staff("INVESTIGATOR", "Ida Investigator");
const april = staff("APPROVER", "April Approver");

/** What somebody may write in a note to see what becomes of it. */
export const MARKUP = `<img src="x" onerror="alert(1)"> & <b>the price list</b>`;

async function openCase(alert, caseName) {
  const confirm =
    "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
  const made = await ann(confirm, { input: { alertId: alert, caseName, comment: "Looks bad." } });
  const note = "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { userErrors { message } } }";
  await ann(note, { input: { caseId: made.case.id, body: MARKUP } });
  return made.case.id;
}

/** Lifts the mask with two people; answers with who it is. */
async function reveal(caseId) {
  const request =
    "mutation($input: RequestRevealInput!) { requestReveal(input: $input) { reveal { id } userErrors { message } } }";
  const asked = await ida(request, { input: { caseId, reason: "Legal has to write to the person." } });
  const decide = "mutation($input: DecideRevealInput!) { decideReveal(input: $input) { userErrors { message } } }";
  await april(decide, { input: { revealId: asked.reveal.id, approve: true } });
  const who = "query($id: ID!) { case(id: $id) { subject { identity { displayName email accounts } } } }";
  return (await ida(who, { id: caseId })).subject.identity;
}

const EVERYTHING = ["SUMMARY", "TIMELINE", "ALERTS", "EVIDENCE", "NOTES"];

/** Shares a case with the legal department. */
export async function share(caseId, more = {}) {
  const mutation =
    "mutation($input: ShareCaseInput!) { shareCase(input: $input) { token url share { id } userErrors { message } } }";
  const input = {
    caseId,
    audience: "LEGAL",
    recipient: "Legal, matter 17",
    sections: EVERYTHING,
    expiresInHours: 48,
    reason: "Legal asked for it.",
    ...more,
  };
  const made = await ida(mutation, { input });
  return { token: made.token, url: made.url, id: made.share.id };
}

/** Asks the head of sales about a case. */
export async function ask(caseId, more = {}) {
  const mutation =
    "mutation($input: AskConsultationInput!) { askConsultation(input: $input) { token url consultation { id } userErrors { message } } }";
  const input = {
    caseId,
    audience: "MANAGER",
    recipient: "Head of engineering",
    question: "Is it usual in your team to copy drawings to a USB stick at the end of a project?",
    choices: ["Yes, it is part of the work", "No", "I do not know"],
    sections: ["SUMMARY"],
    expiresInHours: 72,
    reason: "To understand the volume.",
    ...more,
  };
  const made = await ida(mutation, { input });
  return { token: made.token, url: made.url };
}

export async function revoke({ id }) {
  const mutation =
    "mutation($input: RevokeCaseShareInput!) { revokeCaseShare(input: $input) { userErrors { message } } }";
  await ida(mutation, { input: { shareId: id, reason: "Sent to the wrong person." } });
}

export async function resolve(caseId) {
  const mutation = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { message } } }";
  await ida(mutation, { input: { caseId, resolution: "BENIGN", actionTaken: "Talked to the team." } });
}

/** Moves the end of a share into the past. */
export function expire({ id }) {
  const script = `
import sqlite3, sys, time
with sqlite3.connect(sys.argv[1] + "/vizard.db", timeout=30) as database:
    end = int(time.time() * 1e6) - 1
    done = database.execute("UPDATE shares SET expires_at = ? WHERE id = ?", (end, bytes.fromhex(sys.argv[2])))
    assert done.rowcount == 1`;
  execFileSync("python3", ["-c", script, data, id.split("_")[1]]);
}

/** The answers that the case has, as staff read them. */
export async function answers(caseId) {
  return (await ann("query($id: ID!) { case(id: $id) { consultations { choice comment } } }", { id: caseId }))
    .consultations;
}

/** Two cases of the sample data: one whose mask is lifted, and another. */
export async function prepare() {
  const alerts = await ann("{ alerts(first: 2, orderBy: SCORE_DESC) { nodes { id } } }");
  const [main, other] = alerts.nodes;
  const caseId = await openCase(main.id, "Leaving with the drawings");
  return { caseId, person: await reveal(caseId), otherCase: await openCase(other.id, "The second one") };
}
