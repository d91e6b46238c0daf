// `npm run bench:memory`: time to the first answer, and resident memory over a million requests.
import { startGateway, startUpstream } from './candidates.js';
import { sendAmount } from './load.js';
import { pinClient } from './process.js';

const REQUESTS = 1_000_000;
const STEP = 100_000;
const GOAL_START_MS = 1000;
const LIMIT_MS = 600_000;

setTimeout(() => {
  process.stderr.write(`not done within ${LIMIT_MS / 60_000} minutes\n`);
  process.exit(1);
}, LIMIT_MS).unref();

const pinned = pinClient();
const vendor = await startUpstream({ pinned: false });
const gateway = await startGateway(vendor.origin, { pinned });
print(
  `node ${process.version}; start to first answer ${gateway.startedInMs.toFixed(0)} ms (goal < ${GOAL_START_MS} ms)`,
);

const resident = [];
for (let sent = STEP; sent <= REQUESTS; sent += STEP) {
  await sendAmount(gateway, STEP);
  resident.push(gateway.residentMiB());
  print(`${String(sent).padStart(9)} requests  ${gateway.residentMiB().toFixed(1)} MiB resident`);
}
const [first = 0] = resident;
const growth = resident.at(-1) - first;
print(
  `from the first ${STEP} to the last: ${growth.toFixed(1)} MiB, the most in between ${Math.max(...resident).toFixed(1)} MiB`,
);

await gateway.stop();
await vendor.stop();

function print(text) {
  process.stdout.write(`${text}\n`);
}
