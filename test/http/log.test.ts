import t from 'tap';
import { createLog } from '../../src/http/log.ts';

/** What one line holds, in either format. */
function lineOf(format: 'pino' | 'ecs', facts: object): Record<string, unknown> {
  const lines: string[] = [];
  createLog({ level: 'info', format }, { write: (text) => void lines.push(text) }).warn(facts, 'request completed');
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

const FACTS = {
  reqId: 'r-1',
  req: { method: 'GET', path: '/api/domain', remoteAddress: '127.0.0.1' },
  res: { statusCode: 502 },
  responseTime: 12.5,
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  consumer: 'purge-bot',
  cncRequestId: 'c-1',
  account: undefined,
  err: Object.assign(new Error('reset', { cause: new Error('by peer') }), { code: 'ECONNRESET', bytes: 'a secret' }),
};

t.test('with ecs the fields have the names of the Elastic Common Schema, ours stand under one name', async (t) => {
  const line = lineOf('ecs', FACTS);
  t.match(line, {
    '@timestamp': /^\d{4}-\d\d-\d\dT/,
    'log.level': 'warn',
    'ecs.version': String,
    message: 'request completed',
    'http.request.method': 'GET',
    'http.request.id': 'r-1',
    'url.path': '/api/domain',
    'client.ip': '127.0.0.1',
    'http.response.status_code': 502,
    'event.duration': 12_500_000,
    'trace.id': 'a'.repeat(32),
    'span.id': 'b'.repeat(16),
    'error.type': 'Error',
    'error.message': /reset/,
    'error.code': 'ECONNRESET',
    cdnetworks: { consumer: 'purge-bot', cncRequestId: 'c-1' },
  });
  for (const name of ['req', 'res', 'err', 'traceId', 'msg', 'time', 'level']) t.notOk(name in line, name);
});

t.test('neither format tells what hangs on an error', async (t) => {
  for (const format of ['pino', 'ecs'] as const) {
    const text = JSON.stringify(lineOf(format, FACTS));
    t.notMatch(text, /a secret/);
    t.match(text, /by peer/, 'its cause is told');
  }
});
