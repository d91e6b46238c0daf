import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { admitted, denied, request, spend } from '../conformance/turned-store.ts';
import { connected, Fleet, type Replica } from '../support/fleet.ts';
import { startRedis } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { recovers } from '../support/two-replicas.ts';

/** Two replicas of a Redis that keeps what its arguments say. */
async function onServer(t: Test, args: readonly string[] = []) {
  const server = await startRedis({ args });
  const fleet = new Fleet({ url: server.url });
  const [one, other] = await fleet.joinReady(2);
  if (one === undefined || other === undefined) throw new Error('two replicas were asked for');
  t.teardown(async () => {
    await fleet.close();
    await server.stop();
  });
  const crash = async () => {
    await server.kill();
    // A socket that is left behind looks like a server that hangs.
    rmSync(path(server.url), { force: true });
    await server.restart();
    await fleet.moveTo(server.url);
    for (const { client } of fleet.replicas) await connected(client);
  };
  return { server, fleet, one, other, crash };
}

t.test('a crash and restart without persistence forgets nothing', async (t) => {
  const { fleet, one, other, crash } = await onServer(t);
  await spend(one.store, 1);
  await spend(other.store, 1);
  await crash();
  await recovers(t, one);
  await fleet.untilReady();

  await spend(other.store, 1);
  await denied(one.store);
});

t.test('a restart with a log of all writes waits only for those who were there', async (t) => {
  const { fleet, one, other, crash } = await onServer(t, ['--appendonly', 'yes', '--appendfsync', 'always']);
  await spend(one.store, 1);
  await spend(other.store, 2);
  await fleet.kill(other);
  await fleet.advance(7_000);
  await crash();
  await recovers(t, one);

  const tookMs = await fleet.untilReady([one]);
  t.ok(tookMs <= 2_000, `took ${tookMs} ms`);
  await denied(one.store);
});

t.test('scripts that Redis has forgotten are sent again, unseen by the caller', async (t) => {
  const { fleet, one, other } = await onServer(t);
  await spend(one.store, 1);
  await fleet.redis.script('FLUSH');

  const decisions = await Promise.all([one, other, one, other].map(({ store }) => store.admit(request())));

  t.equal(decisions.filter(({ allowed }) => allowed).length, 2);
});

t.test('a replica of Redis that missed the last writes takes over: they are told again', async (t) => {
  const master = await startRedis({ tcp: true });
  const replica = await startRedis({ tcp: true });
  const link = await TcpProxy.start(Number(master.port));
  const proxy = await TcpProxy.start(Number(master.port));
  const fleet = new Fleet({ url: master.url });
  t.teardown(async () => {
    await fleet.close();
    for (const stopped of [proxy, link]) await stopped.close();
    for (const server of [master, replica]) await server.stop();
  });
  const [one, other] = await fleet.joinReady(2, { url: proxy.url });
  if (one === undefined || other === undefined) throw new Error('two replicas were asked for');
  await replica.cli('REPLICAOF', '127.0.0.1', new URL(link.url).port);
  await spend(one.store, 1);
  await replicated(fleet, replica.cli);
  link.refuse();
  await spend(other.store, 2);
  const missed = await replica.cli('ZCARD', fleet.keys.log('account'));
  t.equal(missed, '1', 'the replica has missed two units');

  await promote({ replica, proxy, fleet, stores: [one, other] });
  await recovers(t, one);
  await fleet.untilReady();

  await denied(one.store);
  await denied(other.store);
  t.equal(await replica.cli('ZCARD', fleet.keys.log('account')), '3');
  await fleet.advance(15_000);
  await admitted(one.store);
});

async function replicated(fleet: Fleet, cli: (...args: string[]) => Promise<string>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if ((await cli('ZCARD', fleet.keys.log('account'))) === '1') return;
    await pause(10);
  }
  throw new Error('nothing was replicated');
}

async function promote(to: {
  replica: { readonly url: string; readonly port: number | undefined; cli(...args: string[]): Promise<string> };
  proxy: TcpProxy;
  fleet: Fleet;
  stores: readonly Replica[];
}): Promise<void> {
  await to.replica.cli('REPLICAOF', 'NO', 'ONE');
  await to.fleet.moveTo(to.replica.url);
  to.proxy.switchTo(Number(to.replica.port));
  to.proxy.cut();
  for (const { client } of to.stores) await connected(client);
}

function path(url: string): string {
  return url.replace('unix://', '');
}
