// A server that has one fault, to see that the fuzzer's check finds it: what is wrong is the argument.
import { createServer } from 'node:http';

const error = (code, more) => JSON.stringify({ data: null, errors: [{ message: 'no', extensions: { code }, ...more }] });
const faults = {
  internal: [200, error('INTERNAL', { path: ['viewer'] })],
  status: [503, error('NOT_FOUND', { path: ['viewer'] })],
  text: [200, 'thread panicked'],
  refusal: [200, error('INVALID', {})],
};
const [status, body] = faults[process.argv[2]];

const server = createServer((_, answer) => answer.writeHead(status, { 'Content-Type': 'application/json' }).end(body));
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/graphql`));
