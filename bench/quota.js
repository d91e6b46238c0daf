// `npm run bench:quota -- [--rounds N] [--decisions N]`: what a decision about two limits costs in Redis, beside libraries that
// keep them less exactly. One server, one process, 100 calls in flight, candidates in turn within every round.
import { parseArgs } from 'node:util';
import { startBottleneck, startFastify, startFlexible, startOurs } from './quota-candidates.js';
import { startServer } from './quota-server.js';
import { median, table } from './statistics.js';

const IN_FLIGHT = 100;
const INTERFACES = 10;
const REAL = { account: 300, perInterface: 30 };
const FAR = { account: 10_000_000, perInterface: 10_000_000 };
/** Long enough for several beats of everybody. */
const IDLE_MS = 4000;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, decisions: { type: 'string', default: '10000' } },
});
const rounds = Number(values.rounds);
const decisions = Number(values.decisions);

const server = await startServer();
const { socket, cli } = server;
try {
  await compareAdmissions();
  await compareDenials();
  await measureMemory();
  await measureGrowth();
} finally {
  server.stop();
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
  const micros = server.micros();
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
    serverMicros: (server.micros() - micros) / count,
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

/** A decision's own cost, which should be flat, and that of the beats, which grows with accounts and replicas. */
async function measureGrowth() {
  const { micros, ms } = await spent(() => 0, idle);
  const upkeep = micros / ms;
  const rows = [];
  for (const count of [1, 100, 10_000]) {
    cli('flushall');
    const names = Array.from({ length: count }, (_, index) => `a${index}`);
    const ours = await startOurs(socket, { ...FAR, accounts: names });
    const decide = () => run(ours, decisions, (index) => names[index % count]);
    rows.push([`${count.toLocaleString('en')} accounts`, ...(await besideBeats([ours], { decide, upkeep }))]);
    await ours.close();
  }
  for (const count of [1, 10, 100]) {
    cli('flushall');
    const replicas = await Promise.all(Array.from({ length: count }, () => startOurs(socket, FAR)));
    const [first] = replicas;
    rows.push([`${count} replicas`, ...(await besideBeats(replicas, { decide: () => run(first, decisions), upkeep }))]);
    await Promise.all(replicas.map((replica) => replica.close()));
  }
  const heads = ['with', 'server µs per decision', 'beats per second', 'server µs per beat', 'beats, of a core'];
  print(table([heads, ...rows]));
}

/**
 * What a decision costs without the beats that come meanwhile, and what the beats cost. Beats are counted, because under load fewer
 * come than when nothing is asked.
 *
 * @param given.upkeep what the server spends on itself, in µs per ms
 */
async function besideBeats(replicas, { decide, upkeep }) {
  await decide();
  const calls = () => replicas.reduce((sum, replica) => sum + replica.calls(), 0);
  const quiet = await spent(calls, idle);
  const beatMicros = quiet.micros - upkeep * quiet.ms;
  const microsPerBeat = beatMicros / quiet.calls;
  const busy = await spent(calls, decide);
  const decided = busy.micros - upkeep * busy.ms - (busy.calls - decisions) * microsPerBeat;
  return [
    (decided / decisions).toFixed(1),
    ((quiet.calls * 1000) / quiet.ms).toFixed(0),
    microsPerBeat.toFixed(1),
    `${(beatMicros / quiet.ms / 10).toFixed(1)} %`,
  ];
}

function idle() {
  return new Promise((resolve) => setTimeout(resolve, IDLE_MS));
}

async function spent(calls, act) {
  const from = { calls: calls(), micros: server.micros(), at: performance.now() };
  await act();
  return { calls: calls() - from.calls, micros: server.micros() - from.micros, ms: performance.now() - from.at };
}

async function closeAll(candidates) {
  for (const candidate of Object.values(candidates)) await candidate.close();
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
