/**
 * How the page is used, by whomever, on whatever; and what it cannot be made to do.
 * Never: a colour or a size taken for granted: the browser is asked.
 */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { wire } from "./browser.mjs";
import { question, share, state, until, visit } from "./setup.mjs";

test("everything that can be done is reached with the keyboard, in order and in sight", async () => {
  const visitor = await visit((await share()).token);
  const { page } = visitor;
  const { keyboard } = page;
  const wanted = await page.locator("main button, main summary").allInnerTexts();
  const reached = [];
  for (let at = 0; at < wanted.length; at += 1) {
    await keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { top, bottom } = element.getBoundingClientRect();
      return {
        text: element.innerText,
        outline: outlineStyle !== "none" && outlineWidth !== "0px",
        seen: bottom > 0 && top < innerHeight,
      };
    });
    assert.ok(here.outline && here.seen, `the focus on "${here.text}" is not seen`);
    reached.push(here.text);
  }
  assert.deepEqual(reached, wanted);
  // The way back from the heading leads to the link over everything.
  await page.locator("h1").focus();
  await keyboard.press("Shift+Tab");
  assert.equal(await visitor.focused(), "Skip to the case");
  await keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await visitor.end();
});

test("axe finds nothing, in light and in dark, wide and narrow, with everything unfolded", async () => {
  const { token } = await share({ includeIdentity: true });
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [900, 320]) {
      const visitor = await visit(token, { colorScheme, viewport: { width, height: 800 } });
      const { page } = visitor;
      for (const summary of await page.locator("summary").all()) await summary.click();
      await page.getByRole("button", { name: "Show the events", exact: true }).first().click();
      await page.locator(".events > li").first().waitFor();
      assert.deepEqual(await visitor.violations(), [], `${colorScheme}, ${width}`);
      await visitor.end();
    }
  }
});

test("at 320 pixels nothing has to be scrolled sideways", async () => {
  const [shared, asked] = [await share({ includeIdentity: true }), await question()];
  for (const token of [shared.token, asked.token, undefined]) {
    const visitor = await visit(token, { viewport: { width: 320, height: 640 } });
    const { page } = visitor;
    for (const summary of await page.locator("summary").all()) await summary.click();
    for (const button of await page.getByRole("button", { name: "Show the events of all insights" }).all()) {
      await button.click();
      await page.locator(".events > li").first().waitFor();
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(wide, 320, String(token === asked.token));
    const small = await page
      .locator("svg .tick")
      .evaluateAll((ticks) => ticks.filter((tick) => tick.getBoundingClientRect().height < 10).length);
    assert.equal(small, 0, "the letters of the picture can be read");
    await visitor.end();
  }
});

test("dark is dark where the reader wants it, and nothing moves for who wants no motion", async () => {
  const { token } = await share({ sections: ["SUMMARY"] });
  const ground = async (options) => {
    const visitor = await visit(token, options);
    const found = await visitor.page.evaluate(() => [
      getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector(".skip")).transitionDuration,
    ]);
    await visitor.end();
    return found;
  };
  const [light, moving] = await ground({ colorScheme: "light", reducedMotion: "no-preference" });
  const [dark, still] = await ground({ colorScheme: "dark", reducedMotion: "reduce" });
  assert.equal(light, "rgb(255, 255, 255)");
  assert.notEqual(dark, light);
  assert.notEqual(moving, "0s");
  assert.equal(still, "0s");
});

test("on paper everything is unfolded and nothing is there to be pressed", async () => {
  const visitor = await visit((await share()).token, { colorScheme: "dark" });
  const { page } = visitor;
  await page.evaluate(() => {
    addEventListener("beforeprint", () => {
      globalThis.printed = [...document.querySelectorAll("details")].every((details) => details.open);
    });
  });
  const pdf = await page.pdf({ format: "A4", tagged: true });
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
  assert.ok(pages >= 3 && pages <= 30, `${pages} pages`);
  assert.equal(await page.evaluate(() => globalThis.printed), true, "unfolded for the printer");
  assert.equal(await page.locator("details[open]").count(), 0, "and folded again");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("button").count(), 0);
  assert.equal(await page.locator("summary:visible").count(), 0);
  assert.ok(
    await page.getByRole("table", { name: /Changes of the score/ }).isVisible(),
    "the table is there without being opened",
  );
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  await visitor.end();

  const asked = await visit((await question()).token);
  await asked.page.emulateMedia({ media: "print" });
  assert.ok(await asked.page.getByText("Is it usual in your team").isVisible());
  assert.equal(await asked.page.locator("form:visible, textarea:visible").count(), 0);
  await asked.end();
});

test("nothing that gets into the page can run or send anything away", async () => {
  const visitor = await visit((await share({ sections: ["SUMMARY"] })).token);
  const { page, said } = visitor;
  const markup = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<b>x</b>";
      return "made";
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(markup, "TypeError", "no markup from strings");
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    try {
      script.src = "http://127.0.0.1:9/x.js";
      return "taken";
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(ran, "TypeError", "no script from an address");
  const sent = await page.evaluate(() =>
    fetch("http://127.0.0.1:9/").then(
      () => "sent",
      () => "refused",
    ),
  );
  assert.equal(sent, "refused");
  assert.ok(
    said.some((text) => text.includes("connect-src")),
    said.join("\n"),
  );
  await visitor.context.close();
});

test("no other site can frame the page", async () => {
  const other = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<iframe src="${state.browser.base}/share"></iframe>`);
  });
  await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { page, context } = await state.browser.visitor();
  const before = wire.length;
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  await until(() => page.frames()[1]?.url().startsWith("chrome-error:"));
  const asked = wire.slice(before).map(({ url }) => url);
  assert.deepEqual(asked, ["/share"], "it was asked for, and no script of it was");
  await context.close();
  other.close();
});
