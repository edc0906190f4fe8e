// The schema against @graphql-eslint's rules for schemas, the operations against those for operations.
import graphql from '@graphql-eslint/eslint-plugin';

const { configs } = graphql;

// The same for both: the plugin keeps what it read for the first file that it saw.
const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: 'schema.graphql', documents: 'operations/*.graphql' } },
};

export default [
  {
    files: ['schema.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions,
    rules: {
      ...configs['flat/schema-recommended'].rules,
      ...configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          // Of the directives that every GraphQL server has, a library prints the definitions.
          ignoredSelectors: ['DirectiveDefinition[name.value=/^(include|skip|specifiedBy)$/] InputValueDefinition'],
        },
      ],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      // Off: a page, a payload, a threshold is a value and has no identity of its own.
      '@graphql-eslint/strict-id-in-types': 'off',
      // A list may hold other things than edges: connections have `nodes` beside `edges`, and short lists are lists.
      '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],
      // Backwards is offered where a screen pages backwards; forwards everywhere.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
    },
  },
  {
    files: ['operations/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions,
    rules: configs['flat/operations-recommended'].rules,
  },
];
