// The real thing as a process: `serve`, a request under way, SIGTERM. Needs `npm run build`, as `npm test` does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** `serve` in front of an upstream, and what it told when it had started. */
async function serve(t: Test, { drain = '35s' } = {}) {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  const folder = t.testdir({
    'gateway.yaml': `
listen: [{ host: 127.0.0.1, port: 0 }]
admin: { host: 127.0.0.1, port: 0 }
accounts:
  main:
    origin: ${upstream.origin}
    credential: { type: access-key, accessKey: { env: AK }, secretKey: { env: SK } }
anonymous: { account: main, allow: ['*'] }
limits: { drain: ${drain} }
`,
  });
  const child = spawn(process.execPath, [main, 'serve', '-c', join(folder, 'gateway.yaml')], {
    env: { AK: 'an-access-key', SK: 'a-secret-key-of-a-test' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const { listen, admin } = JSON.parse(String(line));
  return { upstream, child, url: String(listen[0]), admin: String(admin) };
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} ends the process with 0 once the request under way has its answer`, async (t) => {
    const { upstream, child, url, admin } = await serve(t);
    const exited = once(child, 'exit');
    const waiting: Socket[] = [];
    upstream.answerWith((socket) => void waiting.push(socket));
    const underWay = send(url, { target: '/slow' });
    await upstream.until(() => waiting.length === 1);
    child.kill(signal);
    let status = 200;
    while (status === 200) status = (await send(admin, { target: '/readyz' })).status;
    t.equal(status, 503);
    t.match(await send(url, { target: '/new' }), {
      status: 503,
      headers: { 'x-gateway-error': 'shutting-down' },
    });
    for (const socket of waiting) socket.write(httpAnswer('200 OK', {}, 'late'));
    t.equal((await underWay).bytes.toString(), 'late');
    t.strictSame(await exited, [0, null]);
  });
}

t.test('every upload that a stop breaks off has its line in the log of the process', async (t) => {
  const { child, url } = await serve(t, { drain: '300ms' });
  const { hostname, port } = new URL(url);
  const head = 'POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\nhalf';
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const caller = connect(Number(port), hostname, () => caller.write(head));
      await once(caller, 'data');
    }),
  );
  child.kill('SIGTERM');
  const lines = (await text(child.stdout)).trim().split('\n');
  const told = lines.map((line) => JSON.parse(line));
  t.equal(told.filter(({ reason }) => reason === 'shutting-down').length, 100);
  t.match(told.at(-1), { msg: 'gateway stopped', finished: false });
});

t.test('a second SIGTERM ends the process at once, and every answer before it has its line', async (t) => {
  const ENOUGH = 1000;
  const { upstream, child, url } = await serve(t);
  const exited = once(child, 'exit');
  const output = text(child.stdout);
  const waiting: Socket[] = [];
  // Else the first one would end it, as soon as there is a moment without a request.
  upstream.answerWith((socket) => void waiting.push(socket));
  const underWay = send(url, { target: '/slow' }).catch(() => undefined);
  await upstream.until(() => waiting.length === 1);
  upstream.answerWith((socket) => void socket.write(httpAnswer('200 OK', {}, 'soon')));
  let answers = 0;
  const callers = Array.from({ length: 32 }, async (_, caller) => {
    while ((await send(url, { target: `/${caller}` }).catch(() => undefined)) !== undefined) {
      answers += 1;
      if (answers === ENOUGH) child.kill('SIGTERM');
    }
  });
  child.kill('SIGTERM');
  await Promise.all(callers);
  await underWay;
  t.strictSame(await exited, [1, null]);
  const told = (await output).trim().split('\n');
  t.ok(answers >= ENOUGH);
  t.ok(told.filter((line) => line.includes('"request completed"')).length >= answers);
});

t.test('lines that nobody reads for a while come in their order, and the last one last', async (t) => {
  const REQUESTS = 600;
  const { child, url, admin } = await serve(t);
  child.stdout.pause();
  const agent = new Agent({ keepAlive: true });
  // More than the system holds between the two, so that lines wait in the process when it stops.
  for (let n = 0; n < REQUESTS; n++) await send(url, { target: `/${n}/${'a'.repeat(240)}`, agent });
  agent.destroy();
  child.kill('SIGTERM');
  while ((await send(admin, { target: '/livez' }).catch(() => undefined)) !== undefined);
  const lines = (await text(child.stdout)).trim().split('\n');
  const told = lines.map((line) => JSON.parse(line));
  t.match(told.pop(), { msg: 'gateway stopped', finished: true });
  const paths = told.map(({ req }) => String(req.path).split('/')[1]);
  t.strictSame(
    paths,
    Array.from({ length: REQUESTS }, (_, n) => String(n)),
  );
});
