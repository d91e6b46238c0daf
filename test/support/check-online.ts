import { join } from 'node:path';
import type { Test } from 'tap';
import { DEMO_ACCESS_KEY, DEMO_API_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { runCommand } from './command.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

export const PASSWORD = 'p@ss/w:rd #1%';
const ENV = { AK: DEMO_ACCESS_KEY, SK: DEMO_SECRET_KEY, KEY: DEMO_API_KEY, WRONG: 'a-secret-that-is-not-right' };
/** The credential of the accounts in YAML. */
export const ACCESS_KEY = '{ type: access-key, accessKey: { env: AK }, secretKey: { env: SK } }';

/** A configuration with one account there. */
export function accounts(origin: string, more = ''): string {
  return `accounts: { main: { origin: "${origin}", credential: ${ACCESS_KEY}${more} } }\nanonymous: { account: main }\n`;
}

/** Runs `check --online` on a configuration; `files` lie in the same folder. */
export async function check(
  t: Test,
  config: string,
  options: { args?: readonly string[]; files?: Readonly<Record<string, string>> } = {},
) {
  const { args = ['--online'], files = {} } = options;
  const folder = t.testdir({ 'gateway.yaml': config, ...files });
  const ended = await runCommand(['check', '-c', join(folder, 'gateway.yaml'), ...args], { env: ENV });
  const text = ended.stdout + ended.stderr;
  for (const secret of [DEMO_SECRET_KEY, DEMO_API_KEY, ENV.WRONG, PASSWORD, encodeURIComponent(PASSWORD)]) {
    t.notOk(text.includes(secret), 'no secret is printed');
  }
  return { ...ended, lines: ended.stdout.split('\n').filter((line) => /^ {2}(fine |WRONG) /.test(line)) };
}

export async function sandboxOf(t: Test, options: SandboxOptions = {}) {
  const sandbox = await startSandbox(options);
  t.teardown(() => sandbox.close());
  return sandbox;
}

export async function redisOf(t: Test): Promise<RedisServer> {
  const redis = await startRedis({ tcp: true });
  t.teardown(() => redis.stop());
  return redis;
}
