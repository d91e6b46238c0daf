// `quota` as an operator runs it, beside a gateway that serves.
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway, WIDE } from '../support/gateway.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TOKEN = 'a-token-of-a-test-0123456789';

t.test('quota tells what an account has spent, who spent it and when there is more', async (t) => {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, {
    quotas: { ...WIDE, account: { quota: 300, windowMs: 300_000 }, interface: { quota: 2, windowMs: 300_000 } },
    consumers: [{ name: 'purge-bot', tokenSha256: hash('sha256', TOKEN), accounts: ['main'], allow: ['*'] }],
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const call = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(gateway.url + path, { headers })).arrayBuffer();
  const folder = t.testdir({
    'gateway.yaml': `admin: { port: ${new URL(gateway.admin).port} }
accounts:
  main: { credential: { type: api-key, username: u, apiKey: { env: KEY } } }
anonymous: { account: main }
`,
  });
  const quota = async (...args: string[]) =>
    (
      await promisify(execFile)(process.execPath, [main, 'quota', '-c', join(folder, 'gateway.yaml'), ...args], {
        env: { KEY: 'key' },
      })
    ).stdout;

  t.equal(await quota('--account', 'main'), 'account main\nnothing is spent\n');
  await call('/api/domain?n=1');
  await call('/api/domain?n=2', { authorization: `Bearer ${TOKEN}` });
  await call('/cdn/purges', { authorization: `Bearer ${TOKEN}` });
  const lines = (await quota('--account', 'main')).split('\n');
  t.equal(lines[1], 'account');
  t.match(lines[2], /^ {2}account +3\/300 in 300 s, free now; purge-bot 2, anonymous 1$/);
  t.equal(lines[3], 'interface GET /api/domain');
  t.match(lines[4], /^ {2}interface +2\/2 in 300 s, next free in (29\d|300|301) s; /);
  t.equal(lines[5], 'interface GET /cdn/purges');

  sandbox.behave({ times: 1, status: 446 });
  await call('/cdn/purges?again');
  t.match(await quota('--account', 'main'), /interface GET \/cdn\/purges {2}closed by the vendor for (2\d|30) s/);

  const wrong = await quota('--account', 'nobody').catch((error: { code: number; stderr: string }) => error);
  t.match(wrong, { code: 2, stderr: /--account is one of: main/ });
  t.equal((await fetch(`${gateway.admin}/quota?account=nobody`)).status, 404);

  await gateway.drain();
  const alone = await quota('--account', 'main').catch((error: { code: number; stderr: string }) => error);
  t.match(alone, { code: 1, stderr: `no gateway answers at ${gateway.admin}, the admin address` });
  t.match(alone, { stderr: /\(ECONNREFUSED\)/ });
});
