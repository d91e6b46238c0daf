import { startTestGateway } from './gateway.ts';
import { type RawUpstream, startRawUpstream } from './raw-upstream.ts';

/** A gateway in front of an upstream that records; both end with the test. */
export async function startForwarding(
  t: { teardown(after: () => unknown): void },
  overrides: Parameters<typeof startTestGateway>[1] = {},
): Promise<{ upstream: RawUpstream; gateway: Awaited<ReturnType<typeof startTestGateway>> }> {
  const upstream = await startRawUpstream();
  const gateway = await startTestGateway(upstream.origin, overrides);
  t.teardown(async () => {
    // In this order, so that what an upstream never answered ends at once.
    await upstream.close();
    await gateway.drain();
  });
  return { upstream, gateway };
}
