// A signature is good for one request, at whichever gateway.
import t from 'tap';
import { redisStoreAt } from '../support/gateway.ts';
import { startRedis } from '../support/redis-server.ts';
import { bytesOf, exchange, go } from '../support/sdk-client.ts';
import { GET, KEYS, now, POST, startWithKeys } from '../support/virtual-keys.ts';

t.jobs = 4; // They mostly wait, each for itself.

t.test('a request that came before is refused, and so is its like of the same second', async (t) => {
  const { sandbox, gateway, host } = await startWithKeys(t);
  const bytes = bytesOf(go(host, KEYS, { ...POST, timestamp: now() }));
  t.equal((await exchange(gateway.url, bytes)).status, 200);
  const again = await exchange(gateway.url, bytes);
  t.equal(again.status, 401);
  t.match(JSON.parse(again.body), { code: 'consumer-unknown', message: /was used before/ });
  t.match(gateway.log.at(-1), { consumer: undefined, claimed: 'terraform' });
  t.equal(sandbox.report().arrivals, 1);

  const twin = bytesOf(go(host, KEYS, { ...GET, timestamp: now() }));
  const answers = await Promise.all(Array.from({ length: 24 }, () => exchange(gateway.url, twin)));
  t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array(23).fill(401)]);
  t.equal(sandbox.report().arrivals, 2);

  const other = bytesOf(go(host, KEYS, { ...GET, target: '/api/domain?other', timestamp: now() }));
  t.equal((await exchange(gateway.url, other)).status, 200, 'who repeats itself is not kept out for it');
});

t.test('with Redis a request that came before is refused by every gateway', async (t) => {
  const redis = await startRedis({ tcp: true });
  const store = redisStoreAt(redis.url);
  const one = await startWithKeys(t, { store });
  const other = await startWithKeys(t, { store });
  t.teardown(() => redis.stop());
  const bytes = bytesOf(go('gateway.internal', KEYS, { ...POST, timestamp: now() }));
  t.equal((await exchange(one.gateway.url, bytes)).status, 200);
  t.equal((await exchange(other.gateway.url, bytes)).status, 401);
  t.equal(other.sandbox.report().arrivals, 0);
});

t.test('while Redis is away nothing signed is let through', async (t) => {
  const redis = await startRedis({ tcp: true });
  t.teardown(() => redis.stop());
  const { sandbox, gateway, host } = await startWithKeys(t, { store: redisStoreAt(redis.url) });
  await redis.kill();
  const answer = await exchange(gateway.url, bytesOf(go(host, KEYS, { ...POST, timestamp: now() })));
  t.equal(answer.status, 503);
  t.equal(answer.headers['x-gateway-error'], 'quota-unavailable');
  t.equal(sandbox.report().arrivals, 0);
});
