import { parseArgs } from 'node:util';
import type { Account } from '../catalog/account.ts';
import type { KnownConsumer } from '../catalog/consumer.ts';
import { type Listener, listenerName } from '../catalog/listener.ts';
import type { Config, StoreConfig } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Command } from './command.ts';

export const check: Command = {
  help: `Usage: cdnetworks-gateway check [-c FILE] [--online] [--call]

Checks the configuration, with every environment variable and file that it names, and lists all mistakes (exit 78).
Never prints a secret.

  -c, --config FILE   the configuration; gateway.yaml if not given
  --online            also asks the store, connects to each origin and compares the clocks, and says what is wrong and
                      what to do (exit 1); spends no quota: each origin gets one unsigned HEAD /
  --call              also calls GET /api/domain once with each credential; counted by the store like any other call
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c', default: 'gateway.yaml' },
        online: { type: 'boolean', default: false },
        call: { type: 'boolean', default: false },
      },
    });
    const config = loadConfig({ file: values.config, env: io.env });
    io.print(`${values.config} is fine
  listen      ${config.listen.map(listenerOf).join(', ')}
  admin       ${config.admin.host}:${config.admin.port}
  accounts    ${[...config.accounts.values()].map(accountOf).join(', ')}
  consumers   ${[...(config.anonymous ? [anonymousOf(config.anonymous)] : []), ...config.consumers.map(consumerOf)].join(', ')}
  store       ${storeOf(config.store)}
  audit       ${config.audit ? `${config.audit.file}, calls ${config.audit.onAuditFailure === 'refuse' ? 'are refused' : 'go on'} on failure` : 'none'}
`);
    if (!values.online && !values.call) return;
    // A web framework is loaded only for those who look further than the file.
    const { checkOnline } = await import('./online/check-online.ts');
    const wrong = await checkOnline(config, { call: values.call, print: io.print });
    if (wrong > 0) throw new Error(wrong === 1 ? '1 thing is wrong' : `${wrong} things are wrong`);
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

/** Whom callers without credentials are let in from. */
function anonymousOf({ trustNetwork = [] }: NonNullable<Config['anonymous']>): string {
  return trustNetwork.length === 0 ? 'anonymous' : `anonymous (also from ${trustNetwork.join(', ')})`;
}

/** What a consumer is told by; not the names themselves, next to which a secret may stand by mistake. */
function consumerOf({ name, tokenSha256, accessKey, apiKey, certificateName, quota }: KnownConsumer): string {
  const kinds = [
    tokenSha256 && 'token',
    accessKey && 'access key',
    apiKey && 'API key',
    certificateName && 'certificate',
  ].filter((kind) => kind !== undefined);
  const share = quota === undefined ? '' : `, ${quota.quota} in ${quota.windowMs / 1000} s`;
  return `${name} (${kinds.length === 0 ? 'unix socket' : kinds.join(' or ')}${share})`;
}

function accountOf({ name, origin, credential, nextCredential }: Account): string {
  return `${name} (${origin}, ${credential.type}${nextCredential ? `, next ${nextCredential.type}` : ''})`;
}

/** Where quotas are counted. Of Redis the address isn't shown: it may hold a password. */
function storeOf(store: StoreConfig): string {
  if (store.type === 'redis') return `redis (${store.location.server.kind}), ${store.whenDown} when down`;
  return store.journal === undefined ? 'memory' : `memory, journal ${store.journal}`;
}
