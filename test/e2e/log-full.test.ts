// A log that can't be written: the disk is full.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { freePort } from '../support/redis-server.ts';

t.test('the gateway goes on, and ends as ever', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(() => sandbox.close());
  const [port, adminPort] = [await freePort(), await freePort()];
  const folder = t.testdir({
    'gateway.yaml': `
listen: [{ port: ${port} }]
admin: { port: ${adminPort} }
limits: { drain: 1s }
accounts:
  main:
    origin: ${sandbox.origin}
    credential: { type: access-key, accessKey: { env: AK }, secretKey: { env: SK } }
anonymous: { account: main }
`,
  });
  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  const gateway = spawn(process.execPath, [main, 'serve', '-c', join(folder, 'gateway.yaml')], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'ignore'],
    env: { AK: DEMO_ACCESS_KEY, SK: DEMO_SECRET_KEY },
  });
  t.teardown(() => gateway.kill('SIGKILL'));
  const status = async () => (await fetch(`http://127.0.0.1:${port}/api/domain`).catch(() => undefined))?.status;
  while ((await status()) === undefined) await pause(50);
  for (let n = 0; n < 20; n += 1) t.equal(await status(), 200);
  gateway.kill('SIGTERM');
  const [code] = await once(gateway, 'exit', { signal: AbortSignal.timeout(5000) });
  t.equal(code, 0);
});
