// The server that front-end.sh has started, and its tokens: what all tests here need.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** @param {string} name */
function setting(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: tests/front-end.sh runs these tests`);
  return value;
}

export const origin = setting('FRONT_END_URL');
export const endpoint = `${origin}/graphql`;
export const liveEndpoint = endpoint.replace('http:', 'ws:');

/** @typedef {'ADMIN' | 'ANALYST' | 'INVESTIGATOR' | 'APPROVER' | 'AUDITOR'} Role */

/**
 * A development token; a front end has it from its OpenID Connect provider.
 * @param {Role} role
 */
export function token(role) {
  return readFileSync(`${setting('FRONT_END_TOKENS')}/${role}`, 'utf8').trim();
}

/**
 * Sends a document and gives the answer as it is.
 * @param {Role | null} role
 * @param {string} query
 * @param {unknown} [variables]
 * @returns {Promise<any>}
 */
export async function ask(role, query, variables) {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json',
      ...(role && { Authorization: `Bearer ${token(role)}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return answer.json();
}

/**
 * Data of an answer without any error.
 * @param {Role} role
 * @param {string} query
 * @param {unknown} [variables]
 */
export async function data(role, query, variables) {
  const answer = await ask(role, query, variables);
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

/** A case to work on: the one that is open, or a new one of an alert that waits. */
export async function openCase() {
  const { cases } = await data('ANALYST', '{ cases(first: 1, status: ACTIVE) { nodes { id } } }');
  if (cases.nodes.length > 0) return cases.nodes[0].id;
  const page = await data('ANALYST', '{ alerts(first: 1, filter: {status: [NEEDS_REVIEW]}) { nodes { id } } }');
  const confirm = 'mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }';
  const { confirmAlert } = await data('ANALYST', confirm, { input: { alertId: page.alerts.nodes[0].id, caseName: 'A case to check with' } });
  assert.deepEqual(confirmAlert.userErrors, []);
  return confirmAlert.case.id;
}

/** @param {string} caseId @param {string} body */
export async function addNote(caseId, body) {
  const write = 'mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { userErrors { message } } }';
  const written = await data('ANALYST', write, { input: { caseId, body } });
  assert.deepEqual(written.addCaseNote.userErrors, []);
}

/**
 * Somebody who is new here resigned and has fetched files since: delivered as connectors deliver it, it raises an alert.
 * @param {string} account
 */
export async function raiseAlert(account) {
  const find = '{ connectors { nodes { id name } } }';
  const make = 'mutation($input: CreateConnectorCredentialInput!) { createConnectorCredential(input: $input) { token userErrors { message } } }';
  const { connectors } = await data('ADMIN', find);
  /** @param {number} days */
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const downloads = Array.from({ length: 140 }, (_, at) => ({
    Id: crypto.randomUUID(),
    Operation: 'FileDownloaded',
    RecordType: 6,
    CreationTime: `${day(-1)}T09:00:00`,
    Workload: 'SharePoint',
    UserId: account,
    ObjectId: `https://halden-optics.example/sites/a/${at}.docx`,
    SourceFileName: `${at}.docx`,
    SourceFileExtension: 'docx',
  }));
  const resignation = `Resignation,${account},${day(-9)}T09:00:00Z,${day(20)}T00:00:00Z`;
  const deliveries = {
    m365: downloads.map((record) => JSON.stringify(record)).join('\n'),
    hr: `HRScenario,EmailAddress,ResignationDate,LastWorkingDate\n${resignation}\n`,
  };
  for (const [name, body] of Object.entries(deliveries)) {
    const connector = connectors.nodes.find((/** @type {{name: string}} */ connector) => connector.name === name);
    const input = { connectorId: connector.id, name: `for ${account}`, expiresInDays: 1 };
    const { createConnectorCredential: made } = await data('ADMIN', make, { input });
    const headers = { Authorization: `Bearer ${made.token}` };
    const taken = await fetch(`${origin}/ingest/${name}`, { method: 'POST', headers, body });
    assert.equal(taken.status, 202, await taken.text());
  }
}
