import { hash, randomBytes } from 'node:crypto';
import { request } from 'undici';
import { startGateway } from '../../app.ts';
import type { Account } from '../../catalog/account.ts';
import type { Config } from '../../config/config.ts';
import { adminUrl } from '../admin-url.ts';
import { askAdmin } from '../ask-admin.ts';
import { version } from '../version.ts';
import type { Finding } from './finding.ts';

/** The list of the account's domains: it changes nothing, and every account has it. */
const TARGET = '/api/domain';
const HEARTBEAT_MS = 1500;

/**
 * Calls the vendor once with every credential, through a gateway that lives as long as that takes: what it spends is admitted and
 * counted by the configured store like any other call.
 */
export async function callOnce(config: Config): Promise<readonly Finding[]> {
  const tries = [...config.accounts.values()].flatMap(triesOf);
  const blocked = await runningBeside(config);
  if (blocked !== undefined) return tries.map(({ what }) => ({ what, fine: false, says: blocked }));
  const token = randomBytes(32).toString('base64url');
  const gateway = await startGateway(gatewayOf(config, { token, tries }), {
    version: version(),
    destination: { write: () => {} },
  });
  try {
    const [url = ''] = gateway.listeners;
    const findings: Finding[] = [];
    for (const { what, account } of tries) {
      const headers = { authorization: `Bearer ${token}`, 'x-gateway-account': account.name };
      const answer = await request(`${url}${TARGET}`, { headers });
      await answer.body.dump();
      findings.push({ what, ...verdictOf(answer, account) });
    }
    return findings;
  } finally {
    await gateway.drain();
  }
}

interface Try {
  readonly what: string;
  /** With one credential. Its name is that of the try: names in capitals are nobody else's. */
  readonly account: Account;
}

function triesOf({ nextCredential, ...account }: Account): readonly Try[] {
  const first = { what: `account ${account.name}`, account };
  if (nextCredential === undefined) return [first];
  const next = { ...account, name: `NEXT-${account.name}`, credential: nextCredential };
  return [first, { what: `${first.what}, next credential`, account: next }];
}

/** A gateway that keeps its quotas in memory would not know of this call. */
async function runningBeside({ store, admin }: Config): Promise<string | undefined> {
  if (store.type !== 'memory') return undefined;
  const url = adminUrl(admin);
  const reason = await askAdmin(`${url}/livez`, { timeoutMs: HEARTBEAT_MS }).then(
    () => undefined,
    ({ message }: Error) => message,
  );
  if (reason === 'ECONNREFUSED') return undefined;
  return reason === undefined
    ? `not called: the gateway at ${url} counts in its own memory and would not know; call through it`
    : `not called: ${url} does not tell whether a gateway runs there, which would not know (${reason})`;
}

function gatewayOf(config: Config, { token, tries }: { token: string; tries: readonly Try[] }): Config {
  const { accounts: _, anonymous: __, audit: ___, ...rest } = config;
  const accounts = new Map(tries.map(({ account }) => [account.name, account]));
  return {
    ...rest,
    listen: [{ host: '127.0.0.1', port: 0 }],
    admin: { host: '127.0.0.1', port: 0 },
    accounts,
    consumers: [
      {
        name: 'check',
        tokenSha256: hash('sha256', token),
        accounts: [...accounts.keys()],
        allow: [`GET ${TARGET}`],
      },
    ],
    limits: { ...config.limits, drainDelayMs: 0 },
  };
}

function verdictOf(
  { statusCode, headers }: Pick<Awaited<ReturnType<typeof request>>, 'statusCode' | 'headers'>,
  { credential }: Account,
): Omit<Finding, 'what'> {
  const ours = headers['x-gateway-error'];
  if (ours === 'quota-exceeded') {
    return { fine: false, says: `not called: its quota is spent; try again in ${headers['retry-after']} s` };
  }
  if (ours !== undefined) return { fine: false, says: `not answered: ${ours}; see the lines above` };
  if (statusCode < 300) return { fine: true, says: `answers ${statusCode}, request ${headers['x-cnc-request-id']}` };
  return { fine: false, says: `${refusalOf(statusCode, credential)} (${statusCode})` };
}

/** What a credential consists of, as the configuration calls it. */
const PARTS: Readonly<Record<Account['credential']['type'], string>> = {
  'access-key': 'accessKey and secretKey',
  'api-key': 'username and apiKey',
};

function refusalOf(statusCode: number, { type }: Account['credential']): string {
  const parts = PARTS[type];
  switch (statusCode) {
    case 401:
    case 462:
      return `the vendor refuses the credential: check ${parts}, that they are active, and the clock`;
    case 403:
      return `the vendor forbids it: check ${parts}, and that this user may list domains`;
    case 429:
    case 446:
      return 'the vendor is called too often: look for who else uses this account without the gateway';
    default:
      return 'the credential was not refused, and the call failed: try again, and look at `origin`';
  }
}
