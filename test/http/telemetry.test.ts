import { setImmediate as turnEnd } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import type { Exchange } from '../../src/http/exchange.ts';
import { createTelemetry } from '../../src/http/telemetry.ts';

/** Telemetry whose clock is turned by hand, and what it has told. */
function start() {
  const lines: Record<string, unknown>[] = [];
  const ends: number[] = [];
  const clock = { ms: 1000 };
  const telemetry = createTelemetry({
    log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    version: '0.0.0',
    now: () => clock.ms,
    wall: () => 1_700_000_000_000 + clock.ms,
    onExchange: (_exchange, _ending, at) => ends.push(at),
  });
  const begin = (): Exchange => {
    const traced = telemetry.begin({ method: 'GET', traceparent: undefined });
    return { id: 'an-id', startedAt: clock.ms, method: 'GET', ...traced };
  };
  return { telemetry, clock, lines, ends, begin };
}

const ENDING = { status: 200, left: false, remoteAddress: '127.0.0.1' };

t.test('an exchange is told of once the turn is over, as it was and as long as it was at its end', async (t) => {
  const { telemetry, clock, lines, ends, begin } = start();
  const exchange = begin();
  clock.ms += 250;
  telemetry.end(exchange, ENDING);
  clock.ms += 7000;
  exchange.decision = 'denied';
  t.equal(telemetry.inFlight(), 1, 'nothing may be closed yet');
  t.strictSame(lines, []);
  await turnEnd();
  t.equal(telemetry.inFlight(), 0);
  t.equal(lines.length, 1);
  t.match(lines[0], { msg: 'request completed', reqId: 'an-id', decision: undefined, responseTime: 250 });
  t.strictSame(ends, [1250]);
  t.match(await telemetry.registry.metrics(), /^cdnetworks_gateway_request_duration_seconds_sum\{.*\} 0\.25$/m);
});

t.test('a process that ends at once can tell of it before', async (t) => {
  const { telemetry, lines, begin } = start();
  telemetry.end(begin(), ENDING);
  telemetry.end(begin(), ENDING);
  telemetry.tell();
  t.equal(lines.length, 2);
  t.equal(telemetry.inFlight(), 0);
  await turnEnd();
  t.equal(lines.length, 2, 'once');
});

t.test('what has no ids has no exemplar, and takes none away', async (t) => {
  const { telemetry, begin } = start();
  const { trace: _trace, ...unread } = begin();
  telemetry.end(begin(), ENDING);
  telemetry.end(unread, ENDING);
  await turnEnd();
  t.match(
    await telemetry.registry.metrics(),
    /^cdnetworks_gateway_requests_total\{.*\} 2 # \{trace_id="[0-9a-f]{32}"\} 1 /m,
  );
});
