// The audit suite of graphql-http: what a server must, should and may do by the GraphQL-over-HTTP specification.
// It needs no token: it asks for `__typename` alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { endpoint } from './server.mjs';

const audits = serverAudits({ url: endpoint });

test('the suite has the number of audits that were counted when it was pinned', () => {
  assert.equal(audits.length, 61);
});

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    // A notice or a warning is no pass: all of them are kept.
    assert.equal(result.status, 'ok', result.reason);
  });
}
