// What leads from a figure to a call.
import { hash } from 'node:crypto';
import t from 'tap';
import { WIDE } from '../support/gateway.ts';
import { startScraped as start } from '../support/scraped-gateway.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

t.test('histograms and counters lead to a call by its ids, for whom reads OpenMetrics', async (t) => {
  const { call, scrape } = await start(t);
  const answer = await call('/api/domain', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
  const id = answer.headers.get('x-cnc-request-id') ?? '';
  const { type, text } = await scrape();
  t.match(type, /^application\/openmetrics-text/);
  const exemplar = `# {cnc_request_id="${id}",trace_id="${TRACE}"}`;
  for (const name of ['requests_total', 'request_duration_seconds_bucket', 'upstream_duration_seconds_bucket']) {
    const lines = text.split('\n').filter((line) => line.startsWith(`cdnetworks_gateway_${name}`));
    t.ok(
      lines.some((line) => line.includes(exemplar)),
      name,
    );
  }
  t.match(text, /# EOF\n$/);
});

t.test('refusals of the gateway lead to the trace of one that was refused', async (t) => {
  const bot = { name: 'bot', tokenSha256: hash('sha256', 'the-token'), accounts: ['main'], allow: ['*'] };
  const quotas = { ...WIDE, account: { quota: 1, windowMs: 300_000 } };
  const { call, scrape } = await start(t, { quotas, consumers: [bot], anonymous: false });
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  await call('/api/domain', { authorization: 'Bearer the-token' });
  t.equal((await call('/api/domain', { authorization: 'Bearer the-token', traceparent })).status, 429);
  t.equal((await call('/api/domain', { authorization: 'Bearer another', traceparent })).status, 401);
  const { text } = await scrape();
  const told = text.split('\n').filter((line) => line.includes(`# {trace_id="${TRACE}"} 1 `));
  for (const series of [
    'quota_decisions_total{account="main",policy="account",decision="denied"}',
    'authentication_failures_total{scheme="bearer",reason="unknown"}',
  ]) {
    t.ok(
      told.some((line) => line.startsWith(`cdnetworks_gateway_${series} 1 `)),
      series,
    );
  }
});

t.test('refusals of the vendor lead to a call that it refused', async (t) => {
  const { sandbox, call, scrape } = await start(t);
  sandbox.behave({ status: 446, times: 1 });
  const answer = await call('/api/domain', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
  t.equal(answer.status, 446);
  const { text } = await scrape();
  const series =
    'cdnetworks_gateway_vendor_refusals_total{account="main",interface="GET /api/domain",reason="throttled"}';
  const ids = `cnc_request_id="${answer.headers.get('x-cnc-request-id')}",trace_id="${TRACE}"`;
  t.ok(text.includes(`${series} 1 # {${ids}} 1 `));
});

t.test('an id of the vendor that no exemplar takes is cleaned, and costs nobody an answer', async (t) => {
  const { sandbox, call, scrape } = await start(t);
  sandbox.behave({ status: 200, headers: { 'x-cnc-request-id': `"} 1 2\t# {${'x'.repeat(300)}` }, body: '{}' });
  t.equal((await call('/api/domain')).status, 200);
  const { text } = await scrape();
  t.match(text, new RegExp(`cnc_request_id="12${'x'.repeat(62)}"`));
});
