import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGateway } from '../app.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { openLogOutput } from '../log-output.ts';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../sandbox/demo-credentials.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import type { Command } from './command.ts';
import { port } from './port.ts';
import { version } from './version.ts';

/** The configuration that comes with the gateway: all defaults, one account, callers without credentials. */
export function demoConfig(): Config {
  return loadConfig({
    file: fileURLToPath(new URL('../../config/gateway.yaml', import.meta.url)),
    env: { CDN_ACCESS_KEY: DEMO_ACCESS_KEY, CDN_SECRET_KEY: DEMO_SECRET_KEY },
  });
}

export const demo: Command = {
  help: `Usage: cdnetworks-gateway demo [--port N] [--admin-port N] [--sandbox-port N]

Runs a gateway on loopback in front of the sandbox, with quotas in memory. Nothing leaves this machine.

  --port N           where to call the gateway; 8080 if not given, 0 for any free port
  --admin-port N     /metrics /livez /readyz; 9090 if not given
  --sandbox-port N   the stand-in, its control port is the next one; any free ports if not given
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8080' },
        'admin-port': { type: 'string', default: '9090' },
        'sandbox-port': { type: 'string', default: '0' },
      },
    });
    const listen = [{ host: '127.0.0.1', port: port(values.port) }];
    const admin = { host: '127.0.0.1', port: port(values['admin-port']) };
    const sandboxPort = port(values['sandbox-port']);
    const config = demoConfig();
    const sandbox = await startSandbox({ port: sandboxPort, controlPort: sandboxPort === 0 ? 0 : sandboxPort + 1 });
    const output = openLogOutput();
    const gateway = await startGateway(
      {
        ...config,
        listen,
        admin,
        accounts: new Map(
          [...config.accounts].map(([name, account]) => [name, { ...account, origin: sandbox.origin }]),
        ),
      },
      { version: version(), destination: output.destination },
    );
    output.beforeExit(gateway.tell);
    const [url] = gateway.listeners;
    io.print(`DEMO: the vendor is a stand-in on this machine, quotas are kept in memory
  gateway   ${url}
  admin     ${gateway.admin}/metrics
  sandbox   ${sandbox.control}/__sandbox/report
try:
  curl -i ${url}/api/domain
`);
    io.runUntilStopped(
      async () => {
        await gateway.drain();
        await sandbox.close();
        await output.close();
      },
      config.limits.drainDelayMs + config.limits.drainMs + 5000,
    );
  },
};
