import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';

const PREFIX = 'cdnetworks_gateway_';
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.5, 2.5, 5, 10, 30];
const WAIT_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120, 300, 600];

/**
 * Creates the metrics of exchanges. Their labels come from configuration and catalogue, so their number is bounded.
 *
 * @param waiting how many requests wait for their units
 */
export function createMetrics(registry: Registry, waiting: () => number) {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // These three gauges end in `_total`, which promtool refuses in a gauge.
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
  return {
    buildInfo: new Gauge({
      name: `${PREFIX}build_info`,
      help: 'Always 1; the labels tell what runs.',
      labelNames: ['version', 'node'] as const,
      registers,
    }),
    requests: new Counter({
      name: `${PREFIX}requests_total`,
      help: 'Requests of consumers by the status they got; reason is the error code where the gateway itself answered.',
      labelNames: ['consumer', 'account', 'interface', 'status', 'reason'] as const,
      registers,
    }),
    requestDuration: new Histogram({
      name: `${PREFIX}request_duration_seconds`,
      help: 'From the head of a request to the end of its answer.',
      labelNames: ['interface'] as const,
      buckets: BUCKETS,
      registers,
    }),
    waiting: new Gauge({
      name: `${PREFIX}waiting`,
      help: 'Requests that wait for their units.',
      registers,
      collect() {
        this.set(waiting());
      },
    }),
    waitDuration: new Histogram({
      name: `${PREFIX}wait_duration_seconds`,
      help: 'How long those requests waited for their units that had to.',
      labelNames: ['interface'] as const,
      buckets: WAIT_BUCKETS,
      registers,
    }),
    upstreamDuration: new Histogram({
      name: `${PREFIX}upstream_duration_seconds`,
      help: 'From the first byte sent to the vendor to the head of its answer.',
      labelNames: ['interface', 'status'] as const,
      buckets: BUCKETS,
      registers,
    }),
    decisions: new Counter({
      name: `${PREFIX}quota_decisions_total`,
      help: 'Admissions and denials by the policy that decided.',
      labelNames: ['account', 'policy', 'decision'] as const,
      registers,
    }),
    authenticationFailures: new Counter({
      name: `${PREFIX}authentication_failures_total`,
      help: 'Requests that could not say who they are, by what they presented and why that was not enough.',
      labelNames: ['scheme', 'reason'] as const,
      registers,
    }),
    localDenials: new Counter({
      name: `${PREFIX}quota_local_denials_total`,
      help: 'Denials from memory, of partitions that were found spent less than a second before.',
      registers,
    }),
    settlements: new Counter({
      name: `${PREFIX}quota_settlements_total`,
      help: 'What became of admitted requests.',
      labelNames: ['account', 'outcome'] as const,
      registers,
    }),
  };
}
