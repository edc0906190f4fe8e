/**
 * What the tests have in common: one browser, two cases, every token that was given out.
 * Never: a visit that is not held to what the browser said; each test ends its own.
 */

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import * as world from "./world.mjs";

/** Set before the first test. */
export const state = { browser: null, made: null };

/** Every token that was given out, to be looked for where none may be. */
export const tokens = [];

before(async () => {
  state.browser = await launch();
  state.made = await world.prepare();
});

after(() => state.browser?.close());

export async function share(more, of = state.made.caseId) {
  const found = await world.share(of, more);
  tokens.push(found.token);
  return found;
}

export async function question(more, of = state.made.caseId) {
  const found = await world.ask(of, more);
  tokens.push(found.token);
  return found;
}

/** A window of its own, at a share. */
export async function visit(token, options) {
  const visitor = await state.browser.visitor(options);
  await visitor.open(token);
  return visitor;
}

/** Waits for something that no event tells of. */
export async function until(condition) {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, String(condition));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** No piece of who it is. */
export function namesNobody(text) {
  const { displayName, email, accounts } = state.made.person;
  for (const name of [...displayName.split(" "), email, ...accounts]) assert.ok(!text.includes(name), `names ${name}`);
}
