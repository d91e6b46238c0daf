import type { FastifyInstance } from 'fastify';
import type { Snapshot } from '../../catalog/snapshot.ts';
import type { Lookup } from '../../lookup/lookup.ts';
import type { QuotaLook } from '../quota-look.ts';
import { BadQuery, readExchangeQuery } from './exchange-query.ts';
import type { Search } from './exchanges-view.ts';
import { type GatewayStatus, gatewayStatus, type StatusFacts } from './gateway-status.ts';
import { statusPage } from './page.ts';
import { SCRIPT } from './script.ts';
import { ICON, STYLE } from './style.ts';

/** With a store that doesn't answer, `/status` tells what it knows in 100 ms. */
const LOOK_MS = 70;
/** A search through all that Redis has may take longer, and then what this process knows is the answer. */
const SEARCH_MS = 2000;
const REFUSALS = 8;

/** What the status is made of. */
export interface StatusParts {
  readonly look: QuotaLook;
  readonly lookup: Lookup;
  readonly snapshot: () => Snapshot;
  /** All but the accounts. */
  readonly facts: () => Omit<StatusFacts, 'accounts'>;
}

/** Calls of consumers are told of: nobody keeps a copy, no other site shows it in a frame, and nothing runs that isn't ours. */
const GUARDS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
} as const;

/** `/` for people, `/status` and `/requests` for programs. */
export async function statusRoutes(admin: FastifyInstance, parts: StatusParts): Promise<void> {
  const { lookup } = parts;
  admin.addHook('onRequest', async (_request, reply) => void reply.headers(GUARDS));

  admin.get('/status', async () => statusOf(parts));

  admin.get<{ Querystring: Record<string, unknown> }>('/requests', async ({ query }, reply) => {
    try {
      return await lookup.find(readExchangeQuery(query), SEARCH_MS);
    } catch (error) {
      if (!(error instanceof BadQuery)) throw error;
      return reply.code(400).send({ message: error.message });
    }
  });

  admin.get<{ Querystring: Record<string, unknown> }>('/', async ({ query }, reply) => {
    const [status, refusals, search] = await Promise.all([
      statusOf(parts),
      lookup.find({ refused: true, limit: REFUSALS }, LOOK_MS),
      searchFor(query, lookup),
    ]);
    if (search?.fault !== undefined) reply.code(400);
    reply.type('text/html; charset=utf-8');
    return statusPage({ status, refusals, ...(search && { search }) });
  });

  for (const [path, { type, text }] of Object.entries(FILES)) {
    admin.get(path, async (_request, reply) => reply.type(type).send(text));
  }
}

const FILES = {
  '/status.css': { type: 'text/css; charset=utf-8', text: STYLE },
  '/status.js': { type: 'text/javascript; charset=utf-8', text: SCRIPT },
  '/status.svg': { type: 'image/svg+xml', text: ICON },
} as const;

async function statusOf({ look, snapshot, facts }: StatusParts): Promise<GatewayStatus> {
  await look.refreshWithin(LOOK_MS);
  const accounts = [...snapshot().accounts.values()].map((account) => ({
    account,
    known: look.lastKnown(account.name),
  }));
  return gatewayStatus({ ...facts(), accounts });
}

/** Undefined if nothing is looked for. */
async function searchFor(query: Readonly<Record<string, unknown>>, lookup: Lookup): Promise<Search | undefined> {
  const given = Object.entries(query).filter(([, value]) => String(value).trim() !== '');
  if (given.length === 0) return undefined;
  const asked = Object.fromEntries(given.map(([name, value]) => [name, String(value).trim()]));
  try {
    return { asked, found: await lookup.find(readExchangeQuery(query), SEARCH_MS) };
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    return { asked, fault: error.message };
  }
}
