import { collectDefaultMetrics, Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import { metricNames } from './metric-names.ts';
import { SeriesCounter, SeriesHistogram } from './telemetry-series.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.5, 2.5, 5, 10, 30];
const WAIT_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120, 300, 600];
const OVERHEAD_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.5];
const STORE_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.5];

/**
 * Creates the metrics of exchanges. Their labels come from configuration, catalogue and the lists in this code, never from a caller,
 * so their number is bounded: of each interface that is called a histogram of durations, one of waits, one per status of the vendor's,
 * and a counter per consumer, account and status. All 1302 interfaces with three statuses each make some 87,500 lines. What a reload
 * takes out of the configuration stays until the next start.
 *
 * @param wall ms since the epoch
 */
export function createMetrics(registry: Registry<OpenMetricsContentType>, wall: () => number) {
  const place = { registry, wall };
  collectDefaultMetrics({ register: registry });
  // These three gauges end in `_total`, which promtool refuses in a gauge.
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
  return {
    buildInfo: new Gauge({
      name: metricNames.buildInfo,
      help: 'Always 1; the labels tell what runs.',
      labelNames: ['version', 'node'] as const,
      registers: [registry],
    }),
    requests: new SeriesCounter({
      name: metricNames.requests,
      help: 'Requests of consumers by the status they got; reason is the error code where the gateway itself answered.',
      labelNames: ['consumer', 'account', 'interface', 'status', 'reason'] as const,
      ...place,
    }),
    requestDuration: new SeriesHistogram({
      name: metricNames.requestDuration,
      help: 'From the head of a request to the end of its answer.',
      labelNames: ['interface'] as const,
      buckets: BUCKETS,
      ...place,
    }),
    waitDuration: new SeriesHistogram({
      name: metricNames.waitDuration,
      help: 'How long those requests waited for their units that had to.',
      labelNames: ['interface'] as const,
      buckets: WAIT_BUCKETS,
      ...place,
    }),
    upstreamDuration: new SeriesHistogram({
      name: metricNames.upstreamDuration,
      help: 'From the first byte sent to the vendor to the head of its answer.',
      labelNames: ['interface', 'status'] as const,
      buckets: BUCKETS,
      ...place,
    }),
    overheadDuration: new SeriesHistogram({
      name: metricNames.overheadDuration,
      help: 'From the whole of a request to its first byte to the vendor, without its wait for quota.',
      labelNames: [],
      buckets: OVERHEAD_BUCKETS,
      ...place,
    }),
    vendorRefusals: new SeriesCounter({
      name: metricNames.vendorRefusals,
      help: 'Answers by which the vendor refused a call: throttled (446, 429), signature (462, 401) or permission (403).',
      labelNames: ['account', 'interface', 'reason'] as const,
      ...place,
    }),
    upstreamErrors: new SeriesCounter({
      name: metricNames.upstreamErrors,
      help: 'Calls to the vendor that had no answer.',
      labelNames: ['account', 'reason'] as const,
      ...place,
    }),
    storeDuration: new SeriesHistogram({
      name: metricNames.quotaStoreDuration,
      help: 'How long the quota store took to answer.',
      labelNames: ['operation', 'result'] as const,
      buckets: STORE_BUCKETS,
      ...place,
    }),
    decisions: new SeriesCounter({
      name: metricNames.quotaDecisions,
      help: 'Admissions and denials by the policy that decided.',
      labelNames: ['account', 'policy', 'decision'] as const,
      ...place,
    }),
    authenticationFailures: new SeriesCounter({
      name: metricNames.authenticationFailures,
      help: 'Requests that could not say who they are, by what they presented and why that was not enough.',
      labelNames: ['scheme', 'reason'] as const,
      ...place,
    }),
    localDenials: new SeriesCounter({
      name: metricNames.quotaLocalDenials,
      help: 'Denials from memory, of partitions that were found spent less than a second before.',
      labelNames: [],
      ...place,
    }),
    settlements: new SeriesCounter({
      name: metricNames.quotaSettlements,
      help: 'What became of admitted requests.',
      labelNames: ['account', 'outcome'] as const,
      ...place,
    }),
  };
}
