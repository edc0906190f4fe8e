// Tools that ask the server for its schema get the one in schema.graphql, descriptions included. Roles are not in an
// introspection: the language has no place for them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema, validateSchema } from 'graphql';
import { data } from './server.mjs';

test('the server tells the schema of the file, to every question of the common tools', async () => {
  const everything = { specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true, oneOf: true };
  const told = buildClientSchema(await data('ANALYST', getIntrospectionQuery(everything)));
  assert.deepEqual(validateSchema(told), []);
  const kept = buildSchema(readFileSync('schema.graphql', 'utf8'));
  assert.equal(printSchema(lexicographicSortSchema(told)), printSchema(lexicographicSortSchema(kept)));
  // What the newest and the oldest of them ask. As description of the schema the library gives one of its own.
  await data('ANALYST', getIntrospectionQuery({ ...everything, schemaDescription: true }));
  await data('ANALYST', getIntrospectionQuery({ descriptions: false }));
});
