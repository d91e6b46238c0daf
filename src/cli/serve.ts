import { parseArgs } from 'node:util';
import { startGateway } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import type { Command } from './command.ts';
import { version } from './version.ts';

export const serve: Command = {
  help: `Usage: cdnetworks-gateway serve [-c FILE]

Runs the gateway until SIGTERM or SIGINT: /readyz turns 503, after limits.drainDelay requests are refused and those under
way finish (at most limits.drain), exit 0.
Nothing starts if the configuration has a mistake (exit 78).

  -c, --config FILE   the configuration; gateway.yaml if not given
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c', default: 'gateway.yaml' } },
    });
    const config = loadConfig({ file: values.config, env: io.env });
    const gateway = await startGateway(config, { version: version() });
    io.runUntilStopped(gateway.drain, config.limits.drainDelayMs + config.limits.drainMs + 5000);
  },
};
