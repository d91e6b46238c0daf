import { ecsFormat } from '@elastic/ecs-pino-format';
import { type DestinationStream, type Logger, pino } from 'pino';
import { errorFacts } from './error-facts.ts';

/** How the log is written. */
export interface LogOptions {
  readonly level: string;
  /** `pino` if not given. */
  readonly format?: 'pino' | 'ecs';
}

/** Opens the log: one JSON object a line, with pino's names or with those of the Elastic Common Schema. Both tell the same. */
export function createLog({ level, format = 'pino' }: LogOptions, destination: DestinationStream): Logger {
  if (format === 'pino') return pino({ level, serializers: { err: errorFacts } }, destination);
  const { formatters, ...ecs } = ecsFormat({ apmIntegration: false });
  const log = (facts: Record<string, unknown>) => formatters?.log?.(toEcs(facts)) ?? facts;
  return pino({ level, ...ecs, formatters: { ...formatters, log } }, destination);
}

/** Gives the facts of a line the names that the schema has for them; what it has none for stands under `cdnetworks`. */
function toEcs({ req, res, err, traceId, spanId, reqId, responseTime, ...rest }: Record<string, unknown>) {
  const { method, path, remoteAddress } = membersOf(req);
  const { type, message, stack, code } = membersOf(err === undefined ? undefined : errorFacts(err));
  return withoutAbsent({
    'http.request.method': method,
    'http.request.id': reqId,
    'url.path': path,
    'client.ip': remoteAddress,
    'http.response.status_code': membersOf(res)['statusCode'],
    'event.duration': typeof responseTime === 'number' ? Math.round(responseTime * 1e6) : undefined,
    'trace.id': traceId,
    'span.id': spanId,
    'error.type': type,
    'error.message': message,
    'error.stack_trace': stack,
    'error.code': code,
    cdnetworks: Object.keys(withoutAbsent(rest)).length > 0 ? rest : undefined,
  });
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function withoutAbsent(facts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
