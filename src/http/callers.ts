import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Consumer } from '../catalog/consumer.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { authenticationLimited, consumerUnknown } from '../errors.ts';
import { FailedAuthentications, failureKey } from '../identify/failed-authentications.ts';
import { challengesOf, identify } from '../identify/identify.ts';
import {
  type Claim,
  NotIdentified,
  type Presented,
  type Proof,
  type Proven,
  UNIX_SOCKET,
} from '../identify/presented.ts';
import { REMEMBERED_MS } from '../identify/tolerance.ts';
import type { Clock } from '../quota/clock.ts';
import type { Gate } from '../quota/gate.ts';

/** A request whose claim was heard, and what is needed to judge it. */
interface Heard {
  readonly claim: Claim<Consumer>;
  readonly peer: string;
  readonly consumers: Snapshot['consumers'];
}

/** Who calls: claims are heard from the head of a request, and proven once its body is here, if that takes the body. */
export class Callers {
  readonly #heard = new WeakMap<FastifyRequest, Heard>();
  readonly #failures = new FailedAuthentications();
  readonly #clock: Clock;
  readonly #useOnce: Gate['useOnce'];
  readonly #onFailure: (failure: Pick<NotIdentified, 'scheme' | 'reason'>) => void;

  /** @param options.onFailure told of every request that could not say who it is */
  constructor(options: {
    clock: Clock;
    useOnce: Gate['useOnce'];
    onFailure: (failure: Pick<NotIdentified, 'scheme' | 'reason'>) => void;
  }) {
    this.#clock = options.clock;
    this.#useOnce = options.useOnce;
    this.#onFailure = options.onFailure;
  }

  /**
   * Tells who a request says it is.
   *
   * @throws `consumer-unknown`; `authentication-limited` after too many of these from the same address, for requests that fail and
   *   for claims that would have to be proven
   */
  claim(
    request: FastifyRequest,
    { snapshot, ...listener }: { snapshot: Snapshot } & Pick<Presented, 'socketConsumer' | 'listenerHost'>,
  ): Consumer {
    const presented = presentedBy(request, listener);
    const { peer } = presented;
    const { consumers } = snapshot;
    try {
      const claim = identify(presented, snapshot, this.#clock.wall());
      const { consumer, proof } = claim;
      if (proof !== undefined) this.#refuseLimited(failureKey(peer, proof.id));
      this.#heard.set(request, { claim, peer, consumers });
      if (proof === undefined) request.exchange.consumer = consumer;
      else request.exchange.claimed = consumer.name;
      return consumer;
    } catch (error) {
      throw this.#refusal(error, { peer, consumers });
    }
  }

  /**
   * Tells who a request has proven to be, and what a plus sign in its query means.
   *
   * @throws as `claim`, for a signature that doesn't fit or was used before; `quota-unavailable` if nobody can tell whether it was
   */
  async prove(request: FastifyRequest): Promise<{ consumer: Consumer } & Pick<Proven, 'plus'>> {
    const heard = this.#heard.get(request);
    if (heard === undefined) throw new Error('nobody was heard');
    const { consumer, proof } = heard.claim;
    if (proof === undefined) return { consumer, plus: 'space' };
    try {
      const { plus } = await this.#useUp(proof, request.body instanceof Buffer ? request.body : Buffer.alloc(0));
      request.exchange.consumer = consumer;
      return { consumer, plus };
    } catch (error) {
      throw this.#refusal(error, heard);
    }
  }

  async #useUp(proof: Proof, body: Buffer): Promise<Proven> {
    const proven = proof.prove(body);
    if (await this.#useOnce({ name: proven.usedUp, forMs: REMEMBERED_MS })) return proven;
    const message = 'this signature was used before; a new one needs another second';
    throw new NotIdentified(message, { scheme: 'access-key', reason: 'replayed', id: proof.id });
  }

  #refuseLimited(key: string): void {
    const waitMs = this.#failures.waitMs(key, this.#clock.monotonic());
    if (waitMs === 0) return;
    this.#onFailure({ scheme: 'access-key', reason: 'limited' });
    throw authenticationLimited('this access key was not proven from this address', waitMs);
  }

  #refusal(error: unknown, { peer, consumers }: Pick<Heard, 'peer' | 'consumers'>): unknown {
    if (!(error instanceof NotIdentified)) return error;
    this.#onFailure(error);
    const key = failureKey(peer, error.id);
    const now = this.#clock.monotonic();
    const waitMs = this.#failures.waitMs(key, now);
    if (waitMs > 0) return authenticationLimited(error.message, waitMs);
    // Whoever repeats itself has proven that it knows the secret.
    if (error.reason !== 'replayed') this.#failures.add(key, now);
    const challenges = challengesOf(consumers);
    // RFC 9110, section 11.6.1 wants one, also where none would help.
    return consumerUnknown(error.message, challenges.length > 0 ? challenges : ['Bearer']);
  }
}

function presentedBy(request: FastifyRequest, listener: Pick<Presented, 'socketConsumer' | 'listenerHost'>): Presented {
  const { raw, socket, originalUrl } = request;
  return {
    method: request.method,
    target: originalUrl,
    rawHeaders: raw.rawHeaders,
    peer: peerOf(request),
    certificate: () => (isVerified(socket) ? socket.getPeerX509Certificate() : undefined),
    ...listener,
  };
}

/**
 * The other end of the connection. That it has no address means a unix socket only where the listener is one: a TCP connection that
 * was reset has none either, and nobody may become trusted by that.
 */
function peerOf({ socket, server }: FastifyRequest): string {
  return typeof server.server.address() === 'string' ? UNIX_SOCKET : (socket.remoteAddress ?? 'unknown');
}

function isVerified(socket: Socket): socket is TLSSocket {
  return socket instanceof TLSSocket && socket.authorized;
}
