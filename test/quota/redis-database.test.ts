// A URL may name one of Redis's databases. What can't be had there must not be counted elsewhere.
import t, { type Test } from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { connect } from '../../src/quota/redis-connection.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

async function redisOf(t: Test): Promise<RedisServer> {
  const redis = await startRedis({ tcp: true });
  t.teardown(() => redis.stop());
  return redis;
}

/** Connects, and waits until commands are taken, or until so many attempts to choose the database were refused. */
function connected(t: Test, url: string) {
  const redis = connect({ server: { kind: 'single', url: new Secret(url) } }, 500);
  t.teardown(() => redis.disconnect());
  const refusals: string[] = [];
  const ready = new Promise<'ready'>((resolve) => redis.once('ready', () => resolve('ready')));
  const refusedTwice = new Promise<readonly string[]>((resolve) => {
    redis.on('error', (error: Error & { command?: { name?: string } }) => {
      if (error.command?.name !== 'select') return;
      refusals.push(error.message);
      if (refusals.length === 2) resolve(refusals);
    });
  });
  return { redis, ready, first: Promise.race([refusedTwice, ready]) };
}

t.test('a database that Redis lacks is asked for again and again, and none is taken in its place', async (t) => {
  const { url } = await redisOf(t);
  const { redis, first } = connected(t, `${url}/99`);
  t.match(await first, [/index is out of range/, /index is out of range/]);
  await t.rejects(redis.set('unit', '1'));
});

t.test('a user who may not choose a database counts nowhere until it may, and then there', async (t) => {
  const server = await redisOf(t);
  await server.cli('ACL', 'SETUSER', 'gateway', 'on', 'nopass', '~*', '+@all', '-select');
  const { redis, first, ready } = connected(t, `${server.url.replace('//', '//gateway:any@')}/3`);
  t.match(await first, [/NOPERM/, /NOPERM/]);
  await server.cli('ACL', 'SETUSER', 'gateway', '+select');
  await ready;
  t.equal(await redis.set('unit', '1'), 'OK');
  t.equal(await server.cli('-n', '3', 'EXISTS', 'unit'), '1');
  t.equal(await server.cli('EXISTS', 'unit'), '0');
});
