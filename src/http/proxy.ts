import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Account } from '../catalog/account.ts';
import { accountOf, authorize, type Consumer, privilegedHeaders } from '../catalog/consumer.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { auditUnavailable, shuttingDown, targetTooLong } from '../errors.ts';
import type { Presented } from '../identify/presented.ts';
import { chargesOf } from '../quota/charges.ts';
import type { Gate, Patience } from '../quota/gate.ts';
import { signable } from '../signing/sign.ts';
import { parseTarget } from '../signing/target.ts';
import { toUpstreamRequest } from '../signing/upstream-request.ts';
import type { Callers } from './callers.ts';
import { forwarding } from './forward.ts';
import type { Bearer, InFlight } from './in-flight.ts';
import { patienceOf } from './patience.ts';
import { setRateLimit } from './problem.ts';
import { headerOf, METHODS, methodOf, refuseUnsound } from './request-head.ts';
import { forwardedHeaders } from './request-headers.ts';
import type { ChosenCredential, Rotation } from './rotation.ts';
import type { Upstreams } from './upstreams.ts';

/** What the flow of a request needs. Built by the composition root. */
export interface ProxyParts {
  /** The configuration as it is now. */
  readonly snapshot: () => Snapshot;
  readonly gate: Gate;
  readonly callers: Callers;
  /** The consumer that this listener's socket belongs to, or the host that it is on. */
  readonly listener: Pick<Presented, 'socketConsumer' | 'listenerHost'>;
  readonly rotation: Rotation;
  /** How far the account's vendor is ahead of this clock, where that matters for signing. */
  readonly correctionMs: (account: string) => number;
  /** Where calls that change something are to be recorded. */
  readonly audit: AuditLog | undefined;
  readonly upstreams: Upstreams;
  readonly limits: {
    readonly bodyBytes: number;
    readonly urlBytes: number;
    readonly waitMs: number;
  };
  /** True once the gateway drains: what is under way finishes, nothing new begins. */
  readonly draining: () => boolean;
  readonly inFlight: InFlight;
  /** What bears every request of this listener: the gateway, and the listener itself. */
  readonly bearers: readonly Bearer[];
  /** Whether one more request may wait. */
  readonly mayWait: () => boolean;
}

/**
 * The flow of one request: receive, identify, resolve, admit, sign, forward. `forward.ts` settles when the vendor answers,
 * `telemetry.ts` observes at the end. Each stage returns or throws; the error handler answers for those that throw.
 *
 * The server gives every request the URL `/` and keeps the caller's target in `originalUrl`, so that the target is parsed in one
 * place, `parseTarget`, and neither the router nor the proxy library has an opinion of its own.
 */
export async function proxy(server: FastifyInstance, parts: ProxyParts): Promise<void> {
  // Bodies are bytes: parsing JSON and writing it again would break big integers and escapes, and with them the signature.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: parts.limits.bodyBytes }, (_request, body, done) =>
    done(null, body),
  );

  // Needs only the head, so a stranger's body is never read.
  server.addHook('onRequest', async (request, reply) => {
    const { exchange } = request;
    const snapshot = parts.snapshot();
    if (parts.draining()) throw shuttingDown();
    const stay = parts.inFlight.stay();
    exchange.stay = stay;
    for (const bearer of parts.bearers) stay.enter(bearer);
    if (request.originalUrl.length > parts.limits.urlBytes) throw targetTooLong(parts.limits.urlBytes);
    const consumer = parts.callers.claim(request, { snapshot, stay, ...parts.listener });
    if (exchange.consumer === undefined) reply.raw.once('close', () => parts.callers.ended(request));
    refuseUnsound(request);
    exchange.method = methodOf(request);
    exchange.target = parseTarget(request.originalUrl);
    parts.callers.proveHead(request);
    try {
      resolve(request, { consumer, snapshot });
    } catch (error) {
      throw parts.callers.forbidden(request, error);
    }
    // A stranger, who may name any access key, takes no place of an account.
    if (exchange.consumer !== undefined && exchange.account) stay.enter(bearerOf(exchange.account));
  });

  // The body is there by now, so a slow upload never holds a permit.
  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { exchange } = request;
    const { account, apiInterface, method, target } = exchange;
    if (!account || !apiInterface || !target) throw new Error('not resolved');
    const isProven = exchange.consumer !== undefined;
    const { consumer, plus } = await parts.callers.prove(request);
    if (!isProven) exchange.stay?.enter(bearerOf(account));
    const upstreamRequest = toUpstreamRequest({
      method,
      target: plus === 'space' ? target : parseTarget(request.originalUrl, { plus }),
      origin: account.origin,
      headers: forwardedHeaders(request.headers, {
        privileged: privilegedHeaders(consumer, { account, sent: request.headers }),
        trace: exchange.trace,
      }),
      body: request.body instanceof Buffer ? request.body : undefined,
    });
    const unrecorded = () => !apiInterface.readOnly && parts.audit?.refuses === true;

    const admitted = async ({ which, credential }: ChosenCredential, patience?: Patience) => {
      if (unrecorded()) throw auditUnavailable();
      const { fingerprint, sign } = signable(upstreamRequest, credential);
      const { permit, states } = await parts.gate.admit(
        {
          account: account.quotaAccount,
          interfaceId: apiInterface.id,
          charges: chargesOf(account.quotas, apiInterface, consumer),
          marginMs: account.quotas.marginMs,
          consumer: consumer.name,
          clockSkewMs: parts.correctionMs(account.name),
          ...(fingerprint === undefined ? {} : { fingerprint }),
        },
        patience,
      );
      exchange.stay?.resume();
      // Both may have changed while it waited.
      if (request.socket.destroyed || unrecorded()) {
        await parts.gate.settle(permit, { kind: 'unsent' });
        if (!request.socket.destroyed) throw auditUnavailable();
        return undefined;
      }
      setRateLimit(reply, states);
      const signed = sign(permit.signingSecond);
      return { exchange, account, credential: which, label: apiInterface.label, request: signed, permit, states };
    };

    const call = await admitted(
      parts.rotation.credentialOf(account),
      patienceOf(request, reply, { consumer, ...parts }),
    );
    if (call === undefined) return reply;
    const again = async () => {
      const next = parts.rotation.nextOf(account);
      const second = next && !request.socket.destroyed ? await admitted(next) : undefined;
      if (second === undefined) return undefined;
      exchange.refusedCall = exchange.call;
      exchange.call = second;
      return second;
    };
    exchange.call = account.nextCredential && call.credential === 'first' ? { ...call, again } : call;
    return reply.from('/', forwarding);
  }

  await server.register(httpProxy, {
    upstream: 'http://upstream.invalid', // only its shape is used: the call names the account, the account its pool
    undici: parts.upstreams,
    routes: ['/'],
    httpMethods: [...METHODS],
    proxyPayloads: false,
    internalRewriteLocationHeader: false,
    disableRequestLogging: true,
    handler,
  });
}

/** Finds the account and the interface of a request. @throws `consumer-forbidden` */
function resolve(request: FastifyRequest, { consumer, snapshot }: { consumer: Consumer; snapshot: Snapshot }): void {
  const { exchange } = request;
  const { method, target } = exchange;
  if (target === undefined) throw new Error('nothing was parsed');
  const account = snapshot.accounts.get(accountOf(consumer, headerOf(request, 'x-gateway-account')));
  if (account === undefined) throw new Error('a consumer names an account that is not configured');
  exchange.account = account;
  privilegedHeaders(consumer, { account, sent: request.headers });
  exchange.apiInterface = snapshot.catalogue.find(method, target.matchPath);
  authorize(consumer, { method, matchPath: target.matchPath, apiInterface: exchange.apiInterface });
}

function bearerOf({ name, inFlight }: Account): Bearer {
  return { name: `account ${name}`, limit: inFlight };
}
