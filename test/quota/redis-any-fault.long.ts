import fc from 'fast-check';
import t from 'tap';
import { faultHistory } from '../support/fault-history.ts';
import { FaultRun, QUOTAS } from '../support/fault-run.ts';
import { connected, startFleet, turnedClient } from '../support/fleet.ts';

/** For each way to start. More of them: RUNS=1000 npx tap --timeout=3600 test/quota/redis-any-fault.long.ts */
const RUNS = Number(process.env['RUNS'] ?? 100);
const TIMEOUT_MS = Math.max(280_000, RUNS * 500);

for (const coldStart of ['trust', 'hold'] as const) {
  t.test(
    `whatever happens to Redis and the replicas, no window holds more than the quota (${coldStart})`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const fleet = await startFleet(t);
      const clients = Array.from({ length: 4 }, () => turnedClient(fleet.url));
      for (const client of clients) await connected(client);
      t.teardown(() => Promise.all(clients.map((client) => client.close())));
      const total = { steps: 0, seen: 0, refused: 0, recovering: 0 };

      await fc.assert(
        fc.asyncProperty(faultHistory, async (history) => {
          const run = new FaultRun(fleet, { clients, coldStart });
          await run.start();
          await run.play(history);
          total.steps += history.length;
          total.seen += run.vendor.count;
          total.refused += run.refused;
          total.recovering += run.recovering;
          for (const [partition, { quota, windowMs }] of Object.entries(QUOTAS)) {
            const worst = run.vendor.worstWindow(partition, windowMs);
            if (worst > quota) throw new Error(`${worst} of ${quota} in a window of ${partition}`);
          }
          const replays = run.vendor.replays();
          if (replays.length > 0) throw new Error(`signed twice: ${replays.join()}`);
        }),
        // Not shrunk: that takes minutes. The seed and the path of a failure play it again.
        { numRuns: RUNS, endOnFailure: true },
      );

      t.comment(total);
      t.ok(total.refused > 0, 'the quota was met');
      t.ok(total.recovering > 0, 'and data was lost');
    },
  );
}
