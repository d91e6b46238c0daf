// What a scrape gets.
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { startGateway } from '../../src/app.ts';
import { metricNames } from '../../src/http/metric-names.ts';
import { KEPT } from '../../src/lookup/past-exchange.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { configAt, LIMITS, redisStoreAt, WIDE } from '../support/gateway.ts';
import { startRedis } from '../support/redis-server.ts';
import { startScraped as start } from '../support/scraped-gateway.ts';
import { createTurnedClock } from '../support/turned-clock.ts';

/** In bytes, without what nobody holds any more. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

t.test('every metric of the gateway’s own has its name where the dashboards take it from', async (t) => {
  const { scrape } = await start(t);
  const names = [...(await scrape('text/plain')).text.matchAll(/^# TYPE (cdnetworks_\S+)/gm)].map(([, name]) => name);
  t.strictSame(names.sort(), Object.values(metricNames).sort());
});

t.test('a caller that uploads slowly is no overhead of the gateway', async (t) => {
  const clock = createTurnedClock();
  const sandbox = await startSandbox({ quota: { account: 1e6, interface: 1e6, windowMs: 300_000 } });
  const gateway = await startGateway(configAt(sandbox.origin), {
    version: '0.0.0',
    clock,
    destination: { write() {} },
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const metrics = async () => (await fetch(`${gateway.admin}/metrics`)).text();
  async function* slowly() {
    yield '{"half":';
    while (!(await metrics()).includes('gateway_in_flight 1\n')) await pause(5);
    clock.advance(20_000);
    yield '1}';
  }
  const request = {
    method: 'POST',
    body: ReadableStream.from(slowly()).pipeThrough(new TextEncoderStream()),
    duplex: 'half',
  };
  await (await fetch(`${gateway.listeners[0]}/api/domain`, request as RequestInit)).arrayBuffer();
  const text = await metrics();
  t.match(text, /overhead_duration_seconds_bucket\{le="0.0005"\} 1\n/, 'no time passed but that of the upload');
  t.match(text, /request_duration_seconds_sum\{interface="POST \/api\/domain"\} 20\n/);
});

t.test('everybody else gets the text format, with the same series and no exemplars', async (t) => {
  const { call, scrape } = await start(t);
  await call('/api/domain');
  const { type, text } = await scrape('text/html,*/*');
  t.match(type, /^text\/plain; version=0\.0\.4/);
  t.notMatch(text, /# \{|# EOF/);
  t.match(text, /^# TYPE cdnetworks_gateway_requests_total counter$/m);
  t.match(text, /^cdnetworks_gateway_requests_total\{.*\} 1$/m);
  const names = (lines: string) => new Set(lines.split('\n').flatMap((line) => /^cdnetworks_\w*/.exec(line) ?? []));
  while (!(await scrape()).text.includes('quota_used{')) await pause(50);
  t.strictSame(names((await scrape('')).text), names((await scrape()).text));
});

t.test('what the vendor refuses is counted by why, from zero', async (t) => {
  const { sandbox, call, scrape } = await start(t);
  const counts = async () => {
    const { text } = await scrape('');
    const lines = text.matchAll(
      /^cdnetworks_gateway_vendor_refusals_total\{account="main",interface="(.*)",reason="(.*)"\} (\d+)/gm,
    );
    return Object.fromEntries([...lines].map(([, where, why, count]) => [`${where} ${why}`, Number(count)]));
  };
  t.strictSame(await counts(), { 'other throttled': 0, 'other signature': 0, 'other permission': 0 });
  for (const status of [462, 401, 403, 500, 446]) {
    sandbox.behave({ status, times: 1 });
    await call(`/api/domain?${status}`);
  }
  t.match(await counts(), {
    'GET /api/domain throttled': 1,
    'GET /api/domain signature': 2,
    'GET /api/domain permission': 1,
  });
});

t.test('quotas are told as the store knows them, or last knew them, and no scrape waits for long', async (t) => {
  const redis = await startRedis({ tcp: true });
  t.teardown(() => redis.stop());
  const quotas = { ...WIDE, account: { quota: 10, windowMs: 300_000 }, interface: { quota: 5, windowMs: 300_000 } };
  const { call, scrape } = await start(t, { store: redisStoreAt(redis.url), quotas });
  const told = async () => (await scrape('')).text;
  const toldInTime = async () => {
    const asked = performance.now();
    const text = await told();
    t.ok(performance.now() - asked < 100, `${performance.now() - asked} ms`);
    return text;
  };
  await told(); // whatever the first one compiles
  await pause(1000); // the next look is due
  for (let n = 0; n < 3; n += 1) await call(`/api/domain?${n}`);
  await call('/api/other');
  const text = await told();
  t.match(text, /quota_limit\{account="main",policy="account"\} 10\n/);
  t.match(text, /quota_used\{account="main",policy="account"\} 4\n/);
  t.match(text, /quota_remaining\{account="main",policy="account"\} 6\n/);
  t.match(text, /quota_remaining\{account="main",policy="interface"\} 2\n/, 'of the interface with least left');
  t.match(text, /quota_interface_used\{account="main",interface="GET \/api\/domain"\} 3\n/);
  t.match(text, /quota_store_up 1\n/);
  t.match(text, /quota_store_duration_seconds_count\{operation="admit",result="ok"\} 4\n/);

  await pause(1000);
  redis.standStill();
  t.match(await toldInTime(), /quota_used\{account="main",policy="account"\} 4\n/, 'while Redis stands still');
  redis.goOn();
  await redis.kill();
  await call('/api/domain');
  const without = await toldInTime();
  t.match(without, /quota_store_up 0\n/);
  t.match(without, /quota_store_mode\{mode="unreachable"\} 1\n/);
  t.match(without, /quota_used\{account="main",policy="account"\} 4\n/, 'as it was last known');
  const [, at] = /quota_refreshed_timestamp_seconds\{account="main"\} (\S+)\n/.exec(without) ?? [];
  t.ok(Date.now() / 1000 - Number(at) > 1, 'and with its time');
});

t.test('no caller can make a series: ten thousand odd paths and a thousand tokens add a bounded few', async (t) => {
  const token = 'the-token-of-the-bot-0123456789abcdef';
  const bot = { name: 'bot', tokenSha256: hash('sha256', token), accounts: ['main'], allow: ['*'] };
  const { call, scrape } = await start(t, {
    consumers: [bot],
    limits: { ...LIMITS, eventLoopDelayMs: 60_000 },
    log: { level: 'silent' },
  });
  const series = async () => (await scrape('')).text.match(/^cdnetworks_\S+/gm) ?? [];
  const authorization = (n: number) => ({ authorization: `Bearer ${n === 0 ? token : `wrong-${n}`}` });
  const odd = async (n: number) => {
    await call(`/odd/${n}/${'x'.repeat(n % 50)}y?${n}`, authorization(0));
  };
  const many = async (from: number, to: number) => {
    for (let n = from; n < to; n += 50) await Promise.all(Array.from({ length: 50 }, (_, index) => odd(n + index)));
  };
  for (let n = 0; n < 20; n += 1) await odd(n);
  await call('/api/domain', authorization(1));
  for (let n = 2; n < 30; n += 1) await call('/api/domain', authorization(n));
  while (!(await scrape('')).text.includes('quota_interface_used{account="main",interface="other"}')) await pause(50);
  // What is kept of past requests is full by then.
  await many(0, KEPT.calls);
  const before = await series();
  const heapBefore = heapUsed();
  await many(KEPT.calls, KEPT.calls + 10_000);
  for (let n = 2; n < 1000; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => call('/api/domain', authorization(n + index))));
  }
  t.strictSame(await series(), before);
  const grownMb = (heapUsed() - heapBefore) / 1024 / 1024;
  t.ok(grownMb < 20, `${grownMb.toFixed(1)} MB more`);
});
