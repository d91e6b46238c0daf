// The real thing as a process: files that change under it, and SIGHUP. Needs `npm run build`, as `npm test` does.
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { startRawUpstream, valuesOf } from '../support/raw-upstream.ts';
import { serveProcess } from '../support/serve-process.ts';

async function start(t: Test) {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  const folder = t.testdir();
  const file = join(folder, 'gateway.yaml');
  const yaml = `listen: [{ port: 0 }]
admin: { port: 0 }
accounts:
  main:
    origin: ${upstream.origin}
    credential: { type: access-key, accessKey: { file: ..data/ak }, secretKey: { env: SK } }
anonymous: { account: main }
`;
  /** As Kubernetes does when a secret changes. */
  const publish = (accessKey: string) => {
    mkdirSync(join(folder, `..${accessKey}`));
    writeFileSync(join(folder, `..${accessKey}`, 'ak'), `${accessKey}\n`);
    symlinkSync(`..${accessKey}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  publish('first');
  writeFileSync(file, yaml);
  const gateway = await serveProcess(t, { file, env: { SK: 'a-secret-key-of-a-test' } });
  const signedWith = async () => {
    t.equal((await send(gateway.url, { target: '/a' })).status, 200);
    const latest = upstream.requests.at(-1);
    return latest && valuesOf(latest, 'x-cnc-accesskey')[0];
  };
  return { gateway, file, yaml, publish, signedWith };
}

t.test('a SIGHUP loads at once, keeps what it has on a mistake, and ends nothing', async (t) => {
  const { gateway, file, yaml, publish, signedWith } = await start(t);
  t.equal(await signedWith(), 'first');
  publish('second');
  gateway.signal('SIGHUP');
  await gateway.until(/configuration applied/);
  t.equal(await signedWith(), 'second');
  gateway.signal('SIGHUP');
  await gateway.until(/configuration unchanged/);
  writeFileSync(file, `${yaml}sotre: {}\n`);
  gateway.signal('SIGHUP');
  await gateway.until(/configuration refused/);
  t.match(gateway.log.at(-1), { mistakes: [{ line: 8, column: 1, path: 'sotre' }] });
  t.equal(await signedWith(), 'second');
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, [0, null]);
});

t.test('without a signal, a change is taken within a few seconds', async (t) => {
  const { gateway, file, yaml, publish, signedWith } = await start(t);
  const began = performance.now();
  publish('second');
  await gateway.until(/configuration applied/);
  const took = performance.now() - began;
  t.ok(took < 10_000, `${took} ms`);
  t.match(gateway.log.at(-1), { accounts: { changed: ['main'] } });
  t.equal(await signedWith(), 'second');
  writeFileSync(file, `${yaml}a: [`);
  await gateway.until(/configuration refused/);
  writeFileSync(
    file,
    `${yaml}consumers: { bot: { token: { sha256: ${'a'.repeat(64)} }, accounts: [main], allow: ["*"] } }\n`,
  );
  await gateway.until(/configuration applied/, 2);
  t.match(gateway.log.at(-1), { accounts: { changed: [] }, consumers: { added: ['bot'] } });
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
  t.match(metrics, 'cdnetworks_gateway_config_reloads_total{result="applied"} 2');
  t.match(metrics, 'cdnetworks_gateway_config_reloads_total{result="refused"} 1');
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, [0, null], 'the timer keeps no process alive');
});
