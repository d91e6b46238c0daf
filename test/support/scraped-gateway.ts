import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway } from './gateway.ts';

type Overrides = Parameters<typeof startTestGateway>[1];

/** A gateway in front of a sandbox, with ways to call it and to scrape it. */
export async function startScraped(t: { teardown(after: () => unknown): void }, overrides: Overrides = {}) {
  const sandbox = await startSandbox({ quota: { account: 1e6, interface: 1e6, windowMs: 300_000 } });
  const gateway = await startTestGateway(sandbox.origin, overrides);
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const call = async (target: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${gateway.url}${target}`, { headers });
    await answer.arrayBuffer();
    return answer;
  };
  const scrape = async (accept = 'application/openmetrics-text; version=1.0.0') => {
    const answer = await fetch(`${gateway.admin}/metrics`, { headers: { accept } });
    return { type: answer.headers.get('content-type') ?? '', text: await answer.text() };
  };
  return { sandbox, gateway, call, scrape };
}
