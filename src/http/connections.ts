import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { GatewayError } from '../errors.ts';
import { problemOf, statusOf } from './problem.ts';
import { createRequestIds } from './request-ids.ts';
import type { Telemetry } from './telemetry.ts';

/** What is known of a caller's connection. */
interface Connection {
  /** The replies that haven't ended. */
  readonly open: Set<FastifyReply>;
  /** To the last request whose head was read. */
  latest?: FastifyReply;
}

/** For a caller that still sends: closed at once, its connection would be reset, and a reset may overtake the answer. */
const LINGER_MS = 1000;

/** The connections of callers: who is owed an answer, and what becomes of requests that don't come whole. */
export class Connections {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #open = new Set<FastifyReply>();
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
    connection.open.add(reply);
    connection.latest = reply;
    this.#open.add(reply);
  }

  /** The response is over, whoever ended it. */
  end(reply: FastifyReply): void {
    this.#of(reply.request.socket).open.delete(reply);
    this.#open.delete(reply);
  }

  /** Ends a connection whose latest request doesn't come whole: with the error, if its caller can be told. */
  refuse(socket: Socket, error: GatewayError): void {
    const { open, latest } = this.#of(socket);
    const upload = latest?.request.raw.complete === false ? latest : undefined;
    // An earlier request on this connection is owed its answer; text of ours would be taken for it, or for a part of it.
    const owed = [...open].some(({ request }) => request.raw.complete);
    const canBeTold = !owed && error.code !== 'caller-left';
    if (upload === undefined) {
      this.#refuseUnread(socket, error, canBeTold);
    } else if (open.has(upload)) {
      upload.request.exchange.error = error;
      if (canBeTold && !upload.sent) upload.header('connection', 'close').send(error);
      else socket.destroy();
    } else {
      // It has its answer, a refusal that needed no body.
      socket.destroy();
    }
  }

  /** Refuses the uploads under way. The bodies that they still send are not read, and nothing of them was sent on. */
  refuseUploads(error: GatewayError): void {
    for (const reply of this.#open) {
      if (!reply.request.raw.complete) this.refuse(reply.request.socket, error);
    }
  }

  #of(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { open: new Set() };
    this.#connections.set(socket, connection);
    // Node tells only the response whose turn it is that its connection has closed, not those of pipelined requests behind it.
    socket.once('close', () => {
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
    this.#telemetry.begin();
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
