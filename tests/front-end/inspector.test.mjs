// graphql-inspector: the example operations fit the schema, and nothing that was released is broken. A check that never
// fails is none, so each is also run on a schema that lacks a field.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { print, parse, visit } from 'graphql';

/** @returns {Promise<{code: number, said: string}>} */
function inspector(...words) {
  return new Promise((resolve) => {
    execFile('graphql-inspector', words, { env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, said: out + err });
    });
  });
}

/** The schema without one field of one type. */
function without(type, field) {
  const lacking = visit(parse(readFileSync('schema.graphql', 'utf8')), {
    ObjectTypeDefinition: (node) => (node.name.value === type ? undefined : false),
    FieldDefinition: (node) => (node.name.value === field ? null : undefined),
  });
  const file = `without-${field}.graphql`;
  writeFileSync(file, print(lacking));
  return file;
}

const lacking = without('Alert', 'severity');

test('every operation fits the schema', async () => {
  const { code, said } = await inspector('validate', 'operations/*.graphql', 'schema.graphql', '--deprecated');
  assert.equal(code, 0, said);
  assert.match(said, /All documents are valid/);
});

test('an operation that does not fit is found', async () => {
  const { code, said } = await inspector('validate', 'operations/*.graphql', lacking);
  assert.equal(code, 1, said);
  assert.match(said, /Cannot query field severity on type Alert/);
});

/** What inspector says of the schema against the released one, a line each change. */
const changes = (said) => said.split('\n').filter((line) => /[✖⚠✔]/u.test(line));

test('nothing of the released schema is broken, and what is new is in the changelog', async () => {
  const { code, said } = await inspector('diff', 'released.graphql', 'schema.graphql');
  assert.equal(code, 0, said);
  const news = changes(said).filter((line) => !/ description /.test(line));
  const changelog = readFileSync('API-CHANGELOG.md', 'utf8');
  const unreleased = /^## Unreleased\n+([^#]+)/m.exec(changelog)?.[1]?.trim() ?? '';
  assert.ok(news.length === 0 || unreleased.length > 0, `API-CHANGELOG.md says nothing below "## Unreleased" of:\n${news.join('\n')}`);
});

test('a break is found', async () => {
  const { code, said } = await inspector('diff', 'schema.graphql', lacking);
  assert.equal(code, 1, said);
  assert.match(said, /severity.*Alert/);
  assert.match(said, /1 breaking change/);
});

/** Who may read what: `Type.field` to its roles. A field that is not here is open to everybody. */
function guards(text) {
  const found = new Map();
  for (const type of parse(text).definitions) {
    for (const field of type.fields ?? []) {
      const guard = field.directives.find(({ name }) => name.value === 'requires');
      if (guard) found.set(`${type.name.value}.${field.name.value}`, guard.arguments[0].value.values.map(({ value }) => value));
    }
  }
  return found;
}

/** What roles could read and cannot any more: inspector does not look at the roles of a guard. */
function lost(before, after) {
  const [had, has] = [guards(before), guards(after)];
  return [...has].flatMap(([field, roles]) => {
    const readers = had.get(field) ?? (exists(before, field) ? ['everybody'] : []);
    return readers.filter((role) => !roles.includes(role)).map((role) => `${field}: ${role}`);
  });
}

function exists(text, field) {
  const [of, name] = field.split('.');
  return parse(text).definitions.some((type) => type.name?.value === of && type.fields?.some((field) => field.name.value === name));
}

test('no role has lost a field', () => {
  const schema = readFileSync('schema.graphql', 'utf8');
  const released = readFileSync('released.graphql', 'utf8');
  assert.deepEqual(lost(released, schema), []);
  const narrower = schema.replace(/(confirmAlert\([^]*?@requires\(anyOf: \[)ANALYST, /, '$1');
  assert.deepEqual(lost(schema, narrower), ['Mutation.confirmAlert: ANALYST']);
  const guarded = schema.replace('  viewer: Viewer!', '  viewer: Viewer! @requires(anyOf: [ADMIN])');
  assert.deepEqual(lost(schema, guarded), ['Query.viewer: everybody']);
});
