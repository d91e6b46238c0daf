import type { Logger } from 'pino';
import { Counter, type OpenMetricsContentType, type Registry } from 'prom-client';
import { metricNames } from './metric-names.ts';
import { createSparing } from './sparing.ts';

/** Why a connection ended before there was a request: no good handshake, or one connection too many. */
export type ConnectionFault = 'handshake' | 'too-many';

/** A stranger can fail as often as it likes; of each kind there is a line this often at most. */
const LINE_EVERY_MS = 60_000;

/**
 * Tells of connections that came to nothing. Each is counted; the log has the first, then one line a minute at most, with how many
 * there were since the last.
 *
 * @param options.now monotonic ms
 */
export function createConnectionTelemetry(options: {
  log: Logger;
  registry: Registry<OpenMetricsContentType>;
  now: () => number;
}): (fault: ConnectionFault, facts: { cause?: string; remoteAddress?: string | undefined }) => void {
  const { log, registry, now } = options;
  const faults = new Counter({
    name: metricNames.connectionFaults,
    help: 'Connections that ended before a request: failed TLS handshakes, and those beyond limits.connections.',
    labelNames: ['fault'] as const,
    registers: [registry],
  });
  const sparing = createSparing({ now, everyMs: LINE_EVERY_MS });
  return (fault, { cause, remoteAddress }) => {
    faults.inc({ fault });
    sparing(fault, (count) => log.warn({ fault, cause, req: { remoteAddress }, count }, 'connection refused'));
  };
}
