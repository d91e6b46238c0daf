import fc from 'fast-check';
import t from 'tap';
import { createLookup } from '../../src/lookup/lookup.ts';
import { KEPT, type PastExchange } from '../../src/lookup/past-exchange.ts';

function exchange(number: number, facts: Partial<PastExchange> = {}): PastExchange {
  return {
    time: new Date(1_700_000_000_000 + number).toISOString(),
    replica: 'host:1',
    reqId: `req-${number}`,
    method: 'GET',
    status: 200,
    outcome: 'sent',
    durationMs: 1,
    ...facts,
  };
}

const refusal = (number: number) => {
  const { outcome: _none, ...rest } = exchange(number, { status: 429 });
  return rest;
};

t.test('the last exchanges are kept and no more, newest first', async (t) => {
  const lookup = createLookup(undefined);
  for (let number = 0; number < KEPT.calls + 5; number += 1) lookup.record(exchange(number));
  const { from, exchanges } = await lookup.find({ limit: KEPT.calls * 2 }, 0);
  t.equal(from, 'this replica');
  t.equal(exchanges.length, KEPT.calls);
  t.equal(exchanges[0]?.reqId, `req-${KEPT.calls + 4}`);
  t.equal(exchanges.at(-1)?.reqId, 'req-5');
});

t.test('a flood of refusals pushes no call out', async (t) => {
  const lookup = createLookup(undefined);
  lookup.record(exchange(0, { cncRequestId: 'the-one' }));
  for (let number = 1; number < 20_000; number += 1) lookup.record(refusal(number));
  t.equal((await lookup.find({ cncRequestId: 'the-one', limit: 1 }, 0)).exchanges.length, 1);
  t.equal((await lookup.find({ refused: true, limit: 50_000 }, 0)).exchanges.length, KEPT.refusals);
});

t.test('a search through all that is kept holds nothing else up for long', async (t) => {
  const lookup = createLookup(undefined);
  const path = `/${'x'.repeat(255)}`;
  for (let number = 0; number < KEPT.calls; number += 1) lookup.record(exchange(number, { path }));
  const startedAt = performance.now();
  t.equal((await lookup.find({ id: 'nowhere', limit: 50 }, 0)).exchanges.length, 0);
  const tookMs = performance.now() - startedAt;
  t.ok(tookMs < 100, `${tookMs} ms`);
});

t.test('a search finds exactly what is so, whatever the words', async (t) => {
  const word = fc.oneof(fc.constantFrom('a', 'b', '"', '\\', 'cncRequestId', '{}'), fc.string({ maxLength: 3 }));
  const facts = fc.record({ consumer: word, account: word, interface: word, cncRequestId: word });
  await fc.assert(
    fc.asyncProperty(
      fc.array(facts, { maxLength: 20 }),
      fc.record({ consumer: word, account: word, interface: word, cncRequestId: word }, { requiredKeys: [] }),
      async (kept, query) => {
        const lookup = createLookup(undefined);
        kept.forEach((some, number) => {
          lookup.record(exchange(number, some));
        });
        const expected = kept.filter((some) =>
          Object.entries(query).every(([name, value]) => Reflect.get(some, name) === value),
        );
        const { exchanges } = await lookup.find({ ...query, limit: 100 }, 0);
        return exchanges.length === expected.length;
      },
    ),
  );
  t.pass();
});

t.test('an exchange takes no more than a kilobyte and a half, and commonly less than half a kilobyte', async (t) => {
  const common = exchange(1, {
    ...{ cncRequestId: '0'.repeat(32), consumer: 'purge-bot', account: 'main', decision: 'admitted' },
    ...{ interface: 'GET /api/domain/*', path: '/api/domain/www.example.com', upstreamStatus: 200, upstreamMs: 100.1 },
  });
  t.ok(JSON.stringify(common).length < 500, `${JSON.stringify(common).length} bytes`);
  const id = 'x'.repeat(128);
  const ids = { cncRequestId: id, refusedCncRequestId: id, exemplarIds: [id.slice(64), id.slice(64)] };
  const longest = { ...common, ...ids, interface: 'x'.repeat(256), path: 'x'.repeat(256) };
  t.ok(JSON.stringify(longest).length < 1500);
});
