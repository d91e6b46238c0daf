import { Agent } from 'node:http';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send, sendRaw } from './client-answer.ts';
import { apiKeyHeaders } from './client-request.ts';

t.test('keeps connections alive, after a refusal too', async (t) => {
  const { origin, close } = await startSandbox({});
  t.teardown(close);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ports = new Set<string>();
  for (const headers of [{}, apiKeyHeaders(), apiKeyHeaders()]) {
    const { headers: answered } = await send(origin, { target: '/x', headers, agent });
    ports.add(String(answered['connection']));
  }
  t.same([...ports], ['keep-alive']);
  t.equal(Object.values(agent.freeSockets).flat().length, 1);
});

t.test('counts an upload that its client gave up', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  await sendRaw(
    sandbox.origin,
    'POST /x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\nhalf',
    'Continue',
  );
  while (sandbox.report().refused['aborted'] === undefined) await new Promise(setImmediate);
  t.match(sandbox.report(), { arrivals: 1, verified: 0, refused: { aborted: 1 } });
});

t.test('refuses a body over 64 MiB once it has all come', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  const body = 'x'.repeat(64 * 1024 * 1024 + 1);
  t.equal((await send(sandbox.origin, { method: 'POST', target: '/x', body })).status, 413);
  t.match(sandbox.report(), { refused: { 'body-too-large': 1 } });
});

t.test('fails to start on a port that is taken, and leaves nothing behind', async (t) => {
  const first = await startSandbox({});
  t.teardown(first.close);
  const port = Number(new URL(first.origin).port);
  await t.rejects(startSandbox({ controlPort: port }), { code: 'EADDRINUSE' });
});
