import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricNames as metrics } from '../../../src/http/metric-names.ts';
import { layOut } from './lay-out.ts';
import { curves, figures } from './panels.ts';
import { EVERY, REPLICA } from './selectors.ts';
import { storeRow } from './store-row.ts';
import { labelVariable } from './variables.ts';

/** Metrics of Node itself have names that other programs have too. */
const NODE = `job=~"$job", ${REPLICA}`;

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
        answers: 'How much time does the gateway itself add to calls, without uploads and waits for quota?',
        unit: units.Seconds,
        thresholds: { yellow: 0.01, red: 0.025 },
        asks: {
          '99 %': `histogram_quantile(0.99, sum by (le) (rate(${metrics.overheadDuration}_bucket{${REPLICA}}${EVERY})))`,
          half: `histogram_quantile(0.5, sum by (le) (rate(${metrics.overheadDuration}_bucket{${REPLICA}}${EVERY})))`,
        },
        width: 6,
      }),
    ],
    'Quota store': storeRow,
    'Callers and connections': [
      curves({
        title: 'Failed authentications',
        answers: 'Who fails to say who they are, with what and why?',
        unit: units.RequestsPerSecond,
        exemplars: true,
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
