import t from 'tap';
import { internal, requestInvalid, upstreamReset } from '../../src/errors.ts';
import type { Exchange } from '../../src/http/exchange.ts';
import { levelOf } from '../../src/http/log-line.ts';

t.test('a line is as grave as its cause: ours, the vendor’s, or the caller’s', async (t) => {
  const cause = new Error('broken');
  const exchange: Exchange = { id: 'r-1', startedAt: 0, method: 'GET' };
  t.equal(levelOf(exchange), 'info');
  t.equal(levelOf({ ...exchange, error: requestInvalid('no') }), 'info');
  t.equal(levelOf({ ...exchange, error: upstreamReset(cause) }), 'warn');
  t.equal(levelOf({ ...exchange, truncated: true }), 'warn');
  t.equal(levelOf({ ...exchange, error: internal(cause) }), 'error');
});
