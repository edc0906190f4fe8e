// Ids and codes of things that exist here, as a dictionary for schemathesis: a quoted text a line.
import { ask } from './server.mjs';

const questions = [
  ['ANALYST', '{ viewer { id } alerts { nodes { id } } cases { nodes { id alerts { nodes { insights(first: 3) { nodes { id activities(first: 2) { nodes { id } } } } } } } } subjects(first: 5) { nodes { id } } }'],
  ['ADMIN', '{ policies { nodes { id triggers { code } } } connectors { nodes { id } } plugins { id name } }'],
  ['INVESTIGATOR', '{ reveals { nodes { id } } }'],
];
const things = new Set(['', 'alert_', 'ADMIN']);

function gather(value) {
  if (typeof value === 'string') things.add(value);
  else if (value !== null && typeof value === 'object') Object.values(value).forEach(gather);
}

for (const [role, query] of questions) {
  const { data, errors } = await ask(role, query);
  if (errors) throw new Error(JSON.stringify(errors));
  gather(data);
}
console.log([...things].map((thing) => JSON.stringify(thing)).join('\n'));
