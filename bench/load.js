import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';

const CONNECTIONS = 64;
const TARGETS_PER_CONNECTION = 128;
const STEADY_CONNECTIONS = 20;
const JSON_LENGTH = 1024;

/** The gateway knows its caller by this token; it opens nothing else. */
export const TOKEN = 'bench';
/** A target that everything under load answers, and the headers to ask with. */
export const PROBE = { path: '/api/domain', headers: { authorization: `Bearer ${TOKEN}` } };

/** Sends as fast as answers come. Resolves to requests/s, p50 and p99 in ms, and what `target` needed of the CPU for it. */
export async function saturate(target, { method, seconds }) {
  const recorder = createRecorder();
  const cpuBefore = target.cpuMs();
  await send(target, recorder, { method, connections: CONNECTIONS, duration: seconds });
  const cpuMs = target.cpuMs() - cpuBefore;
  const { count, elapsedMs, ...latency } = recorder.result();
  return {
    perSecond: (count * 1000) / elapsedMs,
    ...latency,
    cpuUs: (cpuMs * 1000) / count,
    busy: cpuMs / elapsedMs,
  };
}

/** Sends that many requests as fast as answers come. */
export function sendAmount(target, amount) {
  return send(target, createRecorder(), { method: 'GET', connections: CONNECTIONS, amount });
}

/**
 * Sends at a steady rate, below what the target can bear. Resolves to p50 and p99 in ms.
 *
 * To keep a rate, autocannon lets each connection send its share of a second at once and then wait for the next second; all
 * connections do so at the same instant, which is no half load but full load half of the time. So each connection has a run of its
 * own here, and the runs begin one after the other, spread over a second.
 */
export async function sendSteadily(target, { rate, seconds }) {
  const recorder = createRecorder();
  const from = performance.now() + 1000;
  const until = from + seconds * 1000;
  await Promise.all(
    Array.from({ length: STEADY_CONNECTIONS }, async (_, index) => {
      await pause((index * 1000) / STEADY_CONNECTIONS);
      await send(target, recorder.between(from, until), {
        method: 'GET',
        connections: 1,
        overallRate: Math.round(rate / STEADY_CONNECTIONS),
        duration: seconds + 1,
        nameFrom: index,
      });
    }),
  );
  return recorder.result();
}

async function send(target, recorder, { method, nameFrom = 0, ...options }) {
  let connection = nameFrom;
  const run = autocannon({
    url: target.origin,
    sampleInt: 100, // ms; a run ends at the next sample
    setupClient: (client) => client.setRequests(requestsOf(connection++, method)),
    ...options,
  });
  run.on('response', (_client, _status, _bytes, ms) => recorder.record(ms));
  const { errors, non2xx } = await run;
  if (errors + non2xx > 0) throw new Error(`${errors} errors and ${non2xx} bad answers from ${target.origin}`);
}

/**
 * Requests that no other connection sends, and this one seldom: equal ones are signed for a second each, so at some point the
 * gateway refuses to run further ahead of the clock. Among POSTs the bodies must differ, because the query isn't signed there.
 */
function requestsOf(connection, method) {
  return Array.from({ length: TARGETS_PER_CONNECTION }, (_, index) => {
    const name = `${connection}-${index}`;
    const request = { method, path: `${PROBE.path}?pageNumber=${name}`, headers: { ...PROBE.headers } };
    if (method === 'GET') return request;
    const body = JSON.stringify({ name: name.padEnd(JSON_LENGTH - 11, '.') });
    return { ...request, headers: { ...request.headers, 'content-type': 'application/json' }, body };
  });
}

/** Keeps latencies as they are, because autocannon's own histogram holds whole ms. */
function createRecorder() {
  const latencies = [];
  let first = 0;
  let last = 0;
  const record = (ms) => {
    last = performance.now();
    if (latencies.length === 0) first = last - ms;
    latencies.push(ms);
  };
  return {
    record,
    between: (from, until) => ({
      record(ms) {
        const now = performance.now();
        if (now >= from && now < until) record(ms);
      },
    }),
    result() {
      const sorted = Float64Array.from(latencies).sort();
      const quantile = (share) => sorted[Math.floor((sorted.length - 1) * share)];
      return { count: sorted.length, elapsedMs: last - first, p50: quantile(0.5), p99: quantile(0.99) };
    },
  };
}
