import { startGateway } from '../../src/app.ts';
import type { Account } from '../../src/catalog/account.ts';
import { Secret } from '../../src/catalog/secret.ts';
import type { Config } from '../../src/config/config.ts';
import type { Quotas } from '../../src/quota/policy.ts';
import { DEMO_ACCESS_KEY, DEMO_API_KEY, DEMO_SECRET_KEY, DEMO_USERNAME } from '../../src/sandbox/demo-credentials.ts';

/** Quotas that no test meets by accident. */
export const WIDE: Quotas = {
  account: { quota: 1_000_000, windowMs: 300_000 },
  interface: { quota: 1_000_000, windowMs: 300_000 },
  documentedLimits: 'ignore',
  marginMs: 1000,
  interfaces: new Map(),
};

/** The defaults, but for a shorter drain. */
export const LIMITS: Config['limits'] = {
  bodyBytes: 10 * 1024 * 1024,
  headersBytes: 16 * 1024,
  urlBytes: 8 * 1024,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 72_000,
  connections: 4096,
  eventLoopDelayMs: 1000,
  connectTimeoutMs: 5000,
  upstreamTimeoutMs: 30_000,
  graceMs: 30_000,
  drainDelayMs: 0,
  drainMs: 5000,
  inFlight: 512,
  waitMs: 120_000,
  waiting: 256,
};

/** Accounts that the sandbox's demo credentials sign for: `main` with an access key, `reports` with an API key. */
export function accountsAt(origin: string, quotas: Quotas = WIDE): Map<string, Account> {
  const common = { origin, quotas, forwardHeaders: [] };
  return new Map<string, Account>([
    [
      'main',
      {
        ...common,
        name: 'main',
        quotaAccount: 'main',
        credential: { type: 'access-key', accessKey: DEMO_ACCESS_KEY, secretKey: new Secret(DEMO_SECRET_KEY) },
      },
    ],
    [
      'reports',
      {
        ...common,
        name: 'reports',
        quotaAccount: 'reports',
        credential: { type: 'api-key', username: DEMO_USERNAME, apiKey: new Secret(DEMO_API_KEY) },
      },
    ],
  ]);
}

/** Quotas kept in a Redis of the test's own. */
export function redisStoreAt(url: string, { deadlineMs = 2000 } = {}): Config['store'] {
  return {
    type: 'redis',
    location: { server: { kind: 'single', url: new Secret(url) } },
    keyPrefix: 'test',
    whenDown: 'closed',
    coldStart: 'trust',
    deadlineMs,
  };
}

/** What a test sets itself; `anonymous: false` is for a gateway that wants tokens of everybody. */
type Overrides = Partial<Omit<Config, 'anonymous'>> & {
  readonly anonymous?: NonNullable<Config['anonymous']> | false;
  readonly quotas?: Quotas;
};

/** What a gateway on free loopback ports in front of `origin` is configured with. */
export function configAt(origin: string, overrides: Overrides = {}): Config {
  const { quotas, anonymous = { account: 'main', allow: ['*'] }, ...config } = overrides;
  return {
    listen: [{ host: '127.0.0.1', port: 0 }],
    admin: { host: '127.0.0.1', port: 0 },
    accounts: accountsAt(origin, quotas),
    store: { type: 'memory' },
    ...(anonymous === false ? {} : { anonymous }),
    consumers: [],
    limits: LIMITS,
    log: { level: 'info' },
    ...config,
  };
}

/** A gateway on free loopback ports in front of `origin`, with its log lines as objects. */
export async function startTestGateway(origin: string, overrides: Overrides = {}) {
  return startConfigured(configAt(origin, overrides));
}

/** A gateway with that configuration, with its log lines as objects. */
export async function startConfigured(config: Config) {
  const lines: Record<string, unknown>[] = [];
  const texts: string[] = [];
  const gateway = await startGateway(config, {
    version: '0.0.0',
    destination: {
      write(line: string) {
        texts.push(line);
        lines.push(JSON.parse(line));
      },
    },
  });
  const [url = ''] = gateway.listeners;
  return { ...gateway, url, log: lines, logText: () => texts.join('') };
}
