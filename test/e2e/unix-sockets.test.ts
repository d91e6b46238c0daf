// Callers on this machine, through a socket in the file system.
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { startForwarding } from '../support/forwarding.ts';
import { startTestGateway } from '../support/gateway.ts';
import { shortFolder } from '../support/short-folder.ts';

/** The status of a GET through a socket. */
async function get(
  socketPath: string,
  options: { path?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  const [answer] = await once(request({ socketPath, path: '/a', agent: false, ...options }).end(), 'response');
  await text(answer);
  return answer.statusCode;
}

const permissionsOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

for (const mode of [0o660, 0o600, 0o666]) {
  t.test(`a socket has mode ${mode.toString(8)}, serves, and is gone with the gateway`, async (t) => {
    const unixSocket = join(shortFolder(t), 'a.sock');
    const mask = process.umask();
    const { upstream, gateway } = await startForwarding(t, { listen: [{ unixSocket, mode }] });
    t.equal(process.umask(), mask, 'the process has its own mask again');
    t.strictSame(gateway.listeners, [`unix:${unixSocket}`]);
    t.equal(permissionsOf(unixSocket), mode.toString(8));
    t.equal(await get(unixSocket), 200);
    t.equal(upstream.requests.length, 1);
    t.match(gateway.log.at(-1), { consumer: 'anonymous', res: { statusCode: 200 } });
    t.ok(await gateway.drain());
    t.notOk(existsSync(unixSocket));
  });
}

t.test('whoever may open a socket is the consumer that it belongs to, and another only with credentials', async (t) => {
  const folder = shortFolder(t);
  const [own, anybody] = [join(folder, 'own.sock'), join(folder, 'any.sock')];
  const token = 'a-token-of-the-other-0123456789';
  const common = { accounts: ['main'], allow: ['GET /a'] };
  const { upstream, gateway } = await startForwarding(t, {
    listen: [
      { unixSocket: own, mode: 0o600, consumer: 'sidecar' },
      { unixSocket: anybody, mode: 0o600 },
    ],
    anonymous: false,
    consumers: [
      { ...common, name: 'sidecar' },
      { ...common, name: 'other', tokenSha256: hash('sha256', token) },
    ],
  });
  const consumers = () => gateway.log.filter(({ msg }) => msg === 'request completed').map(({ consumer }) => consumer);
  t.equal(await get(own), 200);
  t.equal(await get(own, { path: '/b' }), 403);
  t.equal(await get(own, { headers: { authorization: `Bearer ${token}` } }), 200);
  t.equal(await get(own, { headers: { authorization: 'Bearer wrong' } }), 401);
  t.equal(await get(anybody), 401);
  t.strictSame(consumers(), ['sidecar', 'sidecar', 'other', undefined, undefined]);
  t.equal(upstream.requests.length, 2);
});

t.test('what is malformed on a socket is a 400 problem as elsewhere', async (t) => {
  const unixSocket = join(shortFolder(t), 'a.sock');
  const { gateway } = await startForwarding(t, { listen: [{ unixSocket, mode: 0o660 }] });
  const socket = connect(unixSocket, () => socket.write('GARBAGE\r\n\r\n'));
  t.match(await text(socket), /^HTTP\/1\.1 400 [\s\S]*^x-gateway-error: request-invalid\r$/m);
  t.match(gateway.log.at(-1), { res: { statusCode: 400 }, req: { remoteAddress: undefined } });
});

t.test('a socket that a dead process left behind is replaced', async (t) => {
  const unixSocket = join(shortFolder(t), 'a.sock');
  const program = `require('node:net').createServer().listen(${JSON.stringify(unixSocket)}, () => process.kill(process.pid, 9))`;
  spawnSync(process.execPath, ['-e', program]);
  t.ok(lstatSync(unixSocket).isSocket());
  await startForwarding(t, { listen: [{ unixSocket, mode: 0o660 }] });
  t.equal(await get(unixSocket), 200);
  t.equal(permissionsOf(unixSocket), '660');
});

t.test('a socket on which a process answers is left to it', async (t) => {
  const unixSocket = join(shortFolder(t), 'a.sock');
  const { upstream } = await startForwarding(t, { listen: [{ unixSocket, mode: 0o660 }] });
  await t.rejects(startTestGateway(upstream.origin, { listen: [{ unixSocket, mode: 0o660 }] }), {
    message: `another process listens on ${unixSocket}`,
  });
  t.equal(await get(unixSocket), 200);
});

t.test('a file that is no socket is never replaced', async (t) => {
  const unixSocket = join(shortFolder(t), 'precious');
  writeFileSync(unixSocket, 'data');
  const listen = [{ unixSocket, mode: 0o660 }];
  await t.rejects(startTestGateway('http://127.0.0.1:9', { listen }), {
    message: `${unixSocket} is there and no socket`,
  });
  t.equal(statSync(unixSocket).size, 4);
});

t.test('a socket that is busy with somebody else is not taken for one of a dead process', async (t) => {
  const unixSocket = join(shortFolder(t), 'a.sock');
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen({ path: unixSocket, backlog: 1 }, resolve));
  t.teardown(() => busy.close());
  await t.rejects(startTestGateway('http://127.0.0.1:9', { listen: [{ unixSocket, mode: 0o660 }] }), /another process/);
});
