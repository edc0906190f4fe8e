/**
 * What the page asks of the server: every GraphQL document stands here, and a test validates them against schema.graphql.
 * Never: the token anywhere but in the Authorization header of a request to this same server.
 */

const INSIGHTS = `fragment Insights on InsightConnection {
  totalCount
  edges {
    cursor
    node {
      id day explanation level score riskFactors
      boosters { explanation }
    }
  }
  pageInfo { hasNextPage endCursor }
}`;

const QUESTION = `fragment Question on Consultation {
  id question choices askedBy expiresAt choice comment answeredAt
}`;

/** Everything but the events, in one request: the audit log counts requests, and so tells how often a share was opened. */
export const OPEN = `query OpenShare($insights: Int!, $alerts: Int!) {
  viewer {
    share {
      audience recipient createdBy createdAt expiresAt includeIdentity sections
      case {
        name status severity openedAt updatedAt resolution actionTaken
        subject {
          pseudonym identityState department riskLevel riskScore
          identity { displayName email accounts employeeId jobTitle managerName lastWorkingDate }
          scoreHistory { at score cause }
        }
        contentSummary { contentType quantity }
        timeline(first: $insights) { ...Insights }
        alerts(first: $alerts) {
          totalCount
          nodes {
            id severity status score trigger raisedAt riskFactors
            policy { name }
            contributions { points insight { id explanation } }
          }
        }
        notes { id author system body at }
        consultations { ...Question }
      }
    }
  }
}
${INSIGHTS}
${QUESTION}`;

/**
 * More insights, or all of them where a share opens the evidence and not the timeline: then they are reached from the subject,
 * whose insights are the case's through a share.
 */
export const MORE_INSIGHTS = `query MoreInsights($first: Int!, $after: String, $timeline: Boolean!) {
  viewer {
    share {
      case {
        timeline(first: $first, after: $after) @include(if: $timeline) { ...Insights }
        subject @skip(if: $timeline) { insights(first: $first, after: $after) { ...Insights } }
      }
    }
  }
}
${INSIGHTS}`;

/**
 * The events beneath some insights: those that come after a cursor. Through a share no insight is found by its id. The content is
 * asked for where the identity is shown: looking at it is audited.
 */
export const EVENTS = `query Events(
  $insights: Int!, $before: String, $events: Int!, $after: String, $timeline: Boolean!, $content: Boolean!
) {
  viewer {
    share {
      case {
        timeline(first: $insights, after: $before) @include(if: $timeline) { nodes { ...Beneath } }
        subject @skip(if: $timeline) { insights(first: $insights, after: $before) { nodes { ...Beneath } } }
      }
    }
  }
}
fragment Beneath on Insight {
  id
  activities(first: $events, after: $after) {
    totalCount
    nodes {
      id occurredAt quantity facts
      content @include(if: $content)
      indicator { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The question as it is now. */
export const ASKED = `query Asked {
  viewer { share { case { status consultations { ...Question } } } }
}
${QUESTION}`;

export const ANSWER = `mutation Answer($input: AnswerConsultationInput!) {
  answerConsultation(input: $input) {
    consultation { ...Question }
    userErrors { code message field }
  }
}
${QUESTION}`;

/** Each document by its name, for the test. */
export const DOCUMENTS = { OPEN, MORE_INSIGHTS, EVENTS, ASKED, ANSWER };

/**
 * @typedef {{id: string, day: string, explanation: string, level: string, score: number, riskFactors: string[],
 *   boosters: {explanation: string}[]}} Insight
 * @typedef {{hasNextPage: boolean, endCursor: string | null}} PageInfo
 * @typedef {{totalCount: number, edges: {cursor: string, node: Insight}[], pageInfo: PageInfo}} Insights
 * @typedef {{id: string, question: string, choices: string[], askedBy: string, expiresAt: string, choice: string | null,
 *   comment: string | null, answeredAt: string | null}} Question
 * @typedef {{at: string, score: number, cause: string}} ScorePoint
 * @typedef {{displayName: string, email: string | null, accounts: string[], employeeId: string | null, jobTitle: string | null,
 *   managerName: string | null, lastWorkingDate: string | null}} Identity
 * @typedef {{pseudonym: string, identityState: string, department: string | null, riskLevel: string, riskScore: number,
 *   identity: Identity | null, scoreHistory: ScorePoint[] | null}} Subject
 * @typedef {{id: string, severity: string, status: string, score: number, trigger: string, raisedAt: string,
 *   riskFactors: string[], policy: {name: string},
 *   contributions: {points: number, insight: {id: string, explanation: string}}[]}} Alert
 * @typedef {{id: string, author: string, system: boolean, body: string, at: string}} Note
 * @typedef {{name: string, status: string, severity: string, openedAt: string, updatedAt: string, resolution: string | null,
 *   actionTaken: string | null, subject: Subject, contentSummary: {contentType: string, quantity: number}[],
 *   timeline: Insights, alerts: {totalCount: number, nodes: Alert[]}, notes: Note[], consultations: Question[]}} Case
 * @typedef {{audience: string, recipient: string, createdBy: string, createdAt: string, expiresAt: string,
 *   includeIdentity: boolean, sections: string[], case: Case}} Share
 * @typedef {{id: string, occurredAt: string, quantity: number, facts: unknown, content?: unknown,
 *   indicator: {name: string}}} Activity
 * @typedef {{totalCount: number, nodes: Activity[], pageInfo: PageInfo}} Activities
 * @typedef {{code: string, message: string, field: string[] | null}} UserError
 * @typedef {{message: string, path?: (string | number)[], extensions?: {code?: string, reason?: string}}} GraphError
 */

/**
 * Why nothing came.
 * @typedef {{kind: "refused", reason: string} | {kind: "busy", seconds: number} | {kind: "failed", reference: string}
 *   | {kind: "unreachable"}} Trouble
 */

/**
 * What came: data and what is missing in it, with the server's id of the request and its time; or the reason why there is none.
 * @template T
 * @typedef {{kind: "data", data: T, errors: GraphError[], reference: string, at: number} | Trouble} Reply
 */

/**
 * Asks the server, as the holder of the share.
 * @template T
 * @callback Ask
 * @param {string} document
 * @param {Record<string, unknown>} [variables]
 * @returns {Promise<Reply<T>>}
 */

/** A little more than the server takes at most, so that its own answer comes first. */
const PATIENCE_MS = 40_000;
/** Where a server asks for a pause without saying how long. */
const PAUSE_SECONDS = 30;

/**
 * The way to the server for one token, which nothing else gets to see.
 * @param {string} token
 */
export function client(token) {
  const url = new URL("graphql", document.baseURI);
  /** @type {Ask<any>} */
  const ask = async (query, variables = {}) => {
    /** @type {Response} */
    let response;
    /** @type {any} */
    let body = null;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: {
          Accept: "application/graphql-response+json, application/json;q=0.9",
          Authorization: `Bearer ${token}`,
          "Content-Type": "application/json",
        },
        body: JSON.stringify({ query, variables }),
        cache: "no-store",
        credentials: "omit",
        // The token must not follow a redirection to somebody else.
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
    } catch {
      return { kind: "unreachable" };
    }
    try {
      body = await response.json();
    } catch {
      // A proxy's page, or a body that broke off: the status tells what to do.
    }
    return reply(response, body);
  };
  return ask;
}

/**
 * @param {Response} response
 * @param {any} body
 * @returns {Reply<any>}
 */
function reply(response, body) {
  /** @type {GraphError[]} */
  const errors = Array.isArray(body?.errors) ? body.errors : [];
  if (response.status === 401) return { kind: "refused", reason: errors[0]?.extensions?.reason ?? "" };
  if (response.status === 429 || response.status === 503) {
    const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    if (response.status === 429 || seconds > 0) return { kind: "busy", seconds: seconds > 0 ? seconds : PAUSE_SECONDS };
  }
  const reference = response.headers.get("X-Request-Id") ?? "";
  if (!body?.data) return { kind: "failed", reference };
  const at = Date.parse(response.headers.get("Date") ?? "");
  return { kind: "data", data: body.data, errors, reference, at: Number.isNaN(at) ? Date.now() : at };
}
