// `npm run bench:quota -- [--rounds N] [--decisions N]`: what a decision about two limits costs in Redis, beside libraries that
// keep them less exactly. One server, one process, 100 calls in flight, candidates in turn within every round.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBottleneck, startFastify, startFlexible, startOurs } from './quota-candidates.js';
import { median, table } from './statistics.js';

const IN_FLIGHT = 100;
const INTERFACES = 10;
const REAL = { account: 300, perInterface: 30 };
const FAR = { account: 10_000_000, perInterface: 10_000_000 };

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, decisions: { type: 'string', default: '10000' } },
});
const rounds = Number(values.rounds);
const decisions = Number(values.decisions);

const folder = mkdtempSync(join(tmpdir(), 'bench-quota-'));
const socket = join(folder, 's');
// As deploy/ recommends for a Redis of one's own: logs of up to 512 units stay compact.
const settings = ['--save', '', '--appendonly', 'no', '--zset-max-listpack-entries', '512'];
const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, ...settings], { stdio: 'ignore' });
while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 20));
try {
  await compareAdmissions();
  await compareDenials();
  await measureMemory();
  await measureGrowth();
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function compareAdmissions() {
  const candidates = {
    gateway: await startOurs(socket, FAR),
    'rate-limiter-flexible': startFlexible(socket, FAR),
    '@fastify/rate-limit': startFastify(socket, FAR),
    bottleneck: startBottleneck(socket, FAR),
  };
  const rows = await compare('admissions', candidates, (name) => (name === 'bottleneck' ? decisions / 20 : decisions));
  const fastest = Math.max(...rows.filter(({ name }) => name !== 'gateway').map(({ perSecond }) => perSecond));
  const ours = rows.find(({ name }) => name === 'gateway');
  print(`gateway / fastest inexact peer: ${(ours.perSecond / fastest).toFixed(2)} (goal 0.6)\n`);
  await closeAll(candidates);
}

async function compareDenials() {
  cli('flushall');
  const candidates = {
    'gateway, from memory': await startOurs(socket, { ...REAL, denyCache: true }),
    'gateway, from Redis': await startOurs(socket, REAL),
    'rate-limiter-flexible': startFlexible(socket, REAL),
    '@fastify/rate-limit': startFastify(socket, REAL),
    bottleneck: startBottleneck(socket, REAL),
  };
  for (const candidate of Object.values(candidates)) await run(candidate, 800);
  const countOf = (name) =>
    name === 'bottleneck' ? decisions / 20 : name.endsWith('memory') ? decisions * 20 : decisions;
  const rows = await compare('denials', candidates, countOf);
  const [local, ...others] = rows.map(({ perSecond }) => perSecond);
  print(`denied from memory / fastest peer: ${(local / Math.max(...others.slice(1))).toFixed(1)} (goal 10)\n`);
  await closeAll(candidates);
}

async function compare(what, candidates, countOf) {
  const samples = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, candidate] of Object.entries(candidates)) {
      const sample = await run(candidate, countOf(name));
      // The first round warms up.
      if (round > 0) samples[name].push(sample);
    }
  }
  const rows = Object.entries(samples).map(([name, all]) => ({
    name,
    perSecond: median(all.map((sample) => sample.perSecond)),
    callsEach: median(all.map((sample) => sample.callsEach)),
    serverMicros: median(all.map((sample) => sample.serverMicros)),
  }));
  const cells = rows.map((row) => [
    row.name,
    Math.round(row.perSecond).toLocaleString('en'),
    row.callsEach.toFixed(3),
    row.serverMicros.toFixed(1),
  ]);
  print(`${table([[what, 'per second', 'calls each', 'server µs each'], ...cells])}\n`);
  return rows;
}

/** Decides so many times, and tells the rate, the calls and the server's CPU time per decision. */
async function run(candidate, count, accountOf = () => 'main') {
  const calls = candidate.calls();
  const micros = serverMicros();
  const started = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      await candidate.take(accountOf(index), `i${index % INTERFACES}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const seconds = (performance.now() - started) / 1000;
  return {
    perSecond: count / seconds,
    callsEach: (candidate.calls() - calls) / count,
    serverMicros: (serverMicros() - micros) / count,
  };
}

async function measureMemory() {
  cli('flushall');
  const ours = await startOurs(socket, REAL);
  const permits = [];
  for (let index = 0; index < 300; index++) {
    const decision = await ours.admit('main', `i${index % INTERFACES}`);
    if (decision.allowed) permits.push(decision.permit);
  }
  for (const permit of permits) await ours.settle(permit);
  const keys = cli('keys', '*').split('\n');
  const bytes = keys.reduce((sum, key) => sum + Number(cli('memory', 'usage', key, 'samples', '0')), 0);
  print(
    `a saturated account (${permits.length} units, 300 fingerprints): ${bytes} bytes in ${keys.length} keys (goal 40,000)\n`,
  );
  await ours.close();
}

async function measureGrowth() {
  for (const count of [1, 100, 10_000]) {
    cli('flushall');
    const names = Array.from({ length: count }, (_, index) => `a${index}`);
    const ours = await startOurs(socket, { ...FAR, accounts: names });
    await run(ours, decisions, (index) => names[index % count]);
    const micros = await withoutIdle(() => run(ours, decisions, (index) => names[index % count]));
    print(`${String(count).padStart(6)} accounts: ${micros.toFixed(1)} server µs per decision`);
    await ours.close();
  }
  for (const count of [1, 10, 100]) {
    cli('flushall');
    const replicas = await Promise.all(Array.from({ length: count }, () => startOurs(socket, FAR)));
    const [first] = replicas;
    await run(first, decisions);
    const micros = await withoutIdle(() => run(first, decisions));
    print(`${String(count).padStart(6)} replicas: ${micros.toFixed(1)} server µs per decision`);
    await Promise.all(replicas.map((replica) => replica.close()));
  }
}

/** Without what the beats cost meanwhile: they come twice a second however many decisions there are. */
async function withoutIdle(measure) {
  const idleFrom = serverMicros();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const idlePerSecond = (serverMicros() - idleFrom) / 2;
  const started = performance.now();
  const { serverMicros: each } = await measure();
  return each - (idlePerSecond * (performance.now() - started)) / 1000 / decisions;
}

function serverMicros() {
  const info = cli('info', 'cpu');
  const seconds = (name) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(info)?.[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
}

function cli(...words) {
  return execFileSync('redis-cli', ['-s', socket, ...words], { encoding: 'utf8' }).trim();
}

async function closeAll(candidates) {
  for (const candidate of Object.values(candidates)) await candidate.close();
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
