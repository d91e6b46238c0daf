// A configuration full of secrets that nobody may ever see, and how to tell whether somebody did.
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createAuthority } from './certificates.ts';
import type { Keys } from './sdk-client.ts';
import { MAIN } from './serve-process.ts';

/** What consumers present. */
export const TOKEN = 'canary-of-a-bearer-token-0123456789';
export const VIRTUAL_KEYS: Keys = { id: 'vk-terraform', secret: 'canary-of-a-virtual-access-key' };
export const VIRTUAL_API_KEY: Keys = { id: 'script', secret: 'canary-of-a-virtual-api-key' };
export const REDIS_PASSWORD = 'canary-of-redis/0123';

/** The environment of whatever is run. */
export const ENV = { AK: 'the-access-key', SK: 'canary-of-the-environment', PATH: process.env['PATH'] ?? '' };

/** Names of secrets, and the values that nobody may see, in whatever form. */
const canaries = new Map<string, readonly string[]>(
  [
    TOKEN,
    VIRTUAL_KEYS.secret,
    VIRTUAL_API_KEY.secret,
    REDIS_PASSWORD,
    ENV.SK,
    'canary-of-a-file',
    'canary-of-the-next-key',
    'canary-of-another-next-key',
    'canary-in-the-file',
  ].map((secret) => [
    secret,
    [
      secret,
      encodeURIComponent(secret),
      ...(['base64', 'hex'] as const).map((form) => Buffer.from(secret).toString(form)),
    ],
  ]),
);

/** Which secrets stand in a text. Signatures and API keys' passwords are secrets for five minutes. */
export function leaksIn(text: string): readonly string[] {
  const found = [...canaries].filter(([, forms]) => forms.some((form) => text.includes(form)));
  const signed = /Signature=\w|Basic (?!realm=)[A-Za-z0-9]|Bearer [\w-]{6}|BEGIN \w*\s*PRIVATE KEY/.exec(text);
  return [...found.map(([name]) => name), ...(signed === null ? [] : [signed[0]])];
}

/** Runs the command line to its end; gives all that it printed. */
export function run(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env: ENV }, (_error, stdout, stderr) => resolve(stdout + stderr));
    child.stdin?.end(input);
  });
}

/** Runs a command of the gateway. */
export const command = (args: readonly string[], input?: string) => run([MAIN, ...args], input);

/** Writes the configuration, and a file for each secret that isn't in the environment. */
export function writeCanaries(
  t: Pick<Test, 'testdir'>,
  options: { origin: string; echo?: string; adminPort?: number; store?: string },
) {
  const { origin, echo = origin, adminPort = 0, store = '{ type: memory }' } = options;
  const authority = createAuthority(t.testdir({}));
  const server = authority.issue({ name: 'gateway' });
  const caller = authority.issue({ name: 'purge-bot' });
  canaries.set(
    'TLS key',
    server.key.split('\n').filter((line) => line !== '' && !line.startsWith('-')),
  );
  const credential = '{ type: access-key, accessKey: { env: AK }, secretKey: { env: SK } }';
  const yaml = `listen: [{ port: 0 }, { port: 0, tls: { certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt } }]
admin: { port: ${adminPort} }
accounts:
  main:
    origin: ${origin}
    credential: ${credential}
    nextCredential: { type: access-key, accessKey: { env: AK }, secretKey: { file: next } }
  reports:
    origin: ${origin}
    credential: { type: api-key, username: reporter, apiKey: { file: key } }
    nextCredential: { type: api-key, username: reporter, apiKey: { file: next } }
  echo: { origin: "${echo}", credential: ${credential} }
anonymous: { account: main }
consumers:
  bot: { token: { sha256: ${hash('sha256', TOKEN)} }, accounts: [reports, echo], allow: ["*"] }
  terraform:
    accessKey: { id: ${VIRTUAL_KEYS.id}, secretKey: { file: virtual } }
    accounts: [main, echo]
    allow: ["*"]
  script:
    apiKey: { username: ${VIRTUAL_API_KEY.id}, apiKey: { file: virtual-api } }
    accounts: [main]
    allow: ["*"]
  mtls: { certificate: { commonName: purge-bot }, accounts: [main], allow: ["*"] }
store: ${store}
log: { level: trace } # Every other level tells less of the same.
audit: { file: audit.log }
`;
  const folder = t.testdir({
    'gateway.yaml': yaml,
    key: 'canary-of-a-file\n',
    next: 'canary-of-the-next-key\n',
    virtual: `${VIRTUAL_KEYS.secret}\n`,
    'virtual-api': `${VIRTUAL_API_KEY.secret}\n`,
    redis: `${REDIS_PASSWORD}\n`,
    'tls.crt': server.cert,
    'tls.key': server.key,
    'ca.crt': authority.cert,
  });
  const file = join(folder, 'gateway.yaml');
  return { folder, file, yaml, write: (text: string) => writeFileSync(file, text), ca: authority.cert, caller };
}
