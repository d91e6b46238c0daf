// A gateway that knows the vendor's kinds of keys, in front of the sandbox.
import { Secret } from '../../src/catalog/secret.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway, WIDE } from './gateway.ts';
import type { Call, Keys } from './sdk-client.ts';

/** A virtual access key. */
export const KEYS: Keys = { id: 'vk-terraform', secret: 'secret-of-terraform-0123456789' };
/** A virtual API key. */
export const API: Keys = { id: 'script', secret: 'api-key-of-the-script-0123456789' };
/** Who has them. */
export const CONSUMERS = [
  {
    name: 'terraform',
    accessKey: { id: KEYS.id, secretKey: new Secret(KEYS.secret) },
    accounts: ['main', 'reports'],
    allow: ['*'],
  },
  {
    name: 'script',
    apiKey: { username: API.id, apiKey: new Secret(API.secret) },
    accounts: ['main'],
    allow: ['*'],
  },
];
/** One unit each, so that one wrongly spent is missed. */
export const ONE = { ...WIDE, account: { quota: 1, windowMs: 300_000 }, interface: { quota: 1, windowMs: 300_000 } };

type Overrides = Parameters<typeof startTestGateway>[1];

/** Starts both; they end with the test. */
export async function startWithKeys(t: { teardown(after: () => unknown): void }, overrides: Overrides = {}) {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, { anonymous: false, consumers: CONSUMERS, ...overrides });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  return { sandbox, gateway, host: new URL(gateway.url).host };
}

/** Unix seconds. */
export const now = () => Math.floor(Date.now() / 1000);
let calls = 0;
/** A second that no other call of this file has: one and the same signature is good once. */
export const ownSecond = () => now() - (calls++ % 200);

/** A call that changes something. */
export const POST: Omit<Call, 'timestamp'> = {
  method: 'POST',
  target: '/ccm/purge/ItemIdReceiver',
  body: '{"urls":["a"]}',
};
/** A call with a query. */
export const GET: Omit<Call, 'timestamp'> = { method: 'GET', target: '/api/domain?a=1' };
