// docs/front-end.md has the ten operations that there are.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'graphql';

test('the guide has a row for every operation, and each file one operation of its name', () => {
  const guide = readFileSync('front-end.md', 'utf8');
  const table = guide.slice(guide.indexOf('| Operation | What for |'));
  const rows = [...table.matchAll(/^\| `(\w+)` \| \S.*\|$/gm)].map(([, name]) => name);
  const files = readdirSync('operations');
  assert.equal(files.length, 10);
  assert.deepEqual(rows.toSorted(), files.map((file) => file.replace(/\.graphql$/, '')).toSorted());
  for (const file of files) {
    const names = parse(readFileSync(`operations/${file}`, 'utf8')).definitions.map(({ name }) => `${name.value}.graphql`);
    assert.deepEqual(names, [file]);
  }
});
