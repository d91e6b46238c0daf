import type { Answer } from './answer.ts';

/** Why the sandbox refused a request before it counted towards any quota; the report counts refusals by it. */
export type RefusalCause =
  | 'no-credentials'
  | 'malformed'
  | 'unknown-key'
  | 'ambiguous'
  | 'bad-signature'
  | 'stale'
  | 'replay'
  | 'body-too-large'
  | 'aborted';

/** A refused request. The message is for the person who has to find out why; it never holds a secret. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 413 | 462;
  override readonly cause: RefusalCause;

  constructor(status: 400 | 401 | 413 | 462, cause: RefusalCause, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.cause = cause;
  }
}

/**
 * What a refused caller is answered. The bodies for 401 and 462 are those seen from the vendor, who never says why;
 * `x-sandbox-cause` does.
 */
export function refusalAnswer(refusal: Refusal): Answer {
  return {
    status: refusal.status,
    headers: { 'x-sandbox-cause': `${refusal.cause}: ${refusal.message}` },
    body: bodyOf(refusal),
  };
}

function bodyOf(refusal: Refusal): object {
  switch (refusal.status) {
    case 401:
      return { status: 0, result: 'The HTTP authorization header is bad: account name does not exist.' };
    case 462:
      return { status: 0, result: 'authorization is error! please check signature, accessKey!' };
    default:
      return { code: 'InvalidParameter', message: refusal.message };
  }
}
