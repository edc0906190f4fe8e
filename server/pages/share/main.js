/**
 * Opens a share: takes the token out of the address, asks for the case, shows it or why it cannot be shown.
 * Never: the token in the address bar for longer than it takes to read it, in storage, in the document, or in a message.
 */

import { OPEN, client } from "./api.js";
import { button, el, focusOn } from "./dom.js";
import { caseView } from "./sections.js";
import { plural } from "./words.js";

/**
 * @typedef {import("./api.js").Share} Share
 * @typedef {import("./api.js").Trouble} Trouble
 */

/** As many as a page of the API may have. */
const PAGE = 100;
/** The longest time that a browser's timer takes; a share may hold longer. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** A token has 43 characters after its prefix. What a mail program puts behind a link, a bracket, a full stop, is no part of it. */
const TOKEN = /\bvzs_[A-Za-z0-9_-]{43}/;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));

/** What is going on now ends when this is aborted: a timer, a share that another one replaces. */
let current = new AbortController();

/** @param {string} text read aloud by a screen reader, and shown */
function say(text) {
  status.textContent = text;
}

/**
 * Shows something instead of what was there, and reads on from there.
 * @param {string} title without anything of the case: it stands in the browser's history
 * @param {...(Node | string)} children
 */
function show(title, ...children) {
  document.title = `${title} – Vizard`;
  main.replaceChildren(...children);
  main.setAttribute("aria-busy", "false");
  const heading = main.querySelector("h1");
  if (heading) focusOn(heading);
}

/**
 * A page that says what is the matter and what to do.
 * @param {string} title
 * @param {string[]} sentences
 * @param {Node[]} [controls]
 */
function message(title, sentences, controls = []) {
  say("");
  show(
    title,
    el(
      "div",
      { class: "message" },
      el("h1", {}, title),
      sentences.map((text) => el("p", {}, text)),
      controls,
    ),
  );
}

const AGAIN =
  "To open it again, use the link in the message that you got. The address bar does not keep it, on purpose.";

/**
 * Says why there is no case to see.
 * @param {Trouble} trouble
 * @param {() => void} retry
 */
function explain(trouble, retry) {
  const ask = "Ask the person who sent you the link";
  switch (trouble.kind) {
    case "refused":
      if (trouble.reason === "EXPIRED_SHARE") {
        return message("This share has expired", [
          "It was open for a limited time, and that time is over. Nothing of the case is shown any more.",
          `${ask} for a new one, if you still need it.`,
        ]);
      }
      if (trouble.reason === "REVOKED_SHARE") {
        return message("This share was taken back", [
          "Whoever shared the case, or somebody in charge, has ended it before its time. Nothing of the case is shown any more.",
          `${ask} what has changed, or for a new one.`,
        ]);
      }
      return message(
        "This link opens nothing",
        [
          "The server does not know it. It may have been cut off or changed on its way to you.",
          `Copy the whole link out of your message and try again. ${ask} if it still does not open.`,
        ],
        [pasted()],
      );
    case "busy": {
      const timer = setTimeout(retry, trouble.seconds * 1000);
      current.signal.addEventListener("abort", () => clearTimeout(timer));
      return message(
        "Too many requests at once",
        [
          `The server asks for a pause of ${plural(trouble.seconds, "second")}. This page tries again by itself after that.`,
          "Somebody else may have this share open, or it was reloaded very often.",
        ],
        [button("Try again now", retry)],
      );
    }
    case "unreachable":
      return message(
        "The server cannot be reached",
        [
          "Your connection may be interrupted, or the server may be down. The link stays in this page until you close it.",
          "Check your connection, and whether you have to be in your company's network.",
        ],
        [button("Try again", retry)],
      );
    case "failed":
      return message(
        "Something went wrong",
        [
          "The server could not answer. Nothing is wrong with your link.",
          ...(trouble.reference
            ? [`If it stays like this, give this reference to who sent you the link: ${trouble.reference}.`]
            : []),
        ],
        [button("Try again", retry)],
      );
  }
}

/** There is nothing in the address that could be a token. */
function withoutToken() {
  const incomplete = location.hash.startsWith("#vzs_");
  if (incomplete) history.replaceState(null, "", location.pathname);
  message(
    incomplete ? "This link is not complete" : "No share is open here",
    [
      incomplete
        ? "Its end is missing: a mail program may have broken it into two lines. Copy the whole link out of your message."
        : AGAIN,
      "A link to a share ends in #vzs_ and 43 letters, digits, dashes and underscores.",
      "If you have no such link, ask the person who shared the case with you.",
    ],
    [pasted()],
  );
}

/**
 * A place to paste a link: for one that a mail program broke, and for a machine that others use, as browsers note the address of a
 * link that was followed in their history before a page can take it out of the address bar.
 */
function pasted() {
  const input = el("input", {
    id: "link",
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "link-problem",
  });
  const problem = el("p", { class: "problem", id: "link-problem" });
  const form = el(
    "form",
    { class: "paste" },
    el("label", { for: "link" }, "Or paste the link here"),
    input,
    problem,
    el("p", { class: "controls" }, el("button", { type: "submit" }, "Open")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Broken into lines or not: there are no spaces in a link.
    const found = TOKEN.exec(input.value.replaceAll(/\s/g, ""));
    if (found) return void open(client(found[0]));
    problem.textContent = "There is no whole link in this.";
    say(problem.textContent);
    input.focus();
  });
  return form;
}

/**
 * @param {ReturnType<typeof client>} ask
 * @returns {Promise<void>}
 */
async function open(ask) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const retry = () => void open(ask);
  say("Loading the case…");
  main.setAttribute("aria-busy", "true");
  const reply = await ask(OPEN, { insights: PAGE, alerts: PAGE });
  // Another link was opened meanwhile.
  if (signal.aborted) return;
  if (reply.kind !== "data") return explain(reply, retry);
  /** @type {Share | null | undefined} */
  const share = reply.data.viewer?.share;
  if (!share) return explain({ kind: "failed", reference: reply.reference }, retry);

  // A part that the share does not open is denied, and that is no fault.
  const faults = reply.errors.filter((error) => error.extensions?.code !== "FORBIDDEN");
  const view = caseView(share, {
    ask,
    page: PAGE,
    // What was asked for a share that another one has replaced says nothing any more.
    say: (text) => {
      if (!signal.aborted) say(text);
    },
    lost: (trouble) => {
      if (!signal.aborted) explain(trouble, retry);
    },
    retry: faults.length > 0 ? retry : null,
  });
  show("A shared case", view);
  say(faults.length > 0 ? "The case is shown, but parts of it could not be loaded." : "The case is shown.");

  // What lies open on a screen ends with the share as well: by the server's clock, as the reader's may be wrong.
  const left = Date.parse(share.expiresAt) - reply.at;
  if (left <= 0) return;
  const timer = setTimeout(retry, Math.min(left + 1000, LONGEST_TIMER_MS));
  signal.addEventListener("abort", () => clearTimeout(timer));
}

/** Reads the token out of the address and takes it away there. */
function start() {
  const found = TOKEN.exec(decodeURIComponent(location.hash.slice(1)));
  if (!found) return withoutToken();
  history.replaceState(null, "", location.pathname);
  void open(client(found[0]));
}

// A second link pasted into the same tab changes the fragment alone; the skip link does too, and is no share.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#vzs_")) start();
});

// Paper has no buttons: what is folded is unfolded for it, and folded again afterwards.
/** @type {HTMLDetailsElement[]} */
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details")].filter((details) => !details.open);
  for (const details of unfolded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of unfolded) details.open = false;
});

start();
