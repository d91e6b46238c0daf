import { pino } from 'pino';

/** What the log has of an error. Libraries hang more on theirs: undici the bytes that it couldn't parse, the vendor's headers among them. */
export function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, code } = pino.stdSerializers.err(error);
  return { type, message, stack, ...(code === undefined ? {} : { code }) };
}
