import { parseArgs } from 'node:util';
import { type Listener, listenerName } from '../catalog/listener.ts';
import type { StoreConfig } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Command } from './command.ts';

export const check: Command = {
  help: `Usage: cdnetworks-gateway check [-c FILE]

Checks the configuration, with every environment variable and file that it names, and lists all mistakes (exit 78).
Never prints a secret.

  -c, --config FILE   the configuration; gateway.yaml if not given
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c', default: 'gateway.yaml' } },
    });
    const config = loadConfig({ file: values.config, env: io.env });
    io.print(`${values.config} is fine
  listen      ${config.listen.map(listenerOf).join(', ')}
  admin       ${config.admin.host}:${config.admin.port}
  accounts    ${[...config.accounts.values()].map(({ name, origin, credential }) => `${name} (${origin}, ${credential.type})`).join(', ')}
  consumers   ${[...(config.anonymous ? ['anonymous'] : []), ...config.consumers.map(({ name }) => name)].join(', ')}
  store       ${storeOf(config.store)}
`);
  },
};

/** Where consumers call, and what lets them. */
function listenerOf(listener: Listener): string {
  const notes =
    'unixSocket' in listener
      ? [`mode ${listener.mode.toString(8)}`, ...(listener.consumer === undefined ? [] : [`as ${listener.consumer}`])]
      : listener.tls?.clientCa === undefined
        ? []
        : ['client certificates'];
  return `${listenerName(listener)}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

/** Where quotas are counted. Of Redis the address isn't shown: it may hold a password. */
function storeOf(store: StoreConfig): string {
  if (store.type === 'redis') return `redis (${store.location.server.kind}), ${store.whenDown} when down`;
  return store.journal === undefined ? 'memory' : `memory, journal ${store.journal}`;
}
