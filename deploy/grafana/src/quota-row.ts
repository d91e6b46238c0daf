import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricNames as metrics } from '../../../src/http/metric-names.ts';
import { bars, curves, figures } from './panels.ts';
import { ACCOUNT, EVERY } from './selectors.ts';

/** How quotas stand, whom they turn away, and who waits. */
export const quotaRow = [
  bars({
    title: 'Used by interface',
    answers: 'Which interfaces have taken most units of the window? At most twenty per account.',
    unit: units.Short,
    asks: {
      '{{account}} {{interface}}': `sort_desc(max by (account, interface) (${metrics.quotaInterfaceUsed}{${ACCOUNT}}))`,
    },
    width: 8,
  }),
  curves({
    title: 'Units left',
    answers: 'How many calls does each quota still admit?',
    unit: units.Short,
    asks: { '{{account}} {{policy}}': `min by (account, policy) (${metrics.quotaRemaining}{${ACCOUNT}})` },
    width: 8,
  }),
  figures({
    title: 'Next unit in',
    answers: 'How long does it take until a spent quota admits another call? 0 where there is room.',
    unit: units.Seconds,
    thresholds: { yellow: 1, red: 60 },
    asks: {
      '{{account}} {{policy}}': `clamp_min(max by (account, policy) (${metrics.quotaNextUnit}{${ACCOUNT}}) - time(), 0)`,
    },
    width: 8,
  }),
  curves({
    title: 'Denied, by quota',
    answers: 'Which quotas turn calls away?',
    unit: units.RequestsPerSecond,
    asks: {
      '{{account}} {{policy}}': `sum by (account, policy) (rate(${metrics.quotaDecisions}{${ACCOUNT}, decision="denied"}${EVERY}))`,
    },
    width: 6,
  }),
  curves({
    title: 'Denied, by consumer',
    answers: 'Whose calls are turned away?',
    unit: units.RequestsPerSecond,
    exemplars: true,
    asks: {
      '{{consumer}}': `sum by (consumer) (rate(${metrics.requests}{${ACCOUNT}, reason="quota-exceeded"}${EVERY}))`,
    },
    width: 6,
  }),
  curves({
    title: 'Waiting',
    answers: 'How many calls wait for their units, in all replicas?',
    unit: units.Short,
    asks: { waiting: `sum(${metrics.waiting})` },
    width: 6,
  }),
  curves({
    title: 'Waited',
    answers: 'How long did calls wait that had to?',
    unit: units.Seconds,
    asks: {
      '95 %': `histogram_quantile(0.95, sum by (le) (rate(${metrics.waitDuration}_bucket${EVERY})))`,
      half: `histogram_quantile(0.5, sum by (le) (rate(${metrics.waitDuration}_bucket${EVERY})))`,
    },
    width: 6,
  }),
];
