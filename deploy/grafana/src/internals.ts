import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricNames as metrics } from '../../../src/http/metric-names.ts';
import { layOut } from './lay-out.ts';
import { curves, figures } from './panels.ts';
import { labelVariable } from './variables.ts';

const REPLICA = 'instance=~"$instance"';
/** Metrics of Node itself have names that other programs have too. */
const NODE = `job=~"$job", ${REPLICA}`;
const EVERY = '[$__rate_interval]';

/** How the gateway itself fares, replica by replica. */
export const internals = layOut({
  uid: 'cdnetworks-gateway-internals',
  title: 'Internals',
  description: 'How do the replicas of the gateway fare: their event loops, their store, their connections?',
  variables: [labelVariable('job', metrics.buildInfo), labelVariable('instance', metrics.buildInfo)],
  marks: { 'configuration applied': `max by (instance) (changes(${metrics.configLoaded}{${REPLICA}}${EVERY})) > 0` },
  rows: {
    'Calls and configuration': [
      figures({
        title: 'Replicas',
        answers: 'How many replicas run, of which version, on which Node?',
        unit: units.Short,
        asks: { '{{version}} on {{node}}': `count by (version, node) (${metrics.buildInfo}{${REPLICA}})` },
        width: 4,
      }),
      figures({
        title: 'Configuration loaded',
        answers: 'How long ago did each replica load its configuration? All should be alike after a change.',
        unit: units.Seconds,
        asks: { '{{instance}}': `time() - ${metrics.configLoaded}{${REPLICA}}` },
        width: 4,
      }),
      curves({
        title: 'Configuration reloads',
        answers: 'Were changed configurations applied or refused?',
        unit: units.Short,
        asks: { '{{result}}': `sum by (result) (increase(${metrics.configReloads}{${REPLICA}}${EVERY}))` },
        width: 4,
      }),
      curves({
        title: 'In flight',
        answers: 'How many calls are under way? `limits.inFlight` bounds them.',
        unit: units.Short,
        asks: { '{{instance}}': `${metrics.inFlight}{${REPLICA}}` },
        width: 6,
      }),
      curves({
        title: 'Overhead',
        answers: 'How much time does the gateway itself add to calls, without waits for quota?',
        unit: units.Seconds,
        thresholds: { yellow: 0.01, red: 0.025 },
        asks: {
          '99 %': `histogram_quantile(0.99, sum by (le) (rate(${metrics.overheadDuration}_bucket{${REPLICA}}${EVERY})))`,
          half: `histogram_quantile(0.5, sum by (le) (rate(${metrics.overheadDuration}_bucket{${REPLICA}}${EVERY})))`,
        },
        width: 6,
      }),
    ],
    'Quota store': [
      curves({
        title: 'Store mode',
        answers:
          'How does the store fare for how many replicas: ready, recovering, unreachable, or on units of their own?',
        unit: units.Short,
        stacked: true,
        asks: { '{{mode}}': `sum by (mode) (${metrics.quotaStoreMode}{${REPLICA}})` },
        width: 5,
      }),
      curves({
        title: 'Store decides',
        answers: 'For which replicas does the store decide (1), and for which not (0)?',
        unit: units.Short,
        asks: { '{{instance}}': `${metrics.quotaStoreUp}{${REPLICA}}` },
        width: 4,
      }),
      curves({
        title: 'Store duration',
        answers: 'How long does one answer in a hundred of the store take, by what it is asked?',
        unit: units.Seconds,
        asks: {
          '{{operation}}': `histogram_quantile(0.99, sum by (le, operation) (rate(${metrics.quotaStoreDuration}_bucket{${REPLICA}}${EVERY})))`,
        },
        width: 5,
      }),
      curves({
        title: 'Store failures',
        answers: 'How often could the store not be asked?',
        unit: units.RequestsPerSecond,
        asks: {
          '{{operation}}': `sum by (operation) (rate(${metrics.quotaStoreDuration}_count{${REPLICA}, result="failed"}${EVERY}))`,
        },
        width: 5,
      }),
      curves({
        title: 'Age of quota figures',
        answers:
          'How old are the quota figures of the dashboards? Some seconds are right; they are read when they are scraped.',
        unit: units.Seconds,
        asks: { '{{account}}': `time() - max by (account) (${metrics.quotaRefreshed}{${REPLICA}})` },
        width: 5,
      }),
      curves({
        title: 'Outcomes',
        answers: 'What became of admitted calls: sent, not sent (the units go back), unknown, or throttled?',
        unit: units.RequestsPerSecond,
        stacked: true,
        asks: { '{{outcome}}': `sum by (outcome) (rate(${metrics.quotaSettlements}{${REPLICA}}${EVERY}))` },
        width: 8,
      }),
      curves({
        title: 'Denied from memory',
        answers:
          'How many calls are turned away without asking the store, because it just said when the next unit comes?',
        unit: units.RequestsPerSecond,
        asks: { '{{instance}}': `rate(${metrics.quotaLocalDenials}{${REPLICA}}${EVERY})` },
        width: 8,
      }),
      curves({
        title: 'Audit lines lost',
        answers: 'Were calls carried out that the audit log lacks?',
        unit: units.Short,
        asks: { '{{instance}}': `increase(${metrics.auditLinesLost}{${REPLICA}}${EVERY})` },
        width: 8,
      }),
    ],
    'Callers and connections': [
      curves({
        title: 'Failed authentications',
        answers: 'Who fails to say who they are, with what and why?',
        unit: units.RequestsPerSecond,
        asks: {
          '{{scheme}} {{reason}}': `sum by (scheme, reason) (rate(${metrics.authenticationFailures}{${REPLICA}}${EVERY}))`,
        },
        width: 6,
      }),
      curves({
        title: 'Connection faults',
        answers: 'How many connections of callers end before a request: bad handshakes, or too many at once?',
        unit: units.CountsPerSecond,
        asks: { '{{fault}}': `sum by (fault) (rate(${metrics.connectionFaults}{${REPLICA}}${EVERY}))` },
        width: 6,
      }),
      curves({
        title: 'Connections to CDNetworks',
        answers: 'How many connections are there, and how many calls wait for one?',
        unit: units.Short,
        asks: { '{{state}}': `sum by (state) (${metrics.upstreamConnections}{${REPLICA}})` },
        width: 6,
      }),
      curves({
        title: 'Clock skew',
        answers: "How far is CDNetworks's clock from ours? Signatures older than some minutes are refused.",
        unit: units.Seconds,
        asks: { '{{account}}': `max by (account) (abs(${metrics.clockSkew}{${REPLICA}}))` },
        width: 6,
      }),
    ],
    Process: [
      curves({
        title: 'Event loop delay',
        answers:
          'How late do turns of the event loop begin, at the 99th percentile? Above `limits.eventLoopDelay` calls are refused.',
        unit: units.Seconds,
        thresholds: { yellow: 0.1, red: 0.25 },
        asks: { '{{instance}}': `nodejs_eventloop_lag_p99_seconds{${NODE}}` },
        width: 6,
      }),
      curves({
        title: 'CPU',
        answers: 'How much of one core does each replica use?',
        unit: units.PercentUnit,
        asks: { '{{instance}}': `rate(process_cpu_seconds_total{${NODE}}${EVERY})` },
        width: 6,
      }),
      curves({
        title: 'Memory',
        answers: 'How much memory does each replica hold, and how much of it is live?',
        unit: units.BytesIEC,
        asks: {
          '{{instance}} resident': `process_resident_memory_bytes{${NODE}}`,
          '{{instance}} heap in use': `nodejs_heap_size_used_bytes{${NODE}}`,
        },
        width: 6,
      }),
      curves({
        title: 'Garbage collection',
        answers: 'Which share of its time does each replica spend on garbage?',
        unit: units.PercentUnit,
        asks: { '{{instance}}': `sum by (instance) (rate(nodejs_gc_duration_seconds_sum{${NODE}}${EVERY}))` },
        width: 3,
      }),
      curves({
        title: 'Files and sockets',
        answers: 'Which share of the open files that it may have does each replica have open?',
        unit: units.PercentUnit,
        thresholds: { yellow: 0.7, red: 0.9 },
        asks: { '{{instance}}': `process_open_fds{${NODE}} / process_max_fds{${NODE}}` },
        width: 3,
      }),
    ],
  },
});
