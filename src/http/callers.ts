import type { FastifyRequest } from 'fastify';
import type { Consumer } from '../catalog/consumer.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { authenticationLimited, consumerForbidden, consumerUnknown, GatewayError } from '../errors.ts';
import { FailedAuthentications, failureKey } from '../identify/failed-authentications.ts';
import { challengesOf, identify } from '../identify/identify.ts';
import { NotIdentified, type Presented, type Proof, type Proven } from '../identify/presented.ts';
import type { Clock } from '../quota/clock.ts';
import type { Gate } from '../quota/gate.ts';
import type { Exchange } from './exchange.ts';
import type { Heard } from './heard.ts';
import type { Stay } from './in-flight.ts';
import { presentedBy } from './presented-by.ts';
import { SignatureCounts } from './signature-counts.ts';
import { enterUnproven, leaveUnproven } from './unproven.ts';

type OnFailure = (failure: Pick<NotIdentified, 'scheme' | 'reason'>, exchange: Exchange) => void;

/**
 * Who calls: claims are heard from the head of a request, and proven once its body is here, if that takes the body. Until then a
 * request is a stranger's, whatever access key it names.
 */
export class Callers {
  readonly #failures = new FailedAuthentications();
  readonly #signatures: SignatureCounts;
  readonly #clock: Clock;
  readonly #useOnce: Gate['useOnce'];
  readonly #onFailure: OnFailure;
  readonly #bodyLimitBytes: number;

  /** @param options.onFailure told of every request that could not say who it is */
  constructor(options: { clock: Clock; useOnce: Gate['useOnce']; onFailure: OnFailure; bodyLimitBytes: number }) {
    this.#clock = options.clock;
    this.#signatures = new SignatureCounts(options.clock.monotonic);
    this.#useOnce = options.useOnce;
    this.#onFailure = options.onFailure;
    this.#bodyLimitBytes = options.bodyLimitBytes;
  }

  /**
   * Tells who a request says it is; `exchange.consumer` if that is proven.
   *
   * @throws `consumer-unknown`, or after too many of these from the same address `authentication-limited`; `overloaded` where too
   *   many wait for their proof
   */
  claim(
    request: FastifyRequest,
    {
      snapshot,
      stay,
      ...listener
    }: { snapshot: Snapshot; stay: Stay } & Pick<Presented, 'socketConsumer' | 'listenerHost'>,
  ): Consumer {
    const presented = presentedBy(request, listener);
    const { peer } = presented;
    const { exchange } = request;
    const { consumers } = snapshot;
    try {
      const claim = identify(presented, snapshot, this.#clock.wall());
      const { consumer, proof } = claim;
      const heard: Heard = { claim, peer, consumers, pending: false };
      exchange.heard = heard;
      if (proof === undefined) {
        exchange.consumer = consumer;
        return consumer;
      }
      exchange.claimed = consumer.name;
      const bytes = bodyBytes(request, this.#bodyLimitBytes);
      if (bytes > 0) {
        const key = failureKey(peer, proof.id);
        const failed = this.#failures.waitMs(key, this.#clock.monotonic()) > 0;
        enterUnproven(stay, { key, failed, bytes, bodyLimitBytes: this.#bodyLimitBytes });
        heard.pending = true;
      }
      return consumer;
    } catch (error) {
      throw this.#refusal(error, { exchange, peer, consumers });
    }
  }

  /**
   * Proves a claim that needs no body, so that nobody learns what a consumer may call by its name alone. Its target can be decoded by
   * now.
   *
   * @throws as `claim`, for a signature that doesn't fit
   */
  proveHead({ exchange }: FastifyRequest): void {
    const { heard } = exchange;
    if (heard?.claim.proof === undefined || heard.pending) return;
    try {
      heard.proven = heard.claim.proof.prove(Buffer.alloc(0), this.#clock.wall());
    } catch (error) {
      throw this.#refusal(error, { ...heard, exchange });
    }
  }

  /** What a request is told that may not do what it asks for: nothing of the consumer, while it hasn't proven to be that. */
  forbidden({ exchange }: FastifyRequest, error: unknown): unknown {
    const { heard } = exchange;
    const { proof } = heard?.claim ?? {};
    if (!heard?.pending || proof === undefined || !(error instanceof GatewayError)) return error;
    if (error.code !== 'consumer-forbidden') return error;
    this.#unproven(exchange, { peer: heard.peer, id: proof.id });
    return consumerForbidden('whoever this is may not make that call');
  }

  /**
   * Tells who a request has proven to be, and what a plus sign in its query means.
   *
   * @throws as `claim`, for a signature that doesn't fit or was used before; `quota-unavailable` if nobody can tell whether it was
   */
  async prove(request: FastifyRequest): Promise<{ consumer: Consumer } & Pick<Proven, 'plus'>> {
    const { exchange } = request;
    const { heard } = exchange;
    if (heard === undefined) throw new Error('nobody was heard');
    const { consumer, proof } = heard.claim;
    if (proof === undefined) return { consumer, plus: 'space' };
    try {
      this.#judged(exchange, heard, proof);
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
      const proven = heard.proven ?? proof.prove(body, this.#clock.wall());
      await this.#useUp(proven, { consumer, proof });
      exchange.consumer = consumer;
      return { consumer, plus: proven.plus };
    } catch (error) {
      throw this.#refusal(error, { ...heard, exchange });
    }
  }

  /** A request is over. One whose caller kept its proof back has failed to prove who it is. */
  ended({ exchange }: FastifyRequest): void {
    const { heard, error } = exchange;
    const { proof } = heard?.claim ?? {};
    if (!heard?.pending || proof === undefined) return;
    if (error === undefined || error.code === 'caller-left' || error.code === 'request-timeout') {
      this.#unproven(exchange, { peer: heard.peer, id: proof.id });
    }
  }

  #unproven(exchange: Exchange, { peer, id }: { peer: string; id: string }): void {
    this.#onFailure({ scheme: 'access-key', reason: 'unproven' }, exchange);
    this.#failures.add(failureKey(peer, id), this.#clock.monotonic());
  }

  #judged({ stay }: Exchange, heard: Heard, { id }: Proof): void {
    if (!heard.pending) return;
    heard.pending = false;
    if (stay !== undefined) leaveUnproven(stay, failureKey(heard.peer, id));
  }

  async #useUp({ usedUp }: Proven, { consumer, proof }: { consumer: Consumer; proof: Proof }): Promise<void> {
    this.#signatures.refuseBeyond(consumer);
    if (await this.#useOnce(usedUp)) return this.#signatures.add(consumer);
    const message = 'this signature was used before; a new one needs another second';
    throw new NotIdentified(message, { scheme: 'access-key', reason: 'replayed', id: proof.id });
  }

  #refusal(
    error: unknown,
    { exchange, peer, consumers }: Pick<Heard, 'peer' | 'consumers'> & { readonly exchange: Exchange },
  ): unknown {
    if (!(error instanceof NotIdentified)) return error;
    this.#onFailure(error, exchange);
    // Whose clock is wrong may know the secret: that is no failure of the key's.
    const key = failureKey(peer, error.reason === 'stale' ? undefined : error.id);
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

/** How large the body of a request may become, from its head. */
function bodyBytes({ headers }: FastifyRequest, limitBytes: number): number {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : limitBytes;
}
