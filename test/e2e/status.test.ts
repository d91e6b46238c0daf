// What `/status` and `/requests` tell of a gateway that serves, and of one that stops.
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import type { GatewayStatus } from '../../src/http/status/gateway-status.ts';
import type { Found } from '../../src/lookup/lookup.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { LIMITS, startTestGateway, WIDE } from '../support/gateway.ts';

t.test('the status has who waits, who spends, when the next unit comes, and what runs since when', async (t) => {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, {
    quotas: { ...WIDE, interface: { quota: 2, windowMs: 60_000 } },
    limits: { ...LIMITS, drainDelayMs: 1000 },
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const ask = async (path: string) => (await fetch(gateway.admin + path)).json() as Promise<GatewayStatus & Found>;
  for (let n = 0; n < 2; n += 1) await (await fetch(`${gateway.url}/api/domain?${n}`)).arrayBuffer();
  const leaving = new AbortController();
  const waiting = fetch(`${gateway.url}/api/domain`, { headers: { prefer: 'wait=120' }, signal: leaving.signal });
  let status = await ask('/status');
  for (; status.waiting === 0 || status.accounts[0]?.interfaces.length === 0; status = await ask('/status')) {
    await pause(20);
  }
  t.match(status, {
    ...{ version: '0.0.0', node: process.version, replica: new RegExp(`:${process.pid}$`) },
    ...{ draining: false, stale: false, inFlight: 1, waiting: 1, store: { type: 'memory', mode: 'ready' } },
  });
  t.ok(Math.abs(Date.parse(status.config.loadedAt) - Date.now()) < 30_000, status.config.loadedAt);
  const [main] = status.accounts;
  t.match(main, {
    account: 'main',
    consumers: [{ name: 'anonymous', used: Number }],
    interfaces: [{ name: 'GET /api/domain', policies: [{ quota: 2, used: Number, remaining: 0, nextUnitAt: String }] }],
  });
  const nextUnitAt = Date.parse(main?.interfaces[0]?.policies[0]?.nextUnitAt ?? '');
  t.ok(nextUnitAt > Date.parse(main?.at ?? '') + 50_000);

  leaving.abort();
  await t.rejects(waiting);
  while ((await ask('/requests')).exchanges.length < 3) await pause(20);
  const [left, , answered] = (await ask('/requests')).exchanges;
  t.match(left, { status: 499, traceId: /^[0-9a-f]{32}$/, upstreamMs: undefined });
  t.ok((left?.waitedMs ?? 0) > 0 && (left?.durationMs ?? 0) >= (left?.waitedMs ?? 0));
  t.match(answered, { status: 200, decision: 'admitted', waitedMs: undefined });
  t.ok((answered?.upstreamMs ?? 0) > 0 && (answered?.durationMs ?? 0) >= (answered?.upstreamMs ?? 0));

  const drained = gateway.drain();
  t.equal((await ask('/status')).draining, true);
  t.match(await (await fetch(gateway.admin)).text(), /Stopping: no new requests/);
  await drained;
});
