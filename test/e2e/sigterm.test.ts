// The real thing as a process: `serve`, a request under way, SIGTERM. Needs `npm run build`, as `npm test` does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} ends the process with 0 once the request under way has its answer`, async (t) => {
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
`,
    });
    const child = spawn(process.execPath, [main, 'serve', '-c', join(folder, 'gateway.yaml')], {
      env: { AK: 'an-access-key', SK: 'a-secret-key-of-a-test' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const [line] = await once(child.stdout, 'data');
    const { listen, admin } = JSON.parse(String(line));

    const waiting: Socket[] = [];
    upstream.answerWith((socket) => void waiting.push(socket));
    const underWay = send(listen[0], { target: '/slow' });
    await upstream.until(() => waiting.length === 1);
    child.kill(signal);
    let status = 200;
    while (status === 200) status = (await send(admin, { target: '/readyz' })).status;
    t.equal(status, 503);
    t.match(await send(listen[0], { target: '/new' }), {
      status: 503,
      headers: { 'x-gateway-error': 'shutting-down' },
    });
    for (const socket of waiting) socket.write(httpAnswer('200 OK', {}, 'late'));
    t.equal((await underWay).bytes.toString(), 'late');
    t.strictSame(await exited, [0, null]);
  });
}
