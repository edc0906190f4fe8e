/**
 * A question to who holds the share, and the one answer to it.
 * Never: an answer that was not read again before it was sent: it cannot be changed.
 */

import { ANSWER, ASKED } from "./api.js";
import { button, complain, el, facts, focusOn } from "./dom.js";
import { instant, plural } from "./words.js";

/**
 * @typedef {import("./api.js").Question} Question
 * @typedef {import("./sections.js").Page} Page
 */

/** As the server takes it. */
const COMMENT_CHARACTERS = 2000;

/**
 * @param {Question} question
 * @param {string} status of the case
 * @param {Page} page
 */
export function questionView(question, status, page) {
  const body = el("div", {});
  const heading = el("h2", { id: "question" }, "A question to you");
  const view = el("section", { class: "question", "aria-labelledby": "question" }, heading, body);
  if (question.choice !== null) answered(body, question);
  else if (status === "CLOSED") closed(body, question);
  else new Form(body, question, page);
  return view;
}

/** @param {Question} question */
function asked(question) {
  return [
    el("p", { class: "hint" }, `${question.askedBy} asks:`),
    el("blockquote", {}, el("p", { class: "written" }, question.question)),
  ];
}

/**
 * @param {HTMLElement} body
 * @param {Question} question
 * @returns {HTMLElement} what says that it is answered
 */
function answered(body, question) {
  const thanks = el("h3", {}, "Your answer was sent");
  body.replaceChildren(
    ...asked(question),
    thanks,
    facts([
      ["Answer", el("strong", {}, question.choice)],
      ["Comment", question.comment && el("span", { class: "written" }, question.comment)],
      ["Sent", question.answeredAt && instant(question.answeredAt)],
    ]),
    el("p", { class: "hint" }, "It stands in the case and cannot be changed."),
  );
  return thanks;
}

/**
 * @param {HTMLElement} body
 * @param {Question} question
 */
function closed(body, question) {
  const end = el("h3", {}, "No answer is needed any more");
  body.replaceChildren(...asked(question), end, el("p", {}, "The case was closed before you answered."));
  return end;
}

/** Choose, read it again, send it. */
class Form {
  /**
   * @param {HTMLElement} body
   * @param {Question} question
   * @param {Page} page
   */
  constructor(body, question, page) {
    this.body = body;
    this.question = question;
    this.page = page;
    this.problem = el("p", { class: "problem", id: "answer-problem" });
    this.radios = question.choices.map((choice) =>
      el("input", { type: "radio", name: "choice", value: choice, "aria-describedby": "answer-problem" }),
    );
    this.comment = el("textarea", {
      id: "comment",
      rows: 4,
      maxlength: COMMENT_CHARACTERS,
      "aria-describedby": "comment-hint answer-problem",
    });
    this.form = el(
      "form",
      { novalidate: true, "aria-labelledby": "question" },
      el(
        "fieldset",
        {},
        el("legend", {}, "Your answer"),
        question.choices.map((choice, at) => el("label", { class: "choice" }, this.radios[at], " ", choice)),
      ),
      el("label", { for: "comment" }, "Comment, if you like"),
      el(
        "p",
        { class: "hint", id: "comment-hint" },
        `At most ${plural(COMMENT_CHARACTERS, "character")}. The people who work on the case read it.`,
      ),
      this.comment,
      this.problem,
      el("p", { class: "controls" }, el("button", { type: "submit" }, "Read it again before sending")),
      el("p", { class: "hint" }, "You can answer once, until ", instant(question.expiresAt), "."),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#review();
    });
    this.#edit();
  }

  #edit() {
    this.body.replaceChildren(...asked(this.question), this.form);
  }

  /**
   * Says what is wrong and goes there.
   * @param {string} text
   * @param {HTMLElement | undefined} field
   */
  #refuse(text, field) {
    this.problem.textContent = text;
    this.#edit();
    this.page.say(text);
    field?.focus();
  }

  #review() {
    const choice = this.radios.find((radio) => radio.checked)?.value;
    this.problem.textContent = "";
    if (choice === undefined) return this.#refuse("Choose one of the answers.", this.radios[0]);
    const comment = this.comment.value.trim();
    const heading = el("h3", {}, "Is this your answer?");
    /** @type {HTMLElement} */
    const send = el(
      "div",
      {},
      el(
        "p",
        { class: "controls" },
        button("Send this answer", () => this.#send(choice, comment, send)),
        " ",
        button(
          "Change it",
          () => {
            this.#edit();
            this.radios.find((radio) => radio.checked)?.focus();
          },
          { class: "quiet" },
        ),
      ),
    );
    this.body.replaceChildren(
      ...asked(this.question),
      heading,
      facts([
        ["Answer", el("strong", {}, choice)],
        ["Comment", comment && el("span", { class: "written" }, comment)],
      ]),
      el("p", {}, "Once it is sent, it cannot be changed."),
      send,
    );
    focusOn(heading);
  }

  /**
   * @param {string} choice
   * @param {string} comment
   * @param {HTMLElement} near
   */
  async #send(choice, comment, near) {
    const { page, question } = this;
    complain(near);
    page.say("Sending your answer…");
    const input = { consultationId: question.id, choice, comment: comment || null };
    const reply = await page.ask(ANSWER, { input });
    if (reply.kind === "refused") return page.lost(reply);
    if (reply.kind === "busy") {
      return this.#fail(
        near,
        `Not sent: the server asks for a pause. Try again in ${plural(reply.seconds, "second")}.`,
      );
    }
    // It may have arrived although its receipt did not: what the server has now decides.
    if (reply.kind !== "data")
      return this.#settle(near, "It is not certain that your answer arrived. Try again in a moment.");
    const said = reply.data.answerConsultation;
    if (said?.consultation?.choice) return this.#done(said.consultation);
    /** @type {import("./api.js").UserError | undefined} */
    const wrong = said?.userErrors?.[0];
    if (wrong?.field?.at(-1) === "comment") return this.#refuse(wrong.message, this.comment);
    if (wrong?.field?.at(-1) === "choice") return this.#refuse(wrong.message, this.radios[0]);
    return this.#settle(near, wrong?.message ?? "The server did not take the answer. Try again in a moment.");
  }

  /** @param {Question} question */
  #done(question) {
    focusOn(answered(this.body, question));
    this.page.say("Your answer was sent.");
  }

  /**
   * Looks what the server has: an answer, from here or from another window, a closed case, or neither.
   * @param {HTMLElement} near
   * @param {string} otherwise what to say if there is none
   */
  async #settle(near, otherwise) {
    const { page, question } = this;
    const reply = await page.ask(ASKED);
    if (reply.kind === "refused") return page.lost(reply);
    const found = reply.kind === "data" ? reply.data.viewer?.share?.case : null;
    /** @type {Question | undefined} */
    const now = found?.consultations.find((/** @type {Question} */ other) => other.id === question.id);
    if (now?.choice) {
      focusOn(answered(this.body, now));
      return page.say("The question is answered.");
    }
    if (found?.status === "CLOSED") {
      focusOn(closed(this.body, question));
      return page.say("The case was closed before you answered.");
    }
    this.#fail(near, otherwise);
  }

  /**
   * @param {HTMLElement} near
   * @param {string} text
   */
  #fail(near, text) {
    complain(near, text);
    this.page.say(text);
  }
}
