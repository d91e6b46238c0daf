// `npm run bench -- [--rounds N] [--seconds N]`: what the gateway costs beside bare @fastify/http-proxy.
import { parseArgs } from 'node:util';
import { startBareProxy, startGateway, startUpstream } from './candidates.js';
import { saturate, sendSteadily } from './load.js';
import { pinClient } from './process.js';
import { median, ratios, table } from './statistics.js';

const GOAL_RATIO = 0.6;
/** What log, metrics and look-up may leave of the gateway. */
const GOAL_TELLING_RATIO = 0.85;
const GOAL_ADDED_MS = 2;
/** A candidate that is the limit uses its core; one that doesn't was kept waiting by something else. */
const BUSY = 0.8;
const METHODS = ['GET', 'POST'];
/** As many times as long as a round. */
const WARM_UP = 3;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '6' }, seconds: { type: 'string', default: '1.5' } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
if (!(Number.isInteger(rounds) && rounds > 0 && seconds > 0)) throw new Error('--rounds and --seconds must be above 0');

const pinned = pinClient();
const vendor = await startUpstream({ pinned: false });
const candidates = {
  upstream: await startUpstream({ pinned }),
  'http-proxy': await startBareProxy(vendor.origin, { pinned }),
  'gateway, quiet': await startGateway(vendor.origin, { pinned, quiet: true }),
  gateway: await startGateway(vendor.origin, { pinned }),
};
print(`node ${process.version}, ${rounds} rounds of ${seconds} s, 64 connections, 1 KB answers
${pinned ? 'candidate on core 0; client and vendor on core 1' : 'NOT PINNED: candidates, client and vendor share cores'}`);

const samples = await saturatedRounds();
for (const method of METHODS) printSaturated(method);
const steady = await steadyRounds(median(samples.GET.gateway.map(({ perSecond }) => perSecond)) / 2);
printSteady(steady);
printGoals();
for (const candidate of [...Object.values(candidates), vendor]) await candidate.stop();

/** Every candidate once a round, in an order of chance, so that what else the machine does falls on all alike. */
async function saturatedRounds() {
  const taken = Object.fromEntries(
    METHODS.map((method) => [method, Object.fromEntries(Object.keys(candidates).map((name) => [name, []]))]),
  );
  for (const method of METHODS) {
    // Not counted: it takes some 50,000 requests until all of the gateway's code is compiled.
    for (const candidate of Object.values(candidates))
      await saturate(candidate, { method, seconds: WARM_UP * seconds });
  }
  for (let round = 0; round < rounds; round++) {
    for (const method of METHODS) {
      for (const name of shuffled(Object.keys(candidates))) {
        taken[method][name].push(await saturate(candidates[name], { method, seconds }));
      }
    }
  }
  return taken;
}

/** At half of what the gateway can bear: straight to the vendor, and through the gateway. */
async function steadyRounds(rate) {
  const taken = { rate, direct: [], gateway: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(['direct', 'gateway'])) {
      const target = name === 'direct' ? vendor : candidates.gateway;
      taken[name].push(await sendSteadily(target, { rate, seconds }));
    }
  }
  return taken;
}

function printSaturated(method) {
  const rows = Object.entries(samples[method]).map(([name, taken]) => {
    const of = (key) => median(taken.map((sample) => sample[key]));
    const all = taken.map(({ perSecond }) => perSecond);
    return [
      name,
      of('perSecond').toFixed(0),
      `${Math.min(...all).toFixed(0)}-${Math.max(...all).toFixed(0)}`,
      of('p50').toFixed(2),
      of('p99').toFixed(2),
      of('cpuUs').toFixed(1),
      `${(of('busy') * 100).toFixed(0)} %`,
    ];
  });
  print(`\n${method}, saturated; medians
${table([['', 'requests/s', 'min-max', 'p50 ms', 'p99 ms', 'CPU us/request', 'of its core'], ...rows])}`);
}

function printSteady({ rate, direct, gateway }) {
  const row = (name, taken) => [
    name,
    median(taken.map(({ p50 }) => p50)).toFixed(2),
    median(taken.map(({ p99 }) => p99)).toFixed(2),
  ];
  print(`\nGET at half of the gateway's load, ${rate.toFixed(0)} requests/s; medians
${table([['', 'p50 ms', 'p99 ms'], row('direct', direct), row('gateway', gateway)])}`);
}

function printGoals() {
  const isIdle = (method, name) => median(samples[method][name].map(({ busy }) => busy)) < BUSY;
  const idle = METHODS.some((method) => isIdle(method, 'http-proxy'));
  const row = (method, name, goal, { isUnclear, byCpu = false }) => {
    const { gateway, [name]: other } = samples[method];
    const { middle, low, high } = ratios(gateway, other, 'perSecond');
    const cpu = ratios(other, gateway, 'cpuUs');
    return [
      `${method} gateway / ${name}${byCpu ? ', by CPU' : ''}`,
      `${middle.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)}; by CPU ${cpu.middle.toFixed(2)})`,
      `>= ${goal}`,
      isUnclear ? 'UNCLEAR' : verdict((byCpu ? cpu.middle : middle) >= goal),
    ];
  };
  const rows = METHODS.flatMap((method) => [
    row(method, 'http-proxy', GOAL_RATIO, { isUnclear: idle }),
    // The same program twice: what the machine does to requests/s says less than what each of them costs.
    row(method, 'gateway, quiet', GOAL_TELLING_RATIO, {
      isUnclear: isIdle(method, 'gateway') || isIdle(method, 'gateway, quiet'),
      byCpu: true,
    }),
  ]);
  const added = median(steady.gateway.map(({ p99 }, index) => p99 - steady.direct[index].p99));
  rows.push([
    'p99 added at half load',
    `${added.toFixed(2)} ms`,
    `<= ${GOAL_ADDED_MS} ms`,
    verdict(added <= GOAL_ADDED_MS),
  ]);
  print(`\nGoals; medians over the rounds\n${table([['', 'measured', 'goal', ''], ...rows])}`);
  if (idle)
    print('\nhttp-proxy was kept waiting by client or vendor, so requests/s flatter the gateway: go by the CPU ratio');
}

function verdict(met) {
  return met ? 'met' : 'NOT MET';
}

function shuffled(items) {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
