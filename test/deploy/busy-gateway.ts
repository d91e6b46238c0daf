import { hash } from 'node:crypto';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Test } from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { accountsAt, LIMITS, redisStoreAt, startTestGateway, WIDE } from '../support/gateway.ts';
import { startRedis } from '../support/redis-server.ts';

const TOKEN = 'the-token-of-kong-0123456789abcdefghij';
const CONNECTIONS = 30;
/** Of an interface with a quota so short that it is worth waiting for. */
const SHORT = '/api/anycast-ips';

/** A gateway on Redis whose calls end in every way there is, so that every metric has something to tell. */
export async function startBusyGateway(t: Test) {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const sandbox = await startSandbox({ quota: { account: 1e6, interface: 1e6, windowMs: 300_000 } });
  t.teardown(() => sandbox.close());
  const accounts = accountsAt(sandbox.origin, {
    ...WIDE,
    account: { quota: 2000, windowMs: 300_000 },
    interface: { quota: 200, windowMs: 300_000 },
    marginMs: 20,
    interfaces: new Map([
      [`GET ${SHORT}`, [{ quota: 1, windowMs: 400 }]],
      ['GET /api/domain', [{ quota: 3, windowMs: 300_000 }]],
    ]),
  });
  const main = accounts.get('main');
  if (main === undefined) throw new Error('no account');
  const old = { type: 'access-key', accessKey: 'withdrawn', secretKey: new Secret('withdrawn') } as const;
  accounts.set('main', { ...main, credential: old, nextCredential: main.credential });
  const gateway = await startTestGateway(sandbox.origin, {
    accounts,
    store: redisStoreAt(redis.url, { deadlineMs: 200 }),
    anonymous: false,
    consumers: [{ name: 'kong', tokenSha256: hash('sha256', TOKEN), accounts: ['main', 'reports'], allow: ['*'] }],
    limits: { ...LIMITS, upstreamTimeoutMs: 300, connections: CONNECTIONS },
  });
  t.teardown(() => gateway.drain());
  sandbox.behave({ match: { path: '/cdn/broken' }, status: 502 });
  sandbox.behave({ match: { path: '/cdn/stalled' }, fault: 'stall' });
  sandbox.behave({ match: { path: '/cdn/throttled' }, status: 446 });
  sandbox.behave({ match: { path: '/cdn/unsigned' }, status: 462 });

  const call = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
    await answer.arrayBuffer();
    return answer;
  };
  const reports = { 'x-gateway-account': 'reports' };
  /** The second can't have a unit before the first is answered, however long it would wait. */
  const twice = async (n: number) => {
    await call(`${SHORT}?${n}`, { prefer: 'wait=5' });
    await call(`${SHORT}?again${n}`, { prefer: 'wait=5' });
  };
  const round = (n: number) =>
    Promise.all([
      ...Array.from({ length: 5 }, (_, index) => call(`/cdn/fine/${index}?${n}`)),
      call(`/cdn/broken?${n}`),
      call(`/cdn/stalled?${n}`),
      call(`/cdn/throttled/${n}`, reports),
      call(`/cdn/unsigned/${n}`, reports),
      call(`/api/domain?${n}`),
      call(`/api/domain?again${n}`),
      twice(n),
      call(`/cdn/fine/0?${n}`, { authorization: 'Bearer nobody-knows-this-one' }),
    ]);

  /** Redis answers nobody for a while, and the gateway can send nothing. */
  async function withoutRedis(): Promise<void> {
    redis.standStill();
    await Promise.all([call('/cdn/fine/0?alone'), call('/cdn/fine/1?alone')]);
    redis.goOn();
    while (!(await fetch(`${gateway.admin}/readyz`)).ok) await pause(50);
  }
  return { gateway, call, round, withoutRedis, tooMany: () => openAndClose(gateway.url, 2 * CONNECTIONS) };
}

/** Opens so many connections at once, sends nothing, and closes them. */
async function openAndClose(url: string, count: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => createConnection(Number(port), hostname));
  const closed = sockets.map((socket) => new Promise((resolve) => socket.on('error', resolve).on('close', resolve)));
  await pause(200);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}
