// Apollo Client's normalised cache: global ids name what it keeps, and a partial answer is kept as far as it goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { relayStylePagination } from '@apollo/client/utilities';
import { addNote, endpoint, openCase, token } from './server.mjs';

function clientOf(role) {
  return new ApolloClient({
    link: new HttpLink({ uri: endpoint, headers: { Authorization: `Bearer ${token(role)}` } }),
    // What docs/front-end.md tells front ends to write.
    cache: new InMemoryCache({
      possibleTypes: { Node: ['Alert', 'Case', 'Insight', 'Activity', 'Subject'] },
      typePolicies: { Query: { fields: { alerts: relayStylePagination(['filter', 'orderBy']) } } },
    }),
    defaultOptions: { query: { errorPolicy: 'all' }, watchQuery: { errorPolicy: 'all' }, mutate: { errorPolicy: 'all' } },
  });
}

const casePage = gql`query($id: ID!) { case(id: $id) { id name notes { id body } reveals { id } subject { id pseudonym } } }`;

test('a partial answer has its data, its error, and a place in the cache', async () => {
  const id = await openCase();
  const client = clientOf('ANALYST');
  const { data, error } = await client.query({ query: casePage, variables: { id } });
  assert.equal(data.case.id, id);
  assert.equal(data.case.reveals, null);
  assert.ok(CombinedGraphQLErrors.is(error), String(error));
  assert.deepEqual(error.errors.map(({ path, extensions }) => [path, extensions.code]), [[['case', 'reveals'], 'FORBIDDEN']]);

  // Kept: under the global id, with the null, and read again without a request.
  const kept = client.cache.extract()[`Case:${id}`];
  assert.equal(kept.name, data.case.name);
  assert.equal(kept.reveals, null);
  assert.match(kept.subject.__ref, /^Subject:subject_/);
  const again = client.readQuery({ query: casePage, variables: { id } });
  assert.deepEqual(again, data);
  client.stop();
});

test('the answer of a mutation changes what a query of the same thing shows', async () => {
  const id = await openCase();
  const client = clientOf('ANALYST');
  await client.query({ query: casePage, variables: { id } });
  const mutation = gql`mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { case { id notes { id body } } userErrors { code } } }`;
  await client.mutate({ mutation, variables: { input: { caseId: id, body: 'By mutation.' } } });
  const shown = client.readQuery({ query: casePage, variables: { id } });
  assert.ok(shown.case.notes.some(({ body }) => body === 'By mutation.'));
  client.stop();
});

test('node(id:) and case(id:) are one thing in the cache', async () => {
  const id = await openCase();
  const client = clientOf('ANALYST');
  await client.query({ query: casePage, variables: { id } });
  await addNote(id, 'Written elsewhere.');
  const query = gql`query($id: ID!) { node(id: $id) { id ... on Case { notes { id body } } } }`;
  await client.query({ query, variables: { id }, fetchPolicy: 'network-only' });
  const shown = client.readQuery({ query: casePage, variables: { id } });
  assert.ok(shown.case.notes.some(({ body }) => body === 'Written elsewhere.'));
  client.stop();
});

test('pages are joined in the cache', async () => {
  const client = clientOf('ANALYST');
  const query = gql`query($after: String) { alerts(first: 1, after: $after, orderBy: SCORE_DESC) { edges { cursor node { id score } } pageInfo { hasNextPage endCursor } } }`;
  const watched = client.watchQuery({ query });
  const stop = watched.subscribe(() => {});
  const { data } = await watched.reobserve();
  assert.equal(data.alerts.pageInfo.hasNextPage, true);
  await watched.fetchMore({ variables: { after: data.alerts.pageInfo.endCursor } });
  const { alerts } = client.readQuery({ query });
  assert.equal(alerts.edges.length, 2);
  assert.ok(alerts.edges[0].node.score >= alerts.edges[1].node.score);
  assert.notEqual(alerts.edges[0].node.id, alerts.edges[1].node.id);
  stop.unsubscribe();
  client.stop();
});
