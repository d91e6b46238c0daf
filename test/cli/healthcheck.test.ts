// `healthcheck` as a container's runtime runs it, beside a gateway or none.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { runCommand } from '../support/command.ts';
import { startTestGateway } from '../support/gateway.ts';

const ACCOUNTS = `accounts:
  main: { credential: { type: api-key, username: u, apiKey: { file: /nowhere/to/be/read } } }
`;

function healthcheck(t: { testdir(files: Record<string, string>): string }, config: string) {
  const folder = t.testdir({ 'gateway.yaml': config });
  return runCommand(['healthcheck', '-c', join(folder, 'gateway.yaml')], { env: {} });
}

t.test('a gateway that lives is fine, though the secrets cannot be read here and the file has mistakes', async (t) => {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, {});
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const { port } = new URL(gateway.admin);
  const fine = { code: 0, stdout: `alive: http://127.0.0.1:${port}/livez\n`, stderr: '' };
  t.match(await healthcheck(t, `admin: { port: ${port} }\n${ACCOUNTS}`), fine);
  t.match(await healthcheck(t, `admin: { port: ${port} }\nanonymus: {}\nlisten: 7\n`), fine);
  t.match(await healthcheck(t, `admin: { host: 0.0.0.0, port: ${port} }\n${ACCOUNTS}`), fine, 'asked on loopback');
});

t.test('a gateway is found on a port that browsers keep away from, whatever proxy the environment names', async (t) => {
  const server = createHttpServer((_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(10_080, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const folder = t.testdir({ 'gateway.yaml': 'admin: { port: 10080 }\n' });
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${await closedPort()}` };
  // Node 22 warns of that variable.
  const alive = { code: 0, stdout: 'alive: http://127.0.0.1:10080/livez\n' };
  t.match(await runCommand(['healthcheck', '-c', join(folder, 'gateway.yaml')], { env }), alive);
});

t.test('no gateway, and any mistake, end with 1 and one line that says why', async (t) => {
  const port = await closedPort();
  for (const [config, line] of [
    [
      `admin: { port: ${port} }\n${ACCOUNTS}`,
      `healthcheck: no answer from http://127.0.0.1:${port}/livez (ECONNREFUSED)\n`,
    ],
    [`admin: { port: 0 }\n${ACCOUNTS}`, 'healthcheck: admin.port is 0, so nobody knows which port it is\n'],
    [`${ACCOUNTS}admin: { port: many }\n`, /^healthcheck: \S+gateway\.yaml:3: admin\.port .*port from 0 to 65535.*\n$/],
    ['admin: [', /^healthcheck: \S+gateway\.yaml:1: .*not valid YAML.*\n$/],
    ['[]', /^healthcheck: .*\n$/],
  ] as const) {
    t.match(await healthcheck(t, config), { code: 1, stdout: '', stderr: line });
  }
  const missing = await runCommand(['healthcheck', '-c', join(t.testdir({}), 'none.yaml')]);
  t.match(missing, { code: 1, stderr: /^healthcheck: file ".*none\.yaml" does not exist\n$/ });
});

t.test('a gateway that hangs is told of within 3 seconds', async (t) => {
  const silent = await listening();
  t.teardown(() => silent.close());
  const config = (port: number) => `admin: { port: ${port} }\n${ACCOUNTS}`;
  const timed = async (port: number) => {
    const started = performance.now();
    return { ...(await healthcheck(t, config(port))), ms: performance.now() - started };
  };
  // What a process needs to start is the machine's affair, and the same for both.
  const refused = await timed(await closedPort());
  const hung = await timed(portOf(silent));
  t.match(hung, { code: 1, stderr: /^healthcheck: no answer .*timeout.*\n$/ });
  t.ok(hung.ms - refused.ms < 2500, `${hung.ms} ms, and ${refused.ms} ms where nobody listens`);
});

async function closedPort(): Promise<number> {
  const server = await listening();
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listening(): Promise<Server> {
  const server = createServer(() => {});
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
