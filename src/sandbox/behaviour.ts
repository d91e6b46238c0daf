import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import type { EncodedAnswer } from './answer.ts';
import type { Arrival } from './arrival.ts';

const HOUR_MS = 3_600_000;
const strict = { additionalProperties: false } as const;
const duration = Type.Optional(Type.Number({ minimum: 0, maximum: HOUR_MS }));

const Behaviour = Type.Object(
  {
    /** Which requests; each member that is there has to fit. All of them without it. */
    match: Type.Optional(
      Type.Object({ method: Type.Optional(Type.String()), path: Type.Optional(Type.String()) }, strict),
    ),
    /** How many requests; all of them without it. */
    times: Type.Optional(Type.Integer({ minimum: 1 })),
    delayMs: duration,
    /** Added to the delay: anything from 0 to this, with equal chances. */
    jitterMs: duration,
    fault: Type.Optional(Type.Enum(['reset', 'reset-mid-body', 'stall', 'stall-mid-body', 'truncate'])),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 999 })),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
        Type.String({ pattern: '^[\\t -~]*$' }),
        strict,
      ),
    ),
    body: Type.Optional(Type.String()),
    /** Size of a generated body, when `body` isn't there. */
    bodyBytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 * 1024 * 1024 })),
  },
  strict,
);

/** A rule of how the sandbox treats requests that it would have served. `match.path` is a prefix of the raw path. */
export type Behaviour = Readonly<Static<typeof Behaviour>>;

/**
 * What goes wrong on the wire: the connection is reset (`reset`), or nothing comes (`stall`), before the answer or after half of
 * its body; `truncate` ends the connection in good order after half of the body.
 */
export type Fault = NonNullable<Behaviour['fault']>;

/** Checks a rule. @throws TypeError that says what is wrong and where */
export function parseBehaviour(value: unknown): Behaviour {
  if (Value.Check(Behaviour, value)) return value;
  const mistakes = Value.Errors(Behaviour, value).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
  );
  throw new TypeError(`not a behaviour: ${mistakes.join(', ')}`);
}

/** The rules in force. */
export class BehaviourList {
  #rules: { readonly behaviour: Behaviour; left: number }[] = [];

  add(behaviour: Behaviour): void {
    this.#rules.unshift({ behaviour, left: behaviour.times ?? Number.POSITIVE_INFINITY });
  }

  /** Uses up one turn of the latest rule that fits; an empty rule if none does. */
  take(arrival: Arrival): Behaviour {
    const rule = this.#rules.find(({ behaviour }) => fits(behaviour, arrival));
    if (!rule) return {};
    rule.left -= 1;
    if (rule.left === 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule.behaviour;
  }

  clear(): void {
    this.#rules = [];
  }
}

/** The answer as a rule wants it. A status without a body gets one in the vendor's general error shape. */
export function override(answer: EncodedAnswer, behaviour: Behaviour): EncodedAnswer {
  const { status, headers = {} } = behaviour;
  const bytes = bodyOf(behaviour);
  const { 'content-encoding': _encodingOfTheOldBody, ...kept } = answer.headers;
  return {
    status: status ?? answer.status,
    headers: {
      ...(bytes ? { ...kept, 'content-type': 'application/json' } : answer.headers),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    },
    bytes: bytes ?? answer.bytes,
  };
}

function fits({ match = {} }: Behaviour, { method, path }: Arrival): boolean {
  return (match.method ?? method) === method && path.startsWith(match.path ?? '');
}

function bodyOf({ status, body, bodyBytes }: Behaviour): Buffer | undefined {
  if (body !== undefined) return Buffer.from(body);
  if (bodyBytes !== undefined) return Buffer.alloc(bodyBytes, 'x');
  return status === undefined
    ? undefined
    : Buffer.from(JSON.stringify({ code: `Sandbox${status}`, message: 'the sandbox was told to answer so' }));
}
