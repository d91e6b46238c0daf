import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/**
 * The operator's port, never a consumer's: `/livez` (the process answers), `/readyz` (send it traffic), `/metrics`.
 *
 * @param options.draining true once the gateway stops taking new requests
 */
export function createAdmin(options: { registry: Registry; draining: () => boolean; store: string }): FastifyInstance {
  const { registry, draining, store } = options;
  const admin = Fastify({ logger: false });
  admin.get('/livez', async () => ({ status: 'ok' }));
  admin.get('/readyz', async (_request, reply) => {
    if (draining()) reply.code(503);
    return { status: draining() ? 'draining' : 'ready', store };
  });
  admin.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return admin;
}
