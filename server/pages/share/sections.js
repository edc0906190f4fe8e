/**
 * The case, section by section, as far as the share opens it.
 * Never: silence about what is missing; a section that is not shared, or that is empty, is named as such.
 */

import { MORE_INSIGHTS } from "./api.js";
import { scoreChart, scoreTable } from "./chart.js";
import { button, complain, el, facts, focusOn } from "./dom.js";
import { Evidence } from "./evidence.js";
import { questionView } from "./question.js";
import { calendarDay, count, instant, plural, score, word } from "./words.js";

/**
 * @typedef {import("./api.js").Share} Share
 * @typedef {import("./api.js").Case} Case
 * @typedef {import("./api.js").Insights} Insights
 * @typedef {import("./api.js").Insight} Insight
 * @typedef {import("./api.js").Trouble} Trouble
 */

/**
 * What the sections need of the page.
 * @typedef {object} Page
 * @property {import("./api.js").Ask<any>} ask
 * @property {number} page how many insights at once
 * @property {(text: string) => void} say to a screen reader, and in the line at the top
 * @property {(trouble: Trouble) => void} lost the share opens nothing any more: shows why instead of the case
 * @property {(() => void) | null} retry set where parts could not be loaded
 */

/** The sections in the order in which they are named. */
const SECTIONS = ["SUMMARY", "TIMELINE", "ALERTS", "EVIDENCE", "NOTES"];

/**
 * @param {Share} share
 * @param {Page} page
 */
export function caseView(share, page) {
  const found = share.case;
  const has = (/** @type {string} */ section) => share.sections.includes(section);
  const named = found.subject.identity !== null;
  const evidence = has("EVIDENCE") ? new Evidence(page, { timeline: has("TIMELINE"), content: named }) : null;
  return el(
    "article",
    {},
    head(share),
    page.retry &&
      el(
        "div",
        { class: "notice", role: "alert" },
        el("p", {}, "Parts of the case could not be loaded. What is missing below may be there all the same."),
        button("Load it again", page.retry),
      ),
    found.consultations.map((question) => questionView(question, found.status, page)),
    person(found, has("SUMMARY")),
    has("SUMMARY") && summary(found, named),
    has("TIMELINE") && timeline(found, evidence, page),
    !has("TIMELINE") && evidence && evidenceAlone(evidence, page),
    has("ALERTS") && alerts(found),
    has("NOTES") && notes(found, named),
    left(share),
  );
}

/** @param {Share} share */
function head(share) {
  const found = share.case;
  return el(
    "header",
    { class: "case-head" },
    el("h1", {}, found.name),
    el(
      "p",
      { class: "badges" },
      el("span", { class: `badge level-${found.severity.toLowerCase()}` }, `Severity: ${word(found.severity)}`),
      " ",
      el("span", { class: "badge" }, word(found.status)),
    ),
    facts([
      ["Shared by", share.createdBy],
      ["Shared with", `${share.recipient} (${word(share.audience)})`],
      ["Shared on", instant(share.createdAt)],
      ["Open until", el("strong", {}, instant(share.expiresAt))],
    ]),
  );
}

/**
 * @param {string} id
 * @param {string} title
 * @param {...import("./dom.js").Child} children
 */
function section(id, title, ...children) {
  return el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...children);
}

/**
 * Whom the case is about: a name only where the share shows it.
 * @param {Case} found
 * @param {boolean} summary
 */
function person({ subject }, summary) {
  const { identity } = subject;
  /** @type {[string, import("./dom.js").Child][]} */
  const known = identity
    ? [
        ["Name", el("strong", {}, identity.displayName)],
        ["Job title", identity.jobTitle],
        ["Mail address", identity.email],
        ["Accounts", identity.accounts.join(", ")],
        ["Employee number", identity.employeeId],
        ["Manager", identity.managerName],
        ["Last working day", identity.lastWorkingDate && calendarDay(identity.lastWorkingDate)],
      ]
    : [];
  /** @type {Record<string, string>} */
  const why = {
    MASKED: "The name is hidden. The pseudonym stands for one person in this share, and nowhere else.",
    REVEALED:
      "The name is shown as long as it is revealed to who shared the case. Each look at it is in the audit log.",
    PSEUDONYMISATION_OFF: "This organisation works without pseudonyms. Each look at a name is in the audit log.",
    ERASED: "Who this was has been erased for good.",
  };
  return section(
    "person",
    "The person",
    facts([
      ...known,
      ["Pseudonym", subject.pseudonym],
      // Without the summary the server says null, NONE and 0, which would be wrong things to show.
      ["Department", summary && (subject.department ?? "Not known")],
      ["Risk now", summary && `${word(subject.riskLevel)}, score ${score(subject.riskScore)} of 100`],
    ]),
    el("p", { class: "hint" }, why[subject.identityState]),
  );
}

/**
 * @param {Case} found
 * @param {boolean} named
 */
function summary(found, named) {
  return section(
    "summary",
    "Summary",
    facts([
      ["Opened", instant(found.openedAt)],
      ["Last changed", instant(found.updatedAt)],
      ["Result", found.resolution ? word(found.resolution) : "None yet: the case is being worked on"],
      ["What was done", found.actionTaken && el("span", { class: "written" }, found.actionTaken)],
    ]),
    found.status === "CLOSED" &&
      !named &&
      el("p", { class: "hint" }, "What was done is left out: staff wrote it, and it may name the person."),
    found.contentSummary.length > 0 && [
      el("h3", {}, "What the events are about"),
      el(
        "ul",
        { class: "inline" },
        found.contentSummary.map((about) => el("li", {}, `${word(about.contentType)}: ${count(about.quantity)}`)),
      ),
    ],
  );
}

/**
 * @param {Case} found
 * @param {Evidence | null} evidence
 * @param {Page} page
 */
function timeline(found, evidence, page) {
  const history = found.subject.scoreHistory ?? [];
  const first = found.timeline.edges.map((edge) => edge.node);
  return section(
    "timeline",
    "Score and insights",
    scoreChart(history, first),
    found.timeline.pageInfo.hasNextPage &&
      el("p", { class: "hint" }, `The picture shows the newest ${count(first.length)} insights.`),
    history.length > 0 && scoreTable(history),
    insightList(found.timeline, evidence, page),
  );
}

/**
 * Evidence without the timeline: the insights are there to find the events by.
 * @param {Evidence} evidence
 * @param {Page} page
 */
function evidenceAlone(evidence, page) {
  const place = el("div", {}, el("p", {}, "Loading…"));
  void moreInsights(page, null, false).then((listed) => {
    place.replaceChildren(
      listed ? insightList(listed, evidence, page) : el("p", {}, "The events could not be loaded."),
    );
  });
  return section("evidence", "Evidence", place);
}

/**
 * The next insights; null where they could not be loaded.
 * @param {Page} page
 * @param {string | null} after
 * @param {boolean} inTimeline
 * @returns {Promise<Insights | null>}
 */
async function moreInsights(page, after, inTimeline) {
  const reply = await page.ask(MORE_INSIGHTS, { first: page.page, after, timeline: inTimeline });
  if (reply.kind === "refused") page.lost(reply);
  if (reply.kind !== "data") return null;
  const found = reply.data.viewer?.share?.case;
  return (inTimeline ? found?.timeline : found?.subject?.insights) ?? null;
}

/**
 * Insights by day, the newest first, with a button for more.
 * @param {Insights} insights
 * @param {Evidence | null} evidence
 * @param {Page} page
 */
function insightList(insights, evidence, page) {
  const days = el("div", { class: "days" });
  const foot = el("div", { class: "controls" });
  /** @type {{day: string, list: HTMLUListElement} | null} */
  let last = null;
  /** @type {string | null} */
  let before = null;
  let shown = 0;

  /** @param {Insights} listed */
  const add = (listed) => {
    /** @type {HTMLElement | null} */
    let first = null;
    for (const { cursor, node } of listed.edges) {
      if (last?.day !== node.day) {
        const heading = el("h3", {}, calendarDay(node.day));
        first ??= heading;
        last = { day: node.day, list: el("ul", { class: "insights" }) };
        days.append(el("div", { class: "day" }, heading, last.list));
      }
      const item = insightItem(node);
      first ??= item;
      // An insight has no address through a share but the place after the one before it.
      if (evidence) item.append(evidence.of(node, before));
      last.list.append(item);
      before = cursor;
    }
    shown += listed.edges.length;
    foot.replaceChildren(
      el("p", {}, `${count(shown)} of ${plural(listed.totalCount, "insight")} shown.`),
      listed.pageInfo.hasNextPage ? more(listed.pageInfo.endCursor) : "",
      evidence && shown > 0 ? evidence.all() : "",
    );
    return first;
  };
  /** @param {string | null} after */
  const more = (after) =>
    button("Show more insights", async () => {
      page.say("Loading more insights…");
      const listed = await moreInsights(page, after, !evidence || evidence.inTimeline);
      if (!listed) {
        const text = "More insights could not be loaded. Try again in a moment.";
        complain(foot, text);
        return page.say(text);
      }
      const first = add(listed);
      page.say(`${plural(listed.edges.length, "more insight")} shown.`);
      if (first) focusOn(first);
    });

  if (insights.edges.length === 0) return el("p", {}, "There are no insights.");
  add(insights);
  return el("div", {}, el("p", { class: "hint" }, "Days are days in UTC, the newest first."), days, foot);
}

/** @param {Insight} insight */
function insightItem(insight) {
  const why = insight.boosters.map((booster) => booster.explanation);
  return el(
    "li",
    { class: `insight level-${insight.level.toLowerCase()}` },
    el("p", { class: "sentence", id: `i-${insight.id}` }, insight.explanation),
    why.length > 0 && el("p", { class: "hint" }, why.join(" ")),
    marks(insight.riskFactors),
  );
}

/** @param {string[]} factors */
function marks(factors) {
  return factors.length > 0 && el("p", { class: "marks" }, `Marked: ${factors.map(word).join("; ")}.`);
}

/** @param {Case} found */
function alerts(found) {
  const { nodes, totalCount } = found.alerts;
  return section(
    "alerts",
    "Alerts",
    nodes.length === 0 && el("p", {}, "There are no alerts."),
    nodes.map((alert) =>
      el(
        "div",
        { class: "alert" },
        el("h3", {}, alert.policy.name),
        el(
          "p",
          { class: "badges" },
          el("span", { class: `badge level-${alert.severity.toLowerCase()}` }, `Severity: ${word(alert.severity)}`),
          " ",
          el("span", { class: "badge" }, word(alert.status)),
        ),
        facts([
          ["Raised", instant(alert.raisedAt)],
          ["What started it", alert.trigger],
          ["Score", `${score(alert.score)} of 100`],
        ]),
        marks(alert.riskFactors),
        alert.contributions.length > 0 && shares(alert.contributions),
      ),
    ),
    totalCount > nodes.length &&
      el("p", {}, `The newest ${count(nodes.length)} of ${count(totalCount)} alerts are shown.`),
  );
}

/** Shares below it are shown as 0, and there are many of them. */
const LEAST_POINTS = 0.05;

/** @param {{points: number, insight: {explanation: string}}[]} contributions */
function shares(contributions) {
  const shown = contributions.filter(({ points }) => points >= LEAST_POINTS);
  const others = contributions.length - shown.length;
  return el(
    "details",
    {},
    el("summary", {}, "What the score is made of"),
    el(
      "table",
      {},
      el("caption", {}, "Shares of the score, the largest first"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["Points", "For"].map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el(
        "tbody",
        {},
        shown.map(({ points, insight }) =>
          el("tr", {}, el("td", { class: "number" }, score(points)), el("td", {}, insight.explanation)),
        ),
      ),
    ),
    others > 0 &&
      el(
        "p",
        { class: "hint" },
        `${plural(others, "more insight")} added less than ${count(LEAST_POINTS)} points each.`,
      ),
  );
}

/**
 * @param {Case} found
 * @param {boolean} named
 */
function notes(found, named) {
  return section(
    "notes",
    "Notes",
    !named &&
      el(
        "p",
        { class: "hint" },
        "Notes by staff are left out, because they may name the person. Those of the system are shown.",
      ),
    found.notes.length === 0 && el("p", {}, "There are no notes."),
    el(
      "ol",
      { class: "notes" },
      found.notes.map((note) =>
        el(
          "li",
          {},
          el(
            "p",
            { class: "by" },
            el("strong", {}, note.author),
            note.system ? " (noted by the system), " : ", ",
            instant(note.at),
          ),
          el("p", { class: "written" }, note.body),
        ),
      ),
    ),
  );
}

/** @param {Share} share */
function left(share) {
  const not = SECTIONS.filter((name) => !share.sections.includes(name));
  const masked = share.case.subject.identity === null;
  return section(
    "left",
    "What is not part of this share",
    el(
      "ul",
      {},
      not.map((name) => el("li", {}, `${word(name)}: not shared.`)),
      masked && el("li", {}, "The person's name, and texts that may hold it."),
      masked &&
        share.includeIdentity &&
        el("li", {}, "The share was made to show the name, but the consent that it rests on is over."),
      el("li", {}, "Other cases, and anything else that is known of the person."),
    ),
    el("p", {}, `Ask ${share.createdBy}, who shared the case, if you need more than this.`),
  );
}
