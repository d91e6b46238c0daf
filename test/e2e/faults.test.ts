// What callers are told when the vendor can't be reached or doesn't speak HTTP, and what they are not told.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { type ClientAnswer, send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';
import { LIMITS, startTestGateway, WIDE } from '../support/gateway.ts';
import { startRawUpstream, type WireAnswer } from '../support/raw-upstream.ts';

const QUOTA_OF_ONE = { ...WIDE, interface: { quota: 1, windowMs: 300_000 } };
/** Addresses, ports, names of system calls and errors, files, stacks. */
const INTERNAL =
  /127\.0\.0\.1|localhost|\.invalid|:\d{4,5}\b|E[A-Z]{4,}|UND_ERR|undici|node_modules|\.[jt]s\b|\bat \w+ \(/;

function assertTold(t: Test, answer: ClientAnswer, expected: { status: number; code: string; message: RegExp }): void {
  const { status, code, message } = expected;
  t.equal(answer.status, status);
  t.equal(answer.headers['x-gateway-error'], code);
  t.equal(answer.headers['content-type'], 'application/problem+json');
  // Random letters and a time could look like anything.
  const { request_id: id, ...told } = JSON.parse(answer.bytes.toString());
  t.type(id, 'string');
  t.match(told, { status, code, message, detail: message });
  t.notMatch(JSON.stringify([told, { ...answer.headers, date: '' }]), INTERNAL, 'nothing internal');
}

for (const [what, originOf] of [
  ['refuses connections', closedPort],
  // Too long for a label of DNS, so that the resolver refuses it without asking anybody.
  ["has a name that can't be resolved", async () => `http://${'x'.repeat(64)}.invalid`],
] as const) {
  t.test(`a vendor that ${what} is unreachable: 502, and the unit comes back`, async (t) => {
    const gateway = await startTestGateway(await originOf(), { quotas: QUOTA_OF_ONE });
    t.teardown(gateway.drain);
    for (let n = 0; n < 3; n++) {
      const message = /^CDNetworks could not be reached; nothing was sent$/;
      assertTold(t, await send(gateway.url, { target: '/a' }), { status: 502, code: 'upstream-unreachable', message });
    }
    t.match(gateway.log.at(-1), { level: 40, outcome: 'unsent', reason: 'upstream-unreachable', err: { code: /^E/ } });
  });
}

t.jobs = 4; // They mostly wait, each for itself.

t.test('a vendor that takes no connection in time is a 504, and the unit comes back', async (t) => {
  const origin = await startDeafListener(t);
  const gateway = await startTestGateway(origin, {
    limits: { ...LIMITS, connectTimeoutMs: 200 },
    quotas: QUOTA_OF_ONE,
  });
  t.teardown(gateway.drain);
  for (let n = 0; n < 2; n++) {
    const answer = await send(gateway.url, { target: '/a' });
    const message = /^no connection to CDNetworks in time; nothing was sent$/;
    assertTold(t, answer, { status: 504, code: 'upstream-timeout', message });
  }
  t.match(gateway.log.at(-1), { outcome: 'unsent', err: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
});

t.test('a vendor that takes a connection and greets nobody (TLS) is a 504, and no credential is sent', async (t) => {
  const upstream = await startRawUpstream();
  upstream.answerWith(() => {});
  const gateway = await startTestGateway(upstream.origin.replace('http:', 'https:'), {
    limits: { ...LIMITS, connectTimeoutMs: 200 },
    quotas: QUOTA_OF_ONE,
  });
  t.teardown(async () => {
    await upstream.close();
    await gateway.drain();
  });
  const answer = await send(gateway.url, { target: '/a' });
  const message = /^no connection to CDNetworks in time; nothing was sent$/;
  assertTold(t, answer, { status: 504, code: 'upstream-timeout', message });
  t.match(gateway.log.at(-1), { outcome: 'unsent' });
  t.equal(upstream.requests.length, 0);
});

const SILENT = /^CDNetworks did not answer in time; the call may have been carried out$/;
const BROKEN_OFF = /^CDNetworks closed the connection before it answered; the call may have been carried out$/;
const ANSWERS: readonly (readonly [what: string, answer: WireAnswer, status: number, code: string, message: RegExp])[] =
  [
    ['answers nothing', () => {}, 504, 'upstream-timeout', SILENT],
    ['answers half a head', 'HTTP/1.1 200 OK\r\ncontent-', 504, 'upstream-timeout', SILENT],
    ['resets', (socket) => void socket.resetAndDestroy(), 502, 'upstream-reset', BROKEN_OFF],
    ['hangs up', (socket) => void socket.end(), 502, 'upstream-reset', BROKEN_OFF],
    ['hangs up in its head', (socket) => void socket.end('HTTP/1.1 200 OK\r\nx'), 502, 'upstream-reset', BROKEN_OFF],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 502, 'upstream-reset', BROKEN_OFF],
    ['speaks HTTP/0.9', '<html></html>', 502, 'upstream-reset', BROKEN_OFF],
    ['sends a bad header', 'HTTP/1.1 200 OK\r\nx y: z\r\n\r\n', 502, 'upstream-reset', BROKEN_OFF],
    [
      'sends a header with a line break',
      'HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n',
      502,
      'upstream-reset',
      BROKEN_OFF,
    ],
    [
      'sends two lengths',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy',
      502,
      'upstream-reset',
      BROKEN_OFF,
    ],
    ['sends endless headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(9999)}`, 502, 'upstream-reset', BROKEN_OFF],
    [
      'changes the protocol',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      502,
      'upstream-reset',
      BROKEN_OFF,
    ],
  ];

for (const [what, answer, status, code, message] of ANSWERS) {
  t.test(`a vendor that ${what}: ${status} ${code}, and the unit stays spent`, async (t) => {
    const { upstream, gateway } = await startForwarding(t, {
      limits: { ...LIMITS, upstreamTimeoutMs: 200 },
      quotas: QUOTA_OF_ONE,
    });
    upstream.answerWith(answer);
    assertTold(t, await send(gateway.url, { target: '/a' }), { status, code, message });
    t.match(gateway.log.at(-1), { level: 40, outcome: 'unknown', reason: code, err: { message: String } });
    t.equal((await send(gateway.url, { target: '/a' })).status, 429, 'spent');
    t.equal(upstream.requests.length, 1);
  });
}

async function closedPort(): Promise<string> {
  const upstream = await startRawUpstream();
  await upstream.close();
  return upstream.origin;
}

/** A listener that never accepts, its queue filled up: the system drops the next connection's SYN. */
async function startDeafListener(t: Test): Promise<string> {
  const program = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const queued: Socket[] = [];
  t.teardown(async () => {
    for (const socket of queued) socket.destroy();
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  const [port] = await once(child.stdout, 'data');
  for (let n = 0; n < 8; n++) queued.push(connect(Number(port), '127.0.0.1').on('error', () => {}));
  await once(queued[0] ?? child, 'connect');
  return `http://127.0.0.1:${port}`;
}

t.test(
  'nothing of an answer that is no HTTP is in the log, whatever the vendor or somebody on the way has put into it',
  async (t) => {
    const { upstream, gateway } = await startForwarding(t);
    for (const answer of [
      'HTTP/1.1 200 OK\r\nbad header\r\nSet-Cookie: session=canary\r\nX-Auth-Token: canary\r\n\r\n',
      'canary: who are you to ask canary?\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\ncanary\r\n',
    ]) {
      upstream.answerWith((socket) => void socket.end(answer));
      await send(gateway.url, { target: '/a' }).catch(() => {});
    }
    t.equal(gateway.log.filter(({ msg }) => msg === 'request completed').length, 3);
    t.match(gateway.logText(), /does not match the HTTP/, 'the reason is there');
    t.notMatch(gateway.logText(), /canary/);
  },
);
