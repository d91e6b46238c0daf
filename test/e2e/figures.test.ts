// Figures of a scrape beside what they count.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LIMITS, redisStoreAt, startTestGateway, WIDE } from '../support/gateway.ts';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.ts';
import { startRedis } from '../support/redis-server.ts';

async function start(t: Test, overrides: Parameters<typeof startTestGateway>[1] = {}) {
  const vendor = await startRawUpstream();
  const gateway = await startTestGateway(vendor.origin, overrides);
  t.teardown(async () => {
    await gateway.drain();
    await vendor.close();
  });
  const call = async (path: string) => {
    const answer = await fetch(gateway.url + path);
    await answer.arrayBuffer();
    return answer;
  };
  const figures = async (name: string) => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text();
    const lines = [...text.matchAll(new RegExp(`^cdnetworks_gateway_${name}(\\{.*\\})? (\\S+)$`, 'gm'))];
    return Object.fromEntries(lines.map(([, labels = '', value]) => [labels, Number(value)]));
  };
  return { vendor, call, figures };
}

t.test('connections to the vendor are busy while it is awaited, and free after', async (t) => {
  const { vendor, call, figures } = await start(t);
  let answer = () => {};
  vendor.answerWith((socket) => {
    answer = () => void socket.write(httpAnswer('200 OK', {}, '{}'));
  });
  const calling = call('/api/domain');
  await vendor.until(() => vendor.requests.length === 1);
  t.match(await figures('upstream_connections'), { '{state="busy"}': 1, '{state="free"}': 0 });
  t.strictSame(await figures('in_flight'), { '': 1 });
  answer();
  await calling;
  t.match(await figures('upstream_connections'), { '{state="busy"}': 0, '{state="free"}': 1 });
  t.strictSame(await figures('in_flight'), { '': 0 });
});

t.test('what became of calls is counted by outcome, and why there was no answer by reason', async (t) => {
  const { vendor, call, figures } = await start(t, { limits: { ...LIMITS, upstreamTimeoutMs: 300 } });
  const answers = [
    [200, httpAnswer('200 OK', {}, '{}')],
    [502, (socket: Socket) => void socket.destroy()],
    [504, () => {}],
    [446, httpAnswer('446 Throttled', {}, '{}')],
  ] as const;
  for (const [status, answer] of answers) {
    vendor.answerWith(answer);
    t.equal((await call(`/odd/${status}`)).status, status);
  }
  await vendor.close();
  t.equal((await call('/odd/away')).status, 502);
  const outcomes = { sent: 1, unknown: 2, throttled: 1, unsent: 1 };
  t.strictSame(
    await figures('quota_settlements_total'),
    Object.fromEntries(Object.entries(outcomes).map(([name, n]) => [`{account="main",outcome="${name}"}`, n])),
  );
  const reasons = { reset: 1, timeout: 1, unreachable: 1, unsent: 0 };
  const errors = await figures('upstream_errors_total');
  for (const [name, n] of Object.entries(reasons)) t.equal(errors[`{account="main",reason="${name}"}`], n, name);
});

t.test('a denial that needed no store is counted, and so is when the next unit comes', async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const quotas = { ...WIDE, account: { quota: 1, windowMs: 300_000 } };
  const { call, figures } = await start(t, { store: redisStoreAt(redis.url), quotas });
  await call('/api/domain');
  t.strictSame(await figures('quota_local_denials_total'), { '': 0 });
  t.strictSame([(await call('/api/domain')).status, (await call('/api/domain')).status], [429, 429]);
  t.strictSame(await figures('quota_local_denials_total'), { '': 1 }, 'the second');

  const next = '{account="main",policy="account"}';
  while ((await figures('quota_used'))[next] !== 1) await pause(50);
  const inSeconds = ((await figures('quota_next_unit_timestamp_seconds'))[next] ?? 0) - Date.now() / 1000;
  t.ok(inSeconds > 290 && inSeconds < 310, `in ${inSeconds} s`);
});

t.test('of the interfaces the twenty with most units have a figure of their own', async (t) => {
  const { call, figures } = await start(t);
  const interfaces = JSON.parse(readFileSync('config/interfaces.json', 'utf8')) as { method: string; uri: string }[];
  const paths = interfaces.filter(({ method, uri }) => method === 'GET' && /^[\w/-]+$/.test(uri)).map(({ uri }) => uri);
  const [busiest = '', ...others] = paths.slice(0, 30);
  for (const path of [...others, busiest]) await call(path);
  await call(`${busiest}?again`);
  const series = `{account="main",interface="GET ${busiest}"}`;
  let told = await figures('quota_interface_used');
  for (; told[series] !== 2; told = await figures('quota_interface_used')) await pause(50);
  t.equal(Object.keys(told).length, 20);
});
