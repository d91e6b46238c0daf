import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Test } from 'tap';
import { DEMO_ACCESS_KEY, DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { shortFolder } from '../support/short-folder.ts';
import { callWith } from './caller.ts';
import { type FuzzedGateway, startFuzzedGateway } from './fuzzed-gateway.ts';
import { Random } from './random.ts';
import { CONSUMERS, fuzzedBytes } from './requests.ts';

const AT_ONCE = 128;
/** V8 takes this much before it tidies up; whatever takes more keeps something of each request. */
const HEAP_MIB = 256;
/** By so many requests it has taken what it takes; from there it may grow by less. */
const STEADY_REQUESTS = 20_000;
const GROWTH_MIB = 96;

/** Throws requests at a gateway and asserts what must hold whatever comes. The same seed writes the same bytes. */
export async function fuzz(t: Test, { requests, seed }: { requests: number; seed: number }): Promise<void> {
  t.comment(`seed ${seed}, ${requests} requests`);
  const sandbox = await startSandbox({ quota: { account: 1e9, interface: 1e9, windowMs: 1000 } });
  t.teardown(() => sandbox.close());
  const gateway = await startFuzzedGateway(shortFolder(t), sandbox.origin);
  t.teardown(() => gateway.process.kill('SIGKILL'));
  const ended = once(gateway.process, 'exit');

  const counts = { requests: 0, connections: 0, answered: 0, hung: 0 };
  const run = async (until: number) => {
    const caller = async (nth: number) => {
      for (let serial = nth + counts.connections; counts.requests < until && alive(gateway); ) {
        const random = new Random(seed + Math.imul(serial, 0x9e3779b1));
        const { bytes, requests: meant } = fuzzedBytes(random, serial);
        counts.requests += meant;
        counts.connections += 1;
        const { answered, hung } = await callWith(random, { bytes, open: () => gateway.open(serial) });
        counts.answered += Number(answered);
        counts.hung += Number(hung);
        serial += AT_ONCE;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, nth) => caller(nth)));
  };

  const startedAt = performance.now();
  const fresh = gateway.holds();
  await run(requests / 10);
  const warm = gateway.holds();
  await run(requests);
  const seconds = (performance.now() - startedAt) / 1000;
  t.ok(alive(gateway), `the process lives${gateway.complaints()}`);
  t.equal(counts.hung, 0, 'no connection outlasts the limits');
  const after = await settled(gateway, fresh.descriptors);
  t.ok(after.descriptors <= fresh.descriptors, `descriptors: ${fresh.descriptors} before, ${after.descriptors} after`);
  const bound = requests / 10 < STEADY_REQUESTS ? fresh.residentMiB + HEAP_MIB : warm.residentMiB + GROWTH_MIB;
  t.ok(after.residentMiB < bound, `${after.residentMiB.toFixed(0)} MiB at the end, less than ${bound.toFixed(0)}`);

  gateway.process.kill('SIGTERM');
  t.strictSame(await ended, [0, null], 'it stops as it should');
  t.equal(gateway.complaints(), '', 'nothing is complained of');
  assertAttributed(t, gateway, sandbox);
  t.comment(
    `${counts.requests} requests on ${counts.connections} connections in ${seconds.toFixed(1)} s, ${counts.answered} with an answer, ` +
      `${sandbox.report().arrivals} sent to the vendor; refused: ${JSON.stringify(Object.fromEntries(gateway.told.refused))}; ` +
      `descriptors ${fresh.descriptors}, ${warm.descriptors}, ${after.descriptors}; MiB ${[fresh, warm, after].map((held) => held.residentMiB.toFixed(0))}`,
  );
}

/** Whatever was sent was signed for the account of its consumer, on a path that is its consumer's, and told of once. */
function assertAttributed(t: Test, { told }: FuzzedGateway, sandbox: Sandbox): void {
  const { arrivals, verified, refused, leakedHeaders, accounts, interfaces } = sandbox.report();
  t.strictSame(told.faults, [], 'no fault of its own, no outcome that is not known');
  t.ok(arrivals > 0);
  t.strictSame({ verified, refused, leakedHeaders }, { verified: arrivals, refused: {}, leakedHeaders: {} });
  const keyOf = { main: DEMO_ACCESS_KEY, reports: DEMO_USERNAME };
  for (const [name, { account, folder }] of Object.entries(CONSUMERS)) {
    const key = keyOf[account];
    t.equal(accounts[key]?.arrivals, told.sent.get(`${name} ${account}`), `${name}: as many arrived as were admitted`);
    // `/a/**` is `/a` as well.
    const foreign = Object.keys(interfaces[key] ?? {}).filter((id) => !`${id.split(' ')[1]}/`.startsWith(folder));
    t.strictSame(foreign, [], `${name}: none arrived that it may not call`);
  }
  t.equal(told.sent.size, 2, 'no consumer used an account of another');
}

function alive({ process: { exitCode, signalCode } }: FuzzedGateway): boolean {
  return exitCode === null && signalCode === null;
}

/** Waits for connections to the vendor, which may be idle for a while, to be gone. */
async function settled(gateway: FuzzedGateway, descriptors: number): Promise<ReturnType<FuzzedGateway['holds']>> {
  for (let turn = 0; turn < 100 && alive(gateway) && gateway.holds().descriptors > descriptors; turn++)
    await pause(200);
  return gateway.holds();
}
