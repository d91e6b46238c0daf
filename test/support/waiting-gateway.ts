import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../../src/config/config.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway, WIDE } from './gateway.ts';

/** The window of every interface. */
export const WINDOW_MS = 1500;

/** A gateway in front of a sandbox whose interfaces have a small quota in a short window, and callers of it. */
export async function startWaiting(
  t: { teardown(after: () => unknown): void },
  options: { quota: number } & Partial<Pick<Config, 'limits' | 'consumers' | 'anonymous'>>,
) {
  const { quota, ...config } = options;
  const sandbox = await startSandbox({ quota: { account: 1e6, interface: quota, windowMs: WINDOW_MS } });
  const gateway = await startTestGateway(sandbox.origin, {
    quotas: { ...WIDE, interface: { quota, windowMs: WINDOW_MS }, marginMs: 20 },
    ...config,
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });

  const call = async (path: string, headers: Record<string, string> = {}, signal: AbortSignal | null = null) => {
    const response = await fetch(gateway.url + path, { headers, signal });
    await response.arrayBuffer();
    return response;
  };
  const spend = async (count: number) => {
    for (let n = 0; n < count; n++) await call(`/api/domain?spent=${n}`);
  };
  const metric = async (line: RegExp) =>
    Number(line.exec(await (await fetch(`${gateway.admin}/metrics`)).text())?.[1] ?? Number.NaN);
  const waiting = () => metric(/^cdnetworks_gateway_waiting (\d+)$/m);
  const untilWaiting = async (count: number) => {
    while ((await waiting()) !== count) await pause(5);
  };
  const lines = () => gateway.log.filter((line) => line['msg'] === 'request completed');
  return { sandbox, gateway, call, spend, metric, untilWaiting, lines };
}

/** The head of a caller that would rather wait. */
export const patient = { prefer: 'wait=60' };
