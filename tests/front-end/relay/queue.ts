// What relay-compiler asks of a schema: the Node interface, connections with edges, cursors and PageInfo, input objects.
// Nothing runs here; the compiler reads the documents and refuses those that do not fit.
import { graphql } from 'relay-runtime';

export const row = graphql`
  fragment queue_row on Alert {
    id
    severity
    status
    score
    overdue
    subject {
      ...queue_subject
    }
  }
`;

export const subject = graphql`
  fragment queue_subject on Subject {
    pseudonym
    department
    activations @required(action: NONE) {
      reason
    }
  }
`;

// A list that grows by pages, forwards and backwards.
export const list = graphql`
  fragment queue_list on Query
  @refetchable(queryName: "queueListPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 25 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "AlertFilter" }
  ) {
    alerts(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: DUE_AT_ASC)
      @connection(key: "queue_alerts", filters: ["filter"]) {
      totalCount
      edges {
        node {
          ...queue_row
        }
      }
    }
  }
`;

// A thing that is fetched again by its global id alone.
export const insights = graphql`
  fragment queue_insights on Alert
  @refetchable(queryName: "queueInsightsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    insights(first: $first, after: $after) @connection(key: "queue_insights") {
      edges {
        node {
          id
          explanation
          activities(first: 5) {
            edges {
              node {
                id
                facts
                content
              }
            }
          }
        }
      }
    }
  }
`;

export const screen = graphql`
  query queueScreenQuery($filter: AlertFilter, $alert: ID!) {
    ...queue_list @arguments(filter: $filter)
    node(id: $alert) {
      ...queue_insights @alias(as: "alert")
    }
  }
`;

export const dismiss = graphql`
  mutation queueDismissMutation($input: DismissAlertsInput!) {
    dismissAlerts(input: $input) {
      alerts {
        ...queue_row
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export const raised = graphql`
  subscription queueRaisedSubscription($severity: [Severity!]) {
    alertRaised(severity: $severity) {
      ...queue_row
    }
  }
`;
