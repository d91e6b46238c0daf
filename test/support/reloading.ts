import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { WatchedConfig } from '../../src/config/watch.ts';
import { send } from '../sandbox/client-answer.ts';
import { startConfigured } from './gateway.ts';
import { startRawUpstream } from './raw-upstream.ts';

const TOKEN = 'the-token-of-the-purge-bot-0123456789';
/** The credentials of the consumer, under whatever name. */
export const HEADERS = { authorization: `Bearer ${TOKEN}` };
export const ENV = { SECRET: 'a-secret-of-the-environment' };

/** The secret key that belongs to an access key. */
export const secretOf = (accessKey: string) => `the secret key of ${accessKey}`;

/** What a file says; whatever is named after `name` tells which file a request was served by. */
export interface Said {
  readonly name?: string;
  readonly quota?: number;
  readonly allow?: string;
  readonly key?: string;
  readonly window?: string;
  readonly more?: string;
}

/** A gateway whose configuration is a file, and what changes that. */
export async function startReloading(t: Test, said: Said = {}) {
  const upstream = await startRawUpstream();
  const folder = t.testdir({ ak: 'first', sk: secretOf('first') });
  const file = join(folder, 'gateway.yaml');
  const write = ({ name = 'one', quota = 1_000_000, allow = '*', key = 'ak', window = '300s', more = '' }: Said) =>
    writeFileSync(
      file,
      `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  account-${name}:
    origin: ${upstream.origin}
    credential: { type: access-key, accessKey: { file: ${key} }, secretKey: { file: sk } }
quotas:
  account: { quota: ${quota}, window: ${window} }
  interface: { quota: 1000000, window: 300s }
  documentedLimits: ignore
consumers:
  consumer-${name}: { token: { sha256: ${hash('sha256', TOKEN)} }, accounts: [account-${name}], allow: ["${allow}"] }
${more}`,
    );
  write(said);
  const watched = new WatchedConfig({ file, env: ENV });
  const gateway = await startConfigured(watched.load());
  t.teardown(async () => {
    await upstream.close();
    await gateway.drain();
  });
  return {
    upstream,
    gateway,
    folder,
    write,
    /** Changes both halves of the key, which lie in files of their own. */
    sign(accessKey: string) {
      writeFileSync(join(folder, 'ak'), accessKey);
      writeFileSync(join(folder, 'sk'), secretOf(accessKey));
    },
    reload: () => gateway.reload(() => watched.load()),
    call: (target: string, headers: Record<string, string> = HEADERS) => send(gateway.url, { target, headers }),
    told: (msg: RegExp) => gateway.log.filter((line) => msg.test(String(line['msg']))),
    metrics: async () => (await fetch(`${gateway.admin}/metrics`)).text(),
  };
}
