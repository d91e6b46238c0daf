import Fastify, { type FastifyInstance } from 'fastify';
import type { OpenMetricsContentType, Registry } from 'prom-client';
import { refuseForeignHost } from '../identify/web-page.ts';
import type { QuotaStore } from '../quota/store.ts';
import { createHttpServer, type ServerLimits } from './http-server.ts';
import { quotaReport } from './quota-report.ts';
import { type StatusParts, statusRoutes } from './status/routes.ts';
import { metricsText } from './telemetry-text.ts';

/** What the operator's port tells of. */
export interface AdminParts extends StatusParts {
  readonly registry: Registry<OpenMetricsContentType>;
  /** Reads the gauges. */
  readonly readGauges: () => Promise<void>;
  /** True once the gateway stops taking new requests. */
  readonly draining: () => boolean;
  readonly store: Pick<QuotaStore, 'mode' | 'usage'>;
  /** `memory` or `redis`. */
  readonly storeType: string;
  readonly limits: ServerLimits;
  /** Where it listens, as configured. */
  readonly host: string;
}

/**
 * The operator's port, never a consumer's: `/livez` (the process answers), `/readyz` (send it traffic), `/metrics`,
 * `/quota?account=NAME` (who has spent what), `/requests` (past requests by id), `/status`, and `/`, the same as a page.
 */
export function createAdmin(parts: AdminParts): FastifyInstance {
  const { registry, readGauges, draining, store, storeType, snapshot, limits } = parts;
  const admin = Fastify({ logger: false, serverFactory: (handler) => createHttpServer(handler, { limits }) });
  admin.addHook('onRequest', async (request, reply) => {
    const { raw, socket, headers } = request;
    // An account whose origin is this port: what a consumer sends must not come here.
    if (headers.via?.includes('cdnetworks-gateway')) {
      return reply.code(403).header('connection', 'close').send({ message: 'nothing is forwarded to this port' });
    }
    try {
      refuseForeignHost({ rawHeaders: raw.rawHeaders, peer: socket.remoteAddress ?? '', listenerHost: parts.host });
    } catch {
      // A page of some web site that is open in a browser here, by way of DNS.
      const message = 'over loopback the Host must be localhost, 127.0.0.1 or admin.host';
      return reply.code(403).header('connection', 'close').send({ message });
    }
    // Before a body is read, and whatever its type.
    if (request.is404) return reply.code(404).header('connection', 'close').send({ message: 'there is nothing here' });
  });
  admin.get('/livez', async () => ({ status: 'ok' }));
  admin.get('/readyz', async (_request, reply) => {
    const mode = store.mode();
    // Where the store can't decide every call is refused, so a replica that still reaches it is the better one.
    const ready = !draining() && (mode === 'ready' || mode === 'own');
    if (!ready) reply.code(503);
    return { status: draining() ? 'draining' : ready ? 'ready' : 'not ready', store: storeType, mode };
  });
  admin.get('/metrics', async (request, reply) => {
    await readGauges();
    const { type, text } = await metricsText(registry, request.headers.accept);
    return reply.type(type).send(text);
  });
  admin.get<{ Querystring: { account?: string } }>('/quota', async ({ query }, reply) => {
    const known = snapshot();
    const account = known.accounts.get(query.account ?? '');
    if (account === undefined) {
      return reply.code(404).send({ message: `account is one of: ${[...known.accounts.keys()].join(', ')}` });
    }
    try {
      return quotaReport(account, await store.usage(account.quotaAccount), known);
    } catch {
      return reply.code(503).send({ message: 'the quota store cannot be asked' });
    }
  });
  admin.register(statusRoutes, parts);
  return admin;
}
