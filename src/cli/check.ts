import { parseArgs } from 'node:util';
import type { Account } from '../catalog/account.ts';
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
  listen      ${config.listen.map(({ host, port }) => `${host}:${port}`).join(', ')}
  admin       ${config.admin.host}:${config.admin.port}
  accounts    ${[...config.accounts.values()].map(accountOf).join(', ')}
  consumers   ${[...(config.anonymous ? ['anonymous'] : []), ...config.consumers.map(({ name }) => name)].join(', ')}
  store       ${storeOf(config.store)}
  audit       ${config.audit ? `${config.audit.file}, calls ${config.audit.onAuditFailure === 'refuse' ? 'are refused' : 'go on'} on failure` : 'none'}
`);
  },
};

function accountOf({ name, origin, credential, nextCredential }: Account): string {
  return `${name} (${origin}, ${credential.type}${nextCredential ? `, next ${nextCredential.type}` : ''})`;
}

/** Where quotas are counted. Of Redis the address isn't shown: it may hold a password. */
function storeOf(store: StoreConfig): string {
  if (store.type === 'redis') return `redis (${store.location.server.kind}), ${store.whenDown} when down`;
  return store.journal === undefined ? 'memory' : `memory, journal ${store.journal}`;
}
