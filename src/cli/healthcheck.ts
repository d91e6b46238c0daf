import { parseArgs } from 'node:util';
import { loadAdmin } from '../config/load-admin.ts';
import { ConfigError } from '../config/mistakes.ts';
import { adminUrl } from './admin-url.ts';
import { askAdmin } from './ask-admin.ts';
import type { Command } from './command.ts';

/** With the start of the process, less than the 3 s after which a container's runtime gives up. */
const ANSWER_MS = 1500;

export const healthcheck: Command = {
  help: `Usage: cdnetworks-gateway healthcheck [-c FILE]

Asks a running gateway on this machine whether it lives (/livez of the configuration's admin address), as a container's
runtime does. Prints one line; exit 0 if it lives, else 1, within 3 seconds. Reads only \`admin\` of the configuration.

  -c, --config FILE   the gateway's configuration; gateway.yaml if not given
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c', default: 'gateway.yaml' } },
    });
    const admin = adminOf(values.config);
    if (admin.port === 0) throw new Error('admin.port is 0, so nobody knows which port it is');
    const url = `${adminUrl(admin)}/livez`;
    const answer = await askAdmin(url, { timeoutMs: ANSWER_MS }).catch((error: Error) => {
      throw new Error(`no answer from ${url} (${error.message})`);
    });
    if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
    io.print(`alive: ${url}\n`);
  },
};

/** Not 78 for a mistake: to a container's runtime any code but 0 and 1 is reserved. One line, because that is what it keeps. */
function adminOf(file: string): { host: string; port: number } {
  try {
    return loadAdmin(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [first] = error.mistakes;
    throw new Error(
      first === undefined ? `${file} is not usable` : `${file}:${first.line}: ${first.path} ${first.message}`,
    );
  }
}
