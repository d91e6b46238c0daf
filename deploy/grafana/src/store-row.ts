import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricNames as metrics } from '../../../src/http/metric-names.ts';
import { curves } from './panels.ts';
import { EVERY, REPLICA } from './selectors.ts';

/** How the quota store fares, and what is done with its decisions. */
export const storeRow = [
  curves({
    title: 'Store mode',
    answers: 'How does the store fare for how many replicas: ready, recovering, unreachable, or on units of their own?',
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
    answers: 'How many calls are turned away without asking the store, because it just said when the next unit comes?',
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
];
