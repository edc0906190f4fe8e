// What clients write without thinking of it: directives on variables with defaults, fragments for another type, parts that
// are left out as a whole. Each is what the specification of GraphQL (sections 2.13, 3.13, 6.3) makes of it.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ask } from './server.mjs';

let alert;
before(async () => {
  alert = (await ask('ANALYST', '{ alerts(first: 1) { nodes { id } } }')).data.alerts.nodes[0].id;
});

for (const [what, query, variables, expected] of [
  ['@include by a default', 'query($w: Boolean = true) { viewer { roles name @include(if: $w) } }', {}, { viewer: { roles: ['ANALYST'], name: 'Front analyst' } }],
  ['@skip by a default', 'query($w: Boolean! = true) { viewer { roles name @skip(if: $w) } }', {}, { viewer: { roles: ['ANALYST'] } }],
  ['a fragment left out by a default', 'query($w: Boolean = false) { viewer { roles ...N @include(if: $w) } } fragment N on Viewer { name }', {}, { viewer: { roles: ['ANALYST'] } }],
  ['a value over the default', 'query($w: Boolean = true) { viewer { roles name @include(if: $w) } }', { w: false }, { viewer: { roles: ['ANALYST'] } }],
  ['a default that is an argument', 'query($n: Int = 1) { alerts(first: $n) { nodes { __typename } } }', {}, { alerts: { nodes: [{ __typename: 'Alert' }] } }],
  ['one value for a list', 'query($s: [AlertStatus!]) { alerts(first: 1, filter: {status: $s}) { nodes { status } } }', { s: 'CONFIRMED' }, { alerts: { nodes: [{ status: 'CONFIRMED' }] } }],
  ['fields of two fragments are joined', '{ viewer { ...A } viewer { ...B } } fragment A on Viewer { roles } fragment B on Viewer { name }', {}, { viewer: { roles: ['ANALYST'], name: 'Front analyst' } }],
  ['an object of which nothing is left', '{ viewer { name @skip(if: true) } }', {}, { viewer: {} }],
  ['a list of objects of which nothing is left', '{ alerts(first: 1) { nodes { id @include(if: false) } } }', {}, { alerts: { nodes: [{}] } }],
  ['an operation of which nothing is left', '{ viewer @skip(if: true) { name } }', {}, {}],
]) {
  test(what, async () => assert.deepEqual(await ask('ANALYST', query, variables), { data: expected }));
}

test('a node that is of another type than the fragment is there all the same', async () => {
  const query = 'query($id: ID!) { node(id: $id) { ... on Case { name } } }';
  assert.deepEqual(await ask('ANALYST', query, { id: alert }), { data: { node: {} } });
  assert.deepEqual(await ask('ANALYST', query, { id: 'alert_none' }), { data: { node: null } });
});
