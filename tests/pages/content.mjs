/**
 * What the page shows of a case, why it shows none, and how a question is answered.
 * Never: a wait for a time; each waits for what has to come.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { wire } from "./browser.mjs";
import { namesNobody, question, share, state, until, visit } from "./setup.mjs";
import * as world from "./world.mjs";

/** "25 November 2026" as 2026-11-25. */
const isoDay = (text) => new Date(`${text} UTC`).toISOString().slice(0, 10);

const SECTIONS = ["Summary", "Score and insights", "Alerts", "Notes"];

test("the link that the server gives out is the one that opens the page", async () => {
  const shared = await share();
  // As the configuration of this test says that people reach the server.
  assert.equal(shared.url, `https://vizard.example.org/risk/share#${shared.token}`);
  const asked = await question();
  assert.equal(asked.url, `https://vizard.example.org/risk/share#${asked.token}`);
});

test("a masked share shows the case, who shared it and until when, and names nobody", async () => {
  const visitor = await visit((await share()).token);
  const { page } = visitor;
  assert.equal(await visitor.heading(), "Shared case");
  assert.equal(await visitor.focused(), "Shared case", "a screen reader goes on at the heading");
  for (const name of SECTIONS) assert.ok(await page.getByRole("heading", { level: 2, name }).isVisible(), name);
  const text = await visitor.text();
  assert.match(text, /Shared by\s+Ida Investigator/);
  assert.match(text, /Shared with\s+Legal, matter 17 \(Legal department\)/);
  assert.match(text, /Open until\s+\d+ \w+ \d{4} at \d\d:\d\d CES?T \((\d+ \w+ \d{4} at )?\d\d:\d\d UTC\)/);
  assert.match(text, /Pseudonym\s+Anon-/);
  assert.match(text, /Notes by staff are left out/);
  assert.ok(
    !text.includes(world.MARKUP) && !text.includes("Leaving with the drawings"),
    "what staff wrote is withheld",
  );
  namesNobody(text);
  const insights = page.locator(".insight .sentence");
  assert.ok((await insights.count()) > 20);
  assert.match(await insights.first().innerText(), /^[A-Z].* on \d+ \w+ \d{4}.*\.$/);
  await visitor.end();
});

test("the score is drawn, described in words, and there as a table", async () => {
  const visitor = await visit((await share({ sections: ["TIMELINE"] })).token);
  const { page } = visitor;
  const picture = page.getByRole("img", { name: "Score over time" });
  const box = await picture.boundingBox();
  assert.ok(box.width > 500 && box.height > 150, JSON.stringify(box));
  assert.match(
    await page.locator("#chart-desc").textContent(),
    /^\d+ changes? of the score; it is [\d.]+ now.*insights from/,
  );
  assert.ok((await page.locator("svg .stem").count()) > 10 && (await page.locator("svg path.score").count()) === 1);
  await page.getByText("The score as a table").click();
  const table = page.getByRole("table", { name: /Changes of the score/ });
  assert.deepEqual(await table.getByRole("columnheader").allInnerTexts(), ["When", "Score", "Why"]);
  assert.equal(await table.locator("tbody tr").count(), await page.locator("svg .dot").count(), "a row for each point");
  await visitor.end();
});

test("events are shown when somebody asks, page by page, without content while the share is masked", async () => {
  const visitor = await visit((await share()).token);
  const { page } = visitor;
  assert.equal(await page.locator(".events > li").count(), 0, "nobody has asked yet");
  const insight = page.locator(".insight", { hasText: "Copied 120 files" });
  await insight.getByRole("button", { name: "Show the events" }).click();
  await insight.locator(".events > li").first().waitFor();
  assert.equal(await insight.locator(".events > li").count(), 20);
  assert.match(await visitor.focused(), /^File copied.*UTC\)/, "the focus is on the first event");
  await insight.getByRole("button", { name: "Show more events" }).click();
  await insight.locator(".events > li").nth(20).waitFor();
  assert.match(await insight.locator(".controls").innerText(), /^40 of \d+ events shown\./);
  const text = await insight.innerText();
  assert.match(text, /Size bytes|File extension/);
  assert.doesNotMatch(text, /Object name|Path/i);
  namesNobody(text);
  await page.getByRole("button", { name: "Show the events of all insights" }).click();
  await page.getByText(/^The first events of \d+ more insights are shown\.$/).waitFor();
  const [insights, with_events] = [
    await page.locator(".insight").count(),
    await page.locator(".insight:has(.events > li)").count(),
  ];
  assert.equal(with_events, insights, "each insight has its own events");
  await visitor.end();
});

test("an alert says what its score is made of, the largest share first", async () => {
  const visitor = await visit((await share({ sections: ["ALERTS"] })).token);
  const { page } = visitor;
  await page.getByText("What the score is made of").click();
  const points = (await page.locator(".alert td.number").allInnerTexts()).map(Number);
  assert.ok(points.length > 3 && points.every((value) => value > 0), String(points));
  assert.deepEqual(
    [...points].sort((one, other) => other - one),
    points,
  );
  const total = Number(/Score\s+([\d.]+) of 100/.exec(await visitor.text())[1]);
  assert.ok(Math.abs(points.reduce((sum, value) => sum + value, 0) - total) < 1, "what is left out hardly counts");
  await visitor.end();
});

test("insights come page by page, and each keeps its own events", async () => {
  for (const sections of [["TIMELINE", "EVIDENCE"], ["EVIDENCE"]]) {
    const visitor = await state.browser.visitor();
    const { page } = visitor;
    // Pages of 30, since the sample data has fewer insights than a whole page.
    await page.route("**/graphql", (route) => {
      const asked = route.request().postData();
      return route.continue({
        postData: asked.replace('"insights":100', '"insights":30').replace('"first":100', '"first":30'),
      });
    });
    await visitor.open((await share({ sections })).token);
    const insights = page.locator(".insight");
    await insights.nth(29).waitFor();
    assert.equal(await insights.count(), 30);
    const more = page.getByRole("button", { name: "Show more insights" });
    await more.click();
    await insights.nth(59).waitFor();
    assert.equal(await insights.count(), 60);
    await until(() => page.evaluate(() => document.activeElement.matches("li.insight, .day h3")));
    await more.click();
    await insights.nth(60).waitFor();
    await until(async () => (await more.count()) === 0);
    const total = await insights.count();
    assert.match(await visitor.text(), new RegExp(`${total} of ${total} insights shown\\.`));
    assert.equal(new Set(await page.locator(".sentence").evaluateAll((all) => all.map(({ id }) => id))).size, total);
    // The 31st follows the last of another page; its events are of its day.
    const later = insights.nth(30);
    await later.getByRole("button").click();
    await later.locator(".events > li").first().waitFor();
    const [, day] = /on (\d+ \w+ \d{4})/.exec(await later.innerText());
    assert.ok((await later.locator(".events time").first().getAttribute("datetime")).startsWith(isoDay(day)), day);
    await visitor.end();
  }
});

test("a reader whose clock is wrong sees the case all the same, until the share ends", async () => {
  const visitor = await state.browser.visitor();
  await visitor.page.clock.install({ time: Date.now() + 1000 * 86_400_000 });
  const before = wire.length;
  const shared = await share({ sections: ["SUMMARY"] });
  await visitor.open(shared.token);
  await visitor.page.clock.fastForward("47:00:00");
  assert.equal(await visitor.heading(), "Shared case");
  assert.equal(wire.slice(before).filter(({ url }) => url === "/graphql").length, 1);
  world.expire(shared);
  await visitor.page.clock.fastForward("01:00:30");
  await visitor.page.getByRole("heading", { name: "This share has expired" }).waitFor();
  await visitor.end(1);
});

test("a share of the evidence alone leads to the events", async () => {
  const visitor = await visit((await share({ sections: ["EVIDENCE"] })).token);
  const { page } = visitor;
  await page.getByRole("button", { name: "Show the events", exact: true }).first().click();
  await page.locator(".events > li").first().waitFor();
  assert.equal(await page.getByRole("img").count(), 0, "the timeline is not shared");
  await visitor.end();
});

test("what is not shared is named", async () => {
  const visitor = await visit((await share({ sections: ["SUMMARY"] })).token);
  const left = visitor.page.getByRole("region", { name: "What is not part of this share" });
  const items = await left.getByRole("listitem").allInnerTexts();
  for (const name of ["Timeline", "Alerts", "Evidence", "Notes"])
    assert.ok(items.includes(`${name}: not shared.`), name);
  assert.deepEqual((await visitor.page.getByRole("heading", { level: 2 }).allInnerTexts()).slice(0, 2), [
    "The person",
    "Summary",
  ]);
  await visitor.end();
});

test("a share that shows the identity shows the name, staff's notes and the content of events, all of it as text", async () => {
  const visitor = await visit((await share({ includeIdentity: true })).token);
  const { page } = visitor;
  assert.equal(await visitor.heading(), "Leaving with the drawings");
  assert.ok(!(await page.title()).includes("drawings"), "the title stands in the browser's history");
  const text = await visitor.text();
  assert.ok(text.includes(state.made.person.displayName) && text.includes(state.made.person.email));
  assert.ok(text.includes(world.MARKUP), "markup is shown as it was written");
  assert.equal(await page.locator("img, b, script:not([src])").count(), 0, "and made nothing");
  const insight = page.locator(".insight", { hasText: "Copied" }).first();
  await insight.getByRole("button").click();
  await insight.locator(".events > li").first().waitFor();
  assert.match(await insight.innerText(), /Object name|Object|Path|File name/i);
  await visitor.end();
});

test("the token leaves the address at once and is kept nowhere; to open the page again takes the link", async () => {
  const { token } = await share();
  const visitor = await visit(token);
  const { page } = visitor;
  assert.equal(new URL(page.url()).hash, "");
  const kept = await page.evaluate(async () => [
    location.href,
    JSON.stringify(history.state),
    JSON.stringify({ ...localStorage }),
    JSON.stringify({ ...sessionStorage }),
    JSON.stringify(await indexedDB.databases()),
    JSON.stringify(await caches.keys()),
    document.cookie,
    document.title,
    document.documentElement.outerHTML,
  ]);
  for (const text of kept) assert.ok(!text.includes(token.slice(4)), text.slice(0, 200));
  await page.reload();
  await page.getByRole("heading", { name: "No share is open here" }).waitFor();
  assert.match(await visitor.text(), /use the link in the message that you got/);
  await visitor.end();
});

test("a second link in the same tab replaces the first", async () => {
  const visitor = await visit((await share({ sections: ["SUMMARY"] })).token);
  const { page } = visitor;
  const first = await page.getByText(/^Anon-/).innerText();
  await page.evaluate((token) => (location.hash = token), (await share({ sections: ["NOTES"] })).token);
  await page.getByRole("heading", { name: "Notes" }).waitFor();
  assert.notEqual(await page.getByText(/^Anon-/).innerText(), first, "each share has a pseudonym of its own");
  assert.equal(new URL(page.url()).hash, "");
  await visitor.end();
});

test("a link that opens nothing says why and whom to ask", async () => {
  const [expired, revoked] = [await share(), await share()];
  world.expire(expired);
  await world.revoke(revoked);
  const unknown = `vzs_${"A".repeat(43)}`;
  for (const [token, heading, refused] of [
    [undefined, "No share is open here", 0],
    ["vzs_short", "This link is not complete", 0],
    [unknown, "This link opens nothing", 1],
    [expired.token, "This share has expired", 1],
    [revoked.token, "This share was taken back", 1],
  ]) {
    const visitor = await visit(token);
    assert.equal(await visitor.heading(), heading);
    assert.equal(await visitor.focused(), heading);
    assert.match(await visitor.text(), /ask the person who s/i, heading);
    assert.equal(new URL(visitor.page.url()).hash, "");
    assert.deepEqual(await visitor.violations(), [], heading);
    await visitor.end(refused);
  }
});

test("what a mail program puts behind a link does not break it", async () => {
  const { token } = await share({ sections: ["SUMMARY"] });
  for (const after of [".", ">", "%3E", ")"]) {
    const visitor = await visit(token + after);
    assert.equal(await visitor.heading(), "Shared case", after);
    await visitor.end();
  }
});

test("a link can be pasted instead of followed, broken into lines too", async () => {
  const { token, url } = await share({ sections: ["SUMMARY"] });
  const visitor = await visit(undefined);
  const { page } = visitor;
  await page.getByLabel("Or paste the link here").fill(token.slice(0, 20));
  await page.keyboard.press("Enter");
  assert.match(await visitor.text(), /There is no whole link in this\./);
  assert.equal(await page.evaluate(() => document.activeElement.id), "link");
  assert.deepEqual(await visitor.violations(), []);
  await page.getByLabel("Or paste the link here").fill(`${url.slice(0, -20)} ${url.slice(-20)}`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Shared case" }).waitFor();
  assert.ok(!(await page.content()).includes(token.slice(4)));
  await visitor.end();
});

test("a share that is taken back closes the page with the next thing asked", async () => {
  const shared = await share();
  const visitor = await visit(shared.token);
  const { page } = visitor;
  await world.revoke(shared);
  await page.getByRole("button", { name: "Show the events", exact: true }).first().click();
  await page.getByRole("heading", { name: "This share was taken back" }).waitFor();
  assert.equal(await page.locator(".insight").count(), 0, "nothing of the case is left");
  await visitor.end(1);
});

test("a share that ends while it lies open closes the page by itself", async () => {
  const shared = await share();
  const visitor = await state.browser.visitor();
  await visitor.page.clock.install();
  await visitor.open(shared.token);
  assert.equal(await visitor.heading(), "Shared case");
  world.expire(shared);
  await visitor.page.clock.fastForward("48:00:30");
  await visitor.page.getByRole("heading", { name: "This share has expired" }).waitFor();
  await visitor.end(1);
});

test("without a connection the page says so and opens the case when there is one again", async () => {
  const visitor = await state.browser.visitor();
  const { page } = visitor;
  await page.route("**/graphql", (route) => route.abort("internetdisconnected"));
  await visitor.open((await share()).token);
  assert.equal(await visitor.heading(), "The server cannot be reached");
  assert.deepEqual(await visitor.violations(), []);
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Shared case" }).waitFor();
  await visitor.end(1);
});

test("what goes wrong far down is said where it was asked for, and can be tried again", async () => {
  const visitor = await visit((await share()).token);
  const { page } = visitor;
  const insight = page.locator(".insight").last();
  await page.route("**/graphql", (route) => route.abort("internetdisconnected"), { times: 1 });
  await insight.getByRole("button", { name: "Show the events" }).click();
  assert.equal(
    await insight.locator(".problem").innerText(),
    "The events could not be loaded. Check your connection and try again.",
  );
  assert.equal(
    await page.getByRole("status").innerText(),
    await insight.locator(".problem").innerText(),
    "and read aloud",
  );
  await insight.getByRole("button", { name: "Show the events" }).click();
  await insight.locator(".events > li").first().waitFor();
  assert.equal(await insight.locator(".problem").count(), 0);
  await visitor.end(1);
});

test("a share that is asked too often says for how long to wait", async () => {
  const { token } = await share();
  let answer;
  do answer = await world.send(token, "{ __typename }");
  while (answer.status === 200);
  assert.equal(answer.status, 429);
  const visitor = await visit(token);
  assert.equal(await visitor.heading(), "Too many requests at once");
  const [, seconds] = /pause of (\d+) seconds?/.exec(await visitor.text());
  assert.ok(Number(seconds) >= 1 && Number(seconds) <= 60, seconds);
  assert.deepEqual(await visitor.violations(), []);
  await visitor.end(1);
});

test("after the pause that the server asked for the page tries again by itself", async () => {
  const visitor = await state.browser.visitor();
  const { page } = visitor;
  await page.route(
    "**/graphql",
    (route) => route.fulfill({ status: 429, headers: { "Retry-After": "2" }, json: { errors: [] } }),
    {
      times: 1,
    },
  );
  await visitor.open((await share()).token);
  assert.match(await visitor.text(), /a pause of 2 seconds/);
  await page.getByRole("heading", { name: "Shared case" }).waitFor();
  await visitor.end(1);
});

test("a fault of the server is told with a reference for who looks into it", async () => {
  const visitor = await state.browser.visitor();
  const { page } = visitor;
  const headers = { "X-Request-Id": "0123456789abcdef" };
  await page.route("**/graphql", (route) => route.fulfill({ status: 500, headers, body: "<html>no JSON</html>" }), {
    times: 1,
  });
  await visitor.open((await share()).token);
  assert.equal(await visitor.heading(), "Something went wrong");
  assert.match(await visitor.text(), /reference .*: 0123456789abcdef/);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Shared case" }).waitFor();
  await visitor.end(1);
});

test("what could not be loaded is said, and can be loaded again", async () => {
  const visitor = await state.browser.visitor();
  const { page } = visitor;
  const fault = async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    json.data.viewer.share.case.subject.scoreHistory = null;
    json.errors = [{ message: "internal error", path: ["viewer", "share"], extensions: { code: "INTERNAL" } }];
    await route.fulfill({ response, json });
  };
  await page.route("**/graphql", fault, { times: 1 });
  await visitor.open((await share()).token);
  assert.match(await page.getByRole("alert").innerText(), /Parts of the case could not be loaded/);
  assert.ok((await page.locator(".insight").count()) > 0, "the rest is there");
  await page.getByRole("button", { name: "Load it again" }).click();
  await page.locator("svg path.score").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  await visitor.end();
});

test("a question is answered with the keyboard alone, is read again before it is sent, and once", async () => {
  const { token } = await question();
  const visitor = await visit(token);
  const { page } = visitor;
  const { keyboard } = page;
  assert.deepEqual(await visitor.violations(), []);
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  assert.equal(await visitor.focused(), "Read it again before sending");
  await keyboard.press("Enter");
  assert.match(await visitor.text(), /Choose one of the answers\./);
  assert.equal(
    await page.evaluate(() => document.activeElement.type),
    "radio",
    "the focus is where something is wrong",
  );
  await keyboard.press("ArrowDown");
  await keyboard.press("Tab");
  await keyboard.type("Never at this scale.");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "Is this your answer?" }).waitFor();
  assert.deepEqual(await visitor.violations(), []);
  assert.ok(
    (await world.answers(state.made.caseId)).every((one) => one.comment === null),
    "nothing is sent yet",
  );
  await keyboard.press("Tab");
  assert.equal(await visitor.focused(), "Send this answer");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  assert.equal(
    await page.getByLabel("Comment, if you like").inputValue(),
    "Never at this scale.",
    "it can still be changed",
  );
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your answer was sent" }).waitFor();
  assert.equal(await visitor.focused(), "Your answer was sent");
  const kept = (await world.answers(state.made.caseId)).find((one) => one.comment !== null);
  assert.deepEqual(kept, { choice: "No", comment: "Never at this scale." });
  await visitor.end();

  const again = await visit(token);
  assert.match(await again.text(), /Your answer was sent\s+Answer\s+No/);
  assert.equal(await again.page.getByRole("radio").count(), 0);
  await again.end();
});

test("of two windows with one question the second is told what was answered", async () => {
  const { token } = await question();
  const [one, two] = [await visit(token), await visit(token)];
  for (const [visitor, choice] of [
    [one, "No"],
    [two, "I do not know"],
  ]) {
    await visitor.page.getByRole("radio", { name: choice, exact: true }).check();
    await visitor.page.getByRole("button", { name: "Read it again before sending" }).click();
    await visitor.page.getByRole("button", { name: "Send this answer" }).click();
    await visitor.page.getByRole("heading", { name: "Your answer was sent" }).waitFor();
    assert.match(await visitor.text(), /Answer\s+No/);
  }
  await one.end();
  await two.end();
});

test("an answer whose receipt is lost is found again", async () => {
  const visitor = await visit((await question()).token);
  const { page } = visitor;
  await page.getByRole("radio", { name: "I do not know" }).check();
  await page.getByRole("button", { name: "Read it again before sending" }).click();
  const lost = async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  };
  await page.route("**/graphql", lost, { times: 1 });
  await page.getByRole("button", { name: "Send this answer" }).click();
  await page.getByRole("heading", { name: "Your answer was sent" }).waitFor();
  assert.match(await visitor.text(), /Answer\s+I do not know/);
  await visitor.end(1);
});

test("a closed case takes no answer, also when it was closed while somebody wrote one", async () => {
  const { token } = await question({}, state.made.otherCase);
  const visitor = await visit(token);
  const { page } = visitor;
  await page.getByRole("radio", { name: "No", exact: true }).check();
  await page.getByRole("button", { name: "Read it again before sending" }).click();
  await world.resolve(state.made.otherCase);
  await page.getByRole("button", { name: "Send this answer" }).click();
  await page.getByRole("heading", { name: "No answer is needed any more" }).waitFor();
  await visitor.end();
  const late = await visit(token);
  assert.match(await late.text(), /The case was closed before you answered/);
  assert.equal(await late.page.getByRole("radio").count(), 0);
  await late.end();
});
