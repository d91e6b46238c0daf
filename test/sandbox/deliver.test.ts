import t, { type Test } from 'tap';
import type { Fault } from '../../src/sandbox/behaviour.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { call, rawGet, sendRaw } from './client-answer.ts';

const BODY = 'x'.repeat(1000);

async function sandboxWith(t: Test, fault: Fault): Promise<Sandbox> {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  sandbox.behave({ fault, body: BODY, times: 1 });
  return sandbox;
}

t.test('reset: the connection is reset before a byte of the answer', async (t) => {
  const { origin } = await sandboxWith(t, 'reset');
  t.same(await sendRaw(origin, rawGet(origin, '/x')), { text: '', end: 'RST' });
});

t.test('reset-mid-body: the connection is reset after half of the body', async (t) => {
  const { origin } = await sandboxWith(t, 'reset-mid-body');
  const { text, end } = await sendRaw(origin, rawGet(origin, '/x'));
  t.equal(end, 'RST');
  t.match(text, 'content-length: 1000\r\n');
  t.equal(bodyOf(text).length, 500);
});

t.test('truncate: the connection ends in good order after half of the body', async (t) => {
  const { origin } = await sandboxWith(t, 'truncate');
  const { text, end } = await sendRaw(origin, rawGet(origin, '/x'));
  t.equal(end, 'FIN');
  t.match(text, 'content-length: 1000\r\n');
  t.equal(bodyOf(text).length, 500);
});

t.test('stall: nothing comes, and the connection stays open until the sandbox closes', async (t) => {
  const sandbox = await sandboxWith(t, 'stall');
  const answer = sendRaw(sandbox.origin, rawGet(sandbox.origin, '/x'));
  // A request that comes later is answered, so the first one is not merely slow.
  while (sandbox.report().verified === 0) await new Promise(setImmediate);
  t.equal((await call(sandbox.origin, { target: '/y' })).status, 200);
  await sandbox.close();
  t.equal((await answer).text, '');
});

t.test('stall-mid-body: half of the body comes, and the connection stays open until the sandbox closes', async (t) => {
  const sandbox = await sandboxWith(t, 'stall-mid-body');
  const half = `\r\n\r\n${BODY.slice(500)}`;
  const { text, end } = await sendRaw(sandbox.origin, rawGet(sandbox.origin, '/x'), half);
  t.match(text, 'content-length: 1000\r\n');
  t.same({ end, length: bodyOf(text).length }, { end: 'open', length: 500 });
});

t.test('breaks off an answer without a body too', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  sandbox.behave({ fault: 'truncate', body: '' });
  const { text, end } = await sendRaw(sandbox.origin, rawGet(sandbox.origin, '/x'));
  t.match(text, 'content-length: 1\r\n');
  t.same({ end, body: bodyOf(text) }, { end: 'FIN', body: '' });
});

t.test('a fault on a pipelined request waits for its turn', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  sandbox.behave({ match: { path: '/slow' }, delayMs: 30, body: 'slow' });
  sandbox.behave({ match: { path: '/cut' }, fault: 'truncate', body: 'cut' });
  const { text } = await sendRaw(sandbox.origin, rawGet(sandbox.origin, '/slow') + rawGet(sandbox.origin, '/cut'));
  t.match(text, /slowHTTP\/1\.1 200 OK\r\n.*\r\n\r\nc$/s);
});

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}
