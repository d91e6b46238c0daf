import t from 'tap';
import { toArrival } from '../../src/sandbox/arrival.ts';
import { BehaviourList, override, parseBehaviour } from '../../src/sandbox/behaviour.ts';

function arrival(method: string, target: string) {
  return toArrival({ method, target, headers: new Map(), body: Buffer.alloc(0) });
}

t.test('the latest rule that fits wins, and gives way when its turns are used up', async (t) => {
  const rules = new BehaviourList();
  rules.add({ status: 500 });
  rules.add({ status: 502, match: { path: '/api/' }, times: 2 });
  rules.add({ status: 503, match: { method: 'POST', path: '/api/domain' }, times: 1 });
  const statuses = ['GET /ccm', 'POST /api/domain?x', 'POST /api/domain', 'GET /api/domain', 'GET /api/domain'].map(
    (line) => {
      const [method = '', target = ''] = line.split(' ');
      return rules.take(arrival(method, target)).status;
    },
  );
  t.same(statuses, [500, 503, 502, 502, 500]);
  rules.clear();
  t.same(rules.take(arrival('GET', '/ccm')), {});
});

t.test('a rule replaces what it names and leaves the rest of the answer', async (t) => {
  const headers = { 'content-type': 'application/xml', 'content-encoding': 'gzip', location: '/a' };
  const answer = { status: 202, headers, bytes: Buffer.from('zipped') };
  t.same(override(answer, {}), answer);
  t.same(override(answer, { headers: { Location: '/b' } }), { ...answer, headers: { ...headers, location: '/b' } });
  t.same(override(answer, { body: 'plain' }), {
    status: 202,
    headers: { location: '/a', 'content-type': 'application/json' },
    bytes: Buffer.from('plain'),
  });
  t.equal(override(answer, { bodyBytes: 100_000 }).bytes.length, 100_000);
  t.match(String(override(answer, { status: 503 }).bytes), '"code":"Sandbox503"');
});

t.test('refuses a rule that can not be followed and says where', async (t) => {
  for (const [rule, where] of [
    [null, 'must be object'],
    [{ fault: 'explode' }, '/fault'],
    [{ delayMS: 1 }, '/delayMS'],
    [{ match: { host: 'x' } }, '/match/host'],
    [{ times: 0 }, '/times'],
    [{ delayMs: -1 }, '/delayMs'],
    [{ status: 101 }, '/status'],
    [{ headers: { 'a b': 'c' } }, '/headers'],
    [{ headers: { a: 'b\r\nc: d' } }, '/headers/a'],
    [{ bodyBytes: 1e12 }, '/bodyBytes'],
  ] as const) {
    t.throws(() => parseBehaviour(rule), { name: 'TypeError', message: where }, where);
  }
  const rule = { match: { path: '/' }, times: 1, jitterMs: 0.5, fault: 'truncate', headers: { 'X-A': 'b' }, body: '' };
  t.same(parseBehaviour(rule), rule);
});
