// Types and documents for the ten operations, and the manifest of them for an allow-list. A front end's own set-up needs no more.
export default {
  schema: 'schema.graphql',
  documents: 'operations/*.graphql',
  generates: {
    'generated/': {
      preset: 'client',
      presetConfig: {
        // The names of the manifest are SHA-256 over the document as it is sent.
        persistedDocuments: { hashAlgorithm: 'sha256' },
        // A document is masked where fragments belong to components; the operations have no fragments.
        fragmentMasking: false,
      },
      config: {
        // A document is a text with its types: nothing of a GraphQL library is needed at run time.
        documentMode: 'string',
        // Enumerations as unions of texts, which TypeScript erases.
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: { DateTime: 'string', Date: 'string', JSON: 'unknown' },
        strictScalars: true,
      },
    },
  },
};
