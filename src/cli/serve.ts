import { parseArgs } from 'node:util';
import { startGateway } from '../app.ts';
import { WatchedConfig } from '../config/watch.ts';
import { openLogOutput } from '../log-output.ts';
import type { Command } from './command.ts';
import { version } from './version.ts';

const LOOK_EVERY_MS = 1000;

export const serve: Command = {
  help: `Usage: cdnetworks-gateway serve [-c FILE]

Runs the gateway until SIGTERM or SIGINT: /readyz turns 503, after limits.drainDelay requests are refused and those under
way finish (at most limits.drain), exit 0.
Nothing starts if the configuration has a mistake (exit 78). When the configuration changes, or a file that it names, and
on SIGHUP, it is loaded again; where it has a mistake or needs a restart, the one before stays, and the log says why.

  -c, --config FILE   the configuration; gateway.yaml if not given
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c', default: 'gateway.yaml' } },
    });
    io.ignoreHangup();
    const watched = new WatchedConfig({ file: values.config, env: io.env });
    const config = watched.load();
    const output = openLogOutput();
    const gateway = await startGateway(config, { version: version(), destination: output.destination });
    output.beforeExit(gateway.tell);
    const reload = () => gateway.reload(() => watched.load());
    const look = async () => {
      if (await watched.look()) await reload();
      timer = setTimeout(look, LOOK_EVERY_MS).unref();
    };
    let timer = setTimeout(look, LOOK_EVERY_MS).unref();
    const stop = async () => {
      clearTimeout(timer);
      await gateway.drain();
      await output.close();
    };
    const { drainDelayMs, drainMs } = config.limits;
    io.runUntilStopped(stop, drainDelayMs + drainMs + 5000, () => void reload());
  },
};
