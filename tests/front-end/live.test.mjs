// Subscriptions through the clients that front ends take: graphql-ws and graphql-sse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { addNote, endpoint, liveEndpoint, openCase, token } from './server.mjs';

const caseUpdated = 'subscription($id: ID!) { caseUpdated(id: $id) { id notes { body } reveals { id } } }';
const alertRaised = 'subscription { alertRaised { id } }';

/** A client that does not connect again: a test wants to see why a connection ended. */
function socketClient(connectionParams, more = {}) {
  return createSocketClient({ url: liveEndpoint, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, ...more });
}

const bearer = (role) => ({ Authorization: `Bearer ${token(role)}` });

/** How a subscription that cannot be had ends: the errors of its answer, or the code of the close. */
function ending(client, query, variables = {}) {
  return new Promise((resolve, reject) => {
    client.subscribe({ query, variables }, {
      next: ({ errors }) => resolve(errors),
      error: resolve,
      complete: () => reject(new Error('it ended without saying why')),
    });
  });
}

const seen = (event) => event.data.caseUpdated.notes.map(({ body }) => body);

test('graphql-ws: events of two subscriptions on one socket, each once a change', async () => {
  const id = await openCase();
  const client = socketClient(bearer('INVESTIGATOR'), { keepAlive: 100 });
  const open = new Promise((resolve) => client.on('pong', resolve));
  const first = client.iterate({ query: caseUpdated, variables: { id } });
  const second = client.iterate({ query: caseUpdated, variables: { id } });
  const waiting = [first.next(), second.next()];
  await open;
  await addNote(id, 'Heard by both.');
  for (const { value } of await Promise.all(waiting)) {
    assert.deepEqual([value.errors, value.data.caseUpdated.id], [undefined, id]);
    assert.ok(seen(value).includes('Heard by both.'));
  }
  await first.return();
  // The other goes on when one has ended.
  const next = second.next();
  await addNote(id, 'Heard by one.');
  assert.ok(seen((await next).value).includes('Heard by one.'));
  await second.return();
  await client.dispose();
});

test('graphql-ws: a guarded field of an event is null with its error', async () => {
  const id = await openCase();
  const client = socketClient(bearer('ANALYST'), { keepAlive: 100 });
  const open = new Promise((resolve) => client.on('pong', resolve));
  const events = client.iterate({ query: caseUpdated, variables: { id } });
  const next = events.next();
  await open;
  await addNote(id, 'For an analyst too.');
  const { value } = await next;
  assert.ok(seen(value).includes('For an analyst too.'));
  assert.equal(value.data.caseUpdated.reveals, null);
  assert.deepEqual(value.errors.map(({ path, extensions }) => [path, extensions.code]), [[['caseUpdated', 'reveals'], 'FORBIDDEN']]);
  await events.return();
  await client.dispose();
});

test('graphql-ws: why a connection is refused is told by the close code', async () => {
  assert.equal((await ending(socketClient({ Authorization: 'Bearer nothing' }), alertRaised)).code, 4403);
  assert.equal((await ending(socketClient({}), alertRaised)).code, 4401);
});

test('graphql-ws: what a role may not hear, and what is no subscription, are errors of that operation alone', async () => {
  const client = socketClient(bearer('ADMIN'), { lazy: true });
  const forbidden = await ending(client, alertRaised);
  assert.deepEqual(forbidden[0].extensions, { code: 'FORBIDDEN', requires: ['ANALYST', 'INVESTIGATOR'] });
  assert.equal((await ending(client, 'subscription { nothing }'))[0].extensions.code, 'INVALID');
  assert.equal((await ending(client, '{ viewer { id } }'))[0].extensions.code, 'INVALID');
  await client.dispose();
});

test('graphql-sse: an event comes', async () => {
  const id = await openCase();
  let opened;
  const open = new Promise((resolve) => (opened = resolve));
  const client = createSseClient({ url: endpoint, headers: bearer('INVESTIGATOR'), retryAttempts: 0, on: { connected: () => opened() } });
  const events = client.iterate({ query: caseUpdated, variables: { id } });
  const next = events.next();
  await open;
  await addNote(id, 'Heard on a stream.');
  const { value } = await next;
  assert.equal(value.data.caseUpdated.id, id);
  assert.ok(seen(value).includes('Heard on a stream.'));
  await events.return();
  client.dispose();
});

test('graphql-sse: a bad token is 401, a missing role an error with its code', async () => {
  const client = (headers) => createSseClient({ url: endpoint, headers, retryAttempts: 0 });
  const refused = await ending(client({ Authorization: 'Bearer nothing' }), alertRaised);
  assert.equal(refused.response?.status, 401, String(refused));
  const forbidden = await ending(client(bearer('ADMIN')), alertRaised);
  assert.equal(forbidden[0]?.extensions.code, 'FORBIDDEN', JSON.stringify(forbidden));
});
