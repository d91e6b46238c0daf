import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { GatewayError } from '../errors.ts';
import { problemOf, statusOf } from './problem.ts';
import { createRequestIds } from './request-ids.ts';
import type { Telemetry } from './telemetry.ts';

/** What is known of a caller's connection. */
interface Connection {
  /**
   * The replies that haven't ended, oldest first. No Set: each that was left behind when it grew would keep the next alive, and with
   * these all replies since, until the whole heap is collected; that took a quarter of the gateway's CPU.
   */
  open: readonly FastifyReply[];
  /** To the last request whose head was read. */
  latest?: FastifyReply;
  /** It bears no further request. */
  retired?: true;
}

/** For a caller that still sends: closed at once, its connection would be reset, and a reset may overtake the answer. */
const LINGER_MS = 1000;

/** The connections of callers: who is owed an answer, and what becomes of requests that don't come whole. */
export class Connections {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #open = new Set<Connection>();
  readonly #newId = createRequestIds();
  readonly #telemetry: Telemetry;
  readonly #now: () => number;

  /** @param options.now monotonic ms */
  constructor({ telemetry, now }: { telemetry: Telemetry; now: () => number }) {
    this.#telemetry = telemetry;
    this.#now = now;
  }

  /** The head of a request was read. */
  begin(reply: FastifyReply): void {
    const connection = this.#of(reply.request.socket);
    connection.open = [...connection.open, reply];
    connection.latest = reply;
  }

  /** The response is over, whoever ended it. */
  end(reply: FastifyReply): void {
    const { socket } = reply.request;
    const connection = this.#of(socket);
    connection.open = connection.open.filter((other) => other !== reply);
    if (connection.retired && connection.open.length === 0) socket.destroySoon();
  }

  /** Ends a connection once its requests have their answers. Those that come on it from now on are not to be served. */
  retire(socket: Socket): void {
    const connection = this.#of(socket);
    connection.retired = true;
    if (connection.open.length === 0) socket.destroy();
  }

  isRetired({ request }: FastifyReply): boolean {
    return this.#of(request.socket).retired === true;
  }

  /** Ends a connection whose latest request doesn't come whole: with the error, if its caller can be told. */
  refuse(socket: Socket, error: GatewayError): void {
    const { open, latest } = this.#of(socket);
    const upload = latest?.request.raw.complete === false ? latest : undefined;
    // An earlier request on this connection is owed its answer; text of ours would be taken for it, or for a part of it.
    const owed = open.some(({ request }) => request.raw.complete);
    const canBeTold = !owed && error.code !== 'caller-left';
    if (upload === undefined) {
      this.#refuseUnread(socket, error, canBeTold);
    } else if (open.includes(upload)) {
      upload.request.exchange.error = error;
      if (canBeTold && !upload.sent) upload.send(error);
      else socket.destroy();
    } else {
      // It has its answer, a refusal that needed no body.
      socket.destroy();
    }
  }

  /** Refuses the uploads under way. The bodies that they still send are not read, and nothing of them was sent on. */
  refuseUploads(error: GatewayError): void {
    for (const reply of [...this.#open].flatMap(({ open }) => open)) {
      if (!reply.request.raw.complete) this.refuse(reply.request.socket, error);
    }
  }

  /** Ends a connection after an answer to a request whose body hasn't come: nobody reads it. */
  partWith(reply: FastifyReply): void {
    const { socket } = reply.request;
    reply.header('connection', 'close');
    // What Node calls after the answer.
    socket.destroySoon = () => {
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    };
  }

  /** Whether no later request of its connection waits for its answer: then the connection may end with this one. */
  isLast(reply: FastifyReply): boolean {
    return this.#of(reply.request.socket).latest === reply;
  }

  /**
   * Nothing came or went on a connection for `limits.idleTimeout`. It ends, unless a request waits for its quota or for the vendor:
   * then there is nothing that its caller could read. One that could, and doesn't, gets no more.
   */
  idle(socket: Socket): void {
    if (this.#of(socket).open.length > 0 && socket.writableLength === 0) socket.setTimeout(socket.timeout ?? 0);
    else socket.destroy();
  }

  #of(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { open: [] };
    this.#connections.set(socket, connection);
    this.#open.add(connection);
    // Node tells only the response whose turn it is that its connection has closed, not those of pipelined requests behind it.
    socket.once('close', () => {
      this.#open.delete(connection);
      delete connection.latest;
      for (const { raw } of connection.open) raw.destroy().emit('close');
    });
    return connection;
  }

  /** What Node can't read the head of has no request and no reply: the answer is written to the socket as text. */
  #refuseUnread(socket: Socket, error: GatewayError, canBeTold: boolean): void {
    const exchange = { id: this.#newId(), startedAt: this.#now(), method: 'none', error };
    const { remoteAddress } = socket;
    if (canBeTold) {
      socket.end(answerText(error, exchange.id));
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    } else {
      socket.destroy();
    }
    this.#telemetry.beginUnread();
    this.#telemetry.end(exchange, { status: canBeTold ? statusOf(error) : 499, left: !canBeTold, remoteAddress });
  }
}

function answerText(error: GatewayError, requestId: string): string {
  const status = statusOf(error);
  const problem = JSON.stringify(problemOf(error, requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(problem)}`,
    `x-gateway-error: ${error.code}`,
    'via: 1.1 cdnetworks-gateway',
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${problem}`;
}
