/**
 * A real browser, and a record of everything that it sends and says.
 * Never: a test that passes although the browser complained: `quiet` holds it to what the test expects.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { server } from "./world.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Every request as it came over the wire, by a relay between browser and server. */
export const wire = [];

function relay() {
  const { hostname, port } = new URL(server);
  const listener = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    wire.push({ method, url, headers });
    const onward = forward({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  return new Promise((resolve) => listener.listen(0, "127.0.0.1", () => resolve(listener)));
}

export async function launch() {
  const listener = await relay();
  const base = `http://127.0.0.1:${listener.address().port}`;
  const browser = await chromium.launch({
    executablePath: process.env.PAGES_CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  const close = async () => {
    await browser.close();
    listener.close();
    listener.closeAllConnections();
  };
  return { base, close, visitor: (options) => visitor(browser, base, options) };
}

/** A window of its own, with nothing left from another. */
async function visitor(browser, base, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 900, height: 1200 },
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const page = await context.newPage();
  const said = [];
  const asked = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(`not caught: ${error.message}`));
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`violates ${event.violatedDirective}`);
    });
  });
  return {
    context,
    page,
    said,
    /** Opens a link and waits for what it leads to. */
    async open(token) {
      await page.goto(`${base}/share${token === undefined ? "" : `#${token}`}`);
      await page.locator('main[aria-busy="false"] h1').waitFor();
    },
    heading: () => page.locator("h1").innerText(),
    text: () => page.locator("body").innerText(),
    focused: () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""),
    /** What axe finds: by rule, with where. */
    async violations() {
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      return found.violations.map(
        (rule) =>
          `${rule.id}: ${rule.nodes
            .map((node) => node.target.join(" "))
            .slice(0, 3)
            .join(", ")}`,
      );
    },
    /**
     * Ends the visit: nobody but the server was asked, and the browser said nothing but what was expected. A browser itself says
     * that a request was answered by 401, 429 or 500, or not at all.
     */
    async end(expected = 0) {
      await context.close();
      assert.deepEqual([...new Set(asked)], [base], "a request went to another site");
      const failed = said.filter((text) => text.startsWith("Failed to load resource"));
      assert.deepEqual(
        said.filter((text) => !failed.includes(text)),
        [],
      );
      assert.equal(failed.length, expected, failed.join("\n"));
    },
  };
}
