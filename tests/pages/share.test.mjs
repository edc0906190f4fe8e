/**
 * The page of a share in a real browser, against a real server with the sample data. Run it with tests/pages.sh.
 * Never: another order than this one: the last tests look at everything that the others have sent.
 */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildSchema, parse, validate } from "graphql";
import { wire } from "./browser.mjs";
import { question, share, tokens, visit } from "./setup.mjs";
import * as world from "./world.mjs";

import "./content.mjs";
import "./manner.mjs";

const checkout = process.env.PAGES_CHECKOUT;

test("every query of the page is valid by schema.graphql", async () => {
  const schema = buildSchema(readFileSync(`${checkout}/schema.graphql`, "utf8"));
  const { DOCUMENTS } = await import(pathToFileURL(`${checkout}/server/pages/share/api.js`));
  assert.ok(Object.keys(DOCUMENTS).length > 0);
  for (const [name, document] of Object.entries(DOCUMENTS)) {
    assert.deepEqual(validate(schema, parse(document)).map(String), [], name);
  }
});

test("no token was in an address, in another header than Authorization, or in the server's log", () => {
  assert.ok(tokens.length > 20 && wire.length > 100, `${tokens.length} tokens, ${wire.length} requests`);
  const log = readFileSync(process.env.PAGES_LOG, "utf8");
  assert.ok(log.includes("/graphql"), "there is a log of the requests");
  for (const token of tokens) {
    const secret = token.slice(4);
    for (const { method, url, headers } of wire) {
      const { authorization, ...others } = headers;
      assert.ok(!url.includes(secret) && !JSON.stringify(others).includes(secret), `${method} ${url}`);
      assert.ok(authorization === undefined || (method === "POST" && url === "/graphql"), `${method} ${url}`);
    }
    assert.ok(!log.includes(secret), "in the log");
  }
  assert.deepEqual(
    [...new Set(wire.map(({ url }) => url.split("?")[0]))].filter((url) => !/^\/(share|graphql)\b/.test(url)),
    [],
  );
  assert.ok(
    wire.every(({ url }) => !url.includes("?")),
    "no query strings at all",
  );
});

test("pictures for the documentation", { skip: !process.env.PAGES_IMAGES }, async () => {
  const folder = process.env.PAGES_IMAGES;
  mkdirSync(folder, { recursive: true });
  const expired = await share();
  world.expire(expired);
  const shots = [
    ["share-live", (await share()).token, 1310],
    ["share-revealed", (await share({ includeIdentity: true })).token, 1180],
    ["share-expired", expired.token, 440],
    ["share-question", (await question()).token, 1080],
  ];
  for (const [name, token, height] of shots) {
    const visitor = await visit(token, { viewport: { width: 820, height }, colorScheme: "light" });
    const path = `${folder}/${name}.png`;
    await visitor.page.screenshot({ path });
    assert.ok(statSync(path).size < 150_000, `${name}: ${statSync(path).size} bytes`);
    await visitor.context.close();
  }
});
