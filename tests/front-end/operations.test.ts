// The ten operations of tests/operations, in the order of a working day, through the client that is generated from the
// schema. That this compiles under --strict is one check, that the server answers so is the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import * as documents from './generated/graphql.js';
import { endpoint, liveEndpoint, raiseAlert, token, type Role } from './server.mjs';

type Document<Result, Variables> = documents.TypedDocumentString<Result, Variables>;
type Answer<Result> = { data: Result; errors?: { message: string; path: (string | number)[]; extensions: { code: string; requires?: Role[] } }[] };

/** The whole client: a document knows the type of its variables and of its answer. */
async function ask<Result, Variables>(role: Role, document: Document<Result, Variables>, variables: Variables): Promise<Answer<Result>> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json', Authorization: `Bearer ${token(role)}` },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as Answer<Result>;
}

async function data<Result, Variables>(role: Role, document: Document<Result, Variables>, variables: Variables): Promise<Result> {
  const answer = await ask(role, document, variables);
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

/** A thing that must be there. */
function there<Thing>(thing: Thing | null | undefined): Thing {
  assert.ok(thing !== null && thing !== undefined, 'null');
  return thing;
}

test('what a type does not have is no program', () => {
  // @ts-expect-error: the variable is required, so leaving it out must not compile.
  void (() => ask('ANALYST', documents.AlertDetailDocument, {}));
  // @ts-expect-error: a misspelt reason must not compile.
  void ((): documents.DismissReason => 'FALSE_ALARM');
});

test('the ten operations', async (t) => {
  const alerts: string[] = [];
  let caseId = '';

  await t.test('Queue: pages that meet, a filter and an order', async () => {
    const first = await data('ANALYST', documents.QueueDocument, { first: 2, orderBy: 'SCORE_DESC' });
    assert.deepEqual(first.viewer.roles, ['ANALYST']);
    const page = there(first.alerts);
    assert.equal(page.totalCount, 3);
    assert.equal(page.pageInfo.hasNextPage, true);
    const after = page.pageInfo.endCursor;
    const second = await data('ANALYST', documents.QueueDocument, { first: 2, after, orderBy: 'SCORE_DESC' });
    const rest = there(second.alerts);
    assert.equal(rest.pageInfo.hasNextPage, false);
    const rows = [...page.nodes, ...rest.nodes];
    assert.deepEqual(rows.map(({ score }) => score), rows.map(({ score }) => score).sort((a, b) => b - a));
    alerts.push(...rows.map(({ id }) => id));
    assert.equal(new Set(alerts).size, 3);
    for (const row of rows) {
      assert.match(row.subject.pseudonym, /^Anon-/);
      assert.deepEqual(row.viewerCan, ['CONFIRM', 'DISMISS', 'ASSIGN', 'SEND_FOR_REVIEW']);
    }
    // Scores move with the day on which this runs, so which severity the last row has is not known here.
    const severity = there(rows[2]).severity;
    const alike = await data('ANALYST', documents.QueueDocument, { filter: { severity: [severity] }, orderBy: 'SCORE_DESC' });
    assert.deepEqual(there(alike.alerts).nodes.map(({ id }) => id), rows.filter((row) => row.severity === severity).map(({ id }) => id));
    const dismissed = await data('ANALYST', documents.QueueDocument, { filter: { status: ['DISMISSED'] } });
    assert.equal(there(dismissed.alerts).totalCount, 0);
  });

  await t.test('Queue: the overview comes unless a page says that it needs none', async () => {
    const first = await data('ANALYST', documents.QueueDocument, {});
    assert.equal(there(first.overview).openAlertsBySeverity.reduce((sum, { count }) => sum + count, 0), 3);
    assert.ok(there(first.overview).recommendedActions.some(({ done }) => done));
    const second = await data('ANALYST', documents.QueueDocument, { withOverview: false });
    assert.ok(!('overview' in second));
  });

  await t.test('AlertDetail and InsightActivities: shares that add up, and events of which the content is guarded', async () => {
    const { alert } = await data('ANALYST', documents.AlertDetailDocument, { id: there(alerts[0]) });
    const { score, contributions, subject } = there(alert);
    assert.ok(Math.abs(contributions.reduce((sum, { points }) => sum + points, 0) - score) < 0.01);
    assert.equal(subject.identityState, 'MASKED');
    assert.equal(subject.identity, null);
    const insightId = there(contributions[0]).insight.id;
    const masked = await ask('ANALYST', documents.InsightActivitiesDocument, { insightId, first: 2 });
    assert.ok(masked.data.node?.__typename === 'Insight');
    assert.equal(masked.data.node.activities.nodes.length, 2);
    for (const [at, { content, facts }] of masked.data.node.activities.nodes.entries()) {
      assert.equal(content, null);
      assert.ok(facts !== null && typeof facts === 'object');
      const error = there(there(masked.errors).find(({ path }) => path.includes(at)));
      assert.deepEqual(error.path, ['node', 'activities', 'nodes', at, 'content']);
      assert.deepEqual(error.extensions, { code: 'FORBIDDEN', requires: ['INVESTIGATOR'] });
    }
    const open = await data('INVESTIGATOR', documents.InsightActivitiesDocument, { insightId, first: 2 });
    assert.ok(open.node?.__typename === 'Insight');
    assert.ok(open.node.activities.nodes.every(({ content }) => content !== null));
  });

  await t.test('AssignAlert: taken once; the second is told who has it', async () => {
    const { viewer } = await data('ANALYST', documents.QueueDocument, {});
    const input = { alertId: there(alerts[0]), assignee: viewer.id };
    const taken = there((await data('ANALYST', documents.AssignAlertDocument, { input })).assignAlert);
    assert.deepEqual(taken.userErrors, []);
    assert.equal(there(taken.alert).assignee, viewer.id);
    const late = there((await data('INVESTIGATOR', documents.AssignAlertDocument, { input })).assignAlert);
    assert.equal(there(late.userErrors[0]).code, 'CONFLICT');
    assert.equal(there(late.alert).assignee, viewer.id);
  });

  await t.test('ConfirmAlert: opens a case; what is wrong with an input names the field', async () => {
    const bad = { alertId: there(alerts[0]), caseName: 'x'.repeat(201) };
    const refused = there((await data('ANALYST', documents.ConfirmAlertDocument, { input: bad })).confirmAlert);
    assert.deepEqual(there(refused.userErrors[0]).field, ['input', 'caseName']);
    assert.equal(refused.case, null);
    const input = { alertId: there(alerts[0]), caseName: 'Leaves with drawings' };
    const confirmed = there((await data('ANALYST', documents.ConfirmAlertDocument, { input })).confirmAlert);
    assert.deepEqual(confirmed.userErrors, []);
    assert.equal(there(confirmed.alert).status, 'CONFIRMED');
    assert.deepEqual(there(confirmed.alert).viewerCan, []);
    caseId = there(confirmed.case).id;
  });

  await t.test('DismissAlerts: all or none', async () => {
    const input = { alertIds: [there(alerts[0]), there(alerts[2])], reason: 'EXPECTED_ACTIVITY' as const };
    const none = there((await data('ANALYST', documents.DismissAlertsDocument, { input })).dismissAlerts);
    assert.equal(there(none.userErrors[0]).code, 'CONFLICT');
    const one = { ...input, alertIds: [there(alerts[2])], note: 'As agreed.' };
    const dismissed = there((await data('ANALYST', documents.DismissAlertsDocument, { input: one })).dismissAlerts);
    assert.deepEqual(dismissed.userErrors, []);
    assert.deepEqual(dismissed.alerts.map(({ id, status, dismissReason }) => [id, status, dismissReason]), [[alerts[2], 'DISMISSED', 'EXPECTED_ACTIVITY']]);
  });

  await t.test('AddCaseNote, RequestReveal and CasePage: an analyst sees all but the reveals', async () => {
    const note = { input: { caseId, body: 'Asked the team lead for the hand-over list.' } };
    const written = there((await data('ANALYST', documents.AddCaseNoteDocument, note)).addCaseNote);
    assert.deepEqual([written.userErrors, written.warnings], [[], []]);
    assert.ok(there(written.case).notes.some(({ body }) => body === note.input.body));

    const reveal = { input: { caseId, reason: 'Three hundred drawings left on a stick.' } };
    const forbidden = await ask('ANALYST', documents.RequestRevealDocument, reveal);
    assert.equal(forbidden.data.requestReveal, null);
    assert.deepEqual(there(there(forbidden.errors)[0]).extensions, { code: 'FORBIDDEN', requires: ['INVESTIGATOR'] });
    const asked = there((await data('INVESTIGATOR', documents.RequestRevealDocument, reveal)).requestReveal);
    assert.deepEqual(asked.userErrors, []);
    assert.equal(there(asked.reveal).state, 'REQUESTED');
    assert.equal(there(asked.reveal).case.id, caseId);

    const partial = await ask('ANALYST', documents.CasePageDocument, { id: caseId });
    assert.deepEqual(there(partial.errors).map(({ path, extensions }) => [path, extensions.code]), [[['case', 'reveals'], 'FORBIDDEN']]);
    const page = there(partial.data.case);
    assert.equal(page.reveals, null);
    assert.equal(page.name, 'Leaves with drawings');
    assert.deepEqual(page.alerts.nodes.map(({ id }) => id), [alerts[0]]);
    assert.ok(page.timeline.totalCount > 0);
    assert.ok(page.notes.some(({ body, system }) => !system && body === note.input.body));
    const whole = there((await data('INVESTIGATOR', documents.CasePageDocument, { id: caseId })).case);
    assert.deepEqual(there(whole.reveals).map(({ id, state }) => [id, state]), [[there(asked.reveal).id, 'REQUESTED']]);
    // Asked for, not agreed to.
    assert.deepEqual([whole.subject.identityState, whole.subject.identity], ['MASKED', null]);
  });

  await t.test('AlertRaised: somebody leaves with files while the screen is open', async () => {
    const client = createClient({
      url: liveEndpoint,
      webSocketImpl: WebSocket,
      connectionParams: () => ({ Authorization: `Bearer ${token('ANALYST')}` }),
      keepAlive: 100,
    });
    // Messages are answered in order, so the answer to a ping says that the subscription before it is open.
    const open = new Promise((resolve) => client.on('pong', resolve));
    const query = documents.AlertRaisedDocument.toString();
    const raised = client.iterate<documents.AlertRaisedSubscription, documents.AlertRaisedSubscriptionVariables>({ query, variables: {} });
    const next = raised.next();
    await open;
    await raiseAlert('nadja.holm@halden-optics.example');
    const event = there((await next).value as { data?: documents.AlertRaisedSubscription } | undefined);
    const alert = there(event.data).alertRaised;
    assert.equal(alert.status, 'NEEDS_REVIEW');
    assert.ok(!alerts.includes(alert.id));
    const { alerts: queue } = await data('ANALYST', documents.QueueDocument, { orderBy: 'RAISED_AT_DESC', first: 1 });
    assert.equal(there(there(queue).nodes[0]).id, alert.id);
    await raised.return?.();
    await client.dispose();
  });
});
