import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricNames as metrics } from '../../../src/http/metric-names.ts';
import { curves, figures } from './panels.ts';
import { ACCOUNT, EVERY } from './selectors.ts';

/** What CDNetworks refuses, leaves unanswered or answers late. */
export const vendorRow = [
  curves({
    title: 'Refused by CDNetworks',
    answers:
      'Does it throttle, refuse signatures, or lack a permission? Throttling means that quotas are wrong or others use the account.',
    unit: units.RequestsPerSecond,
    exemplars: true,
    asks: {
      '{{account}} {{reason}}': `sum by (account, reason) (rate(${metrics.vendorRefusals}{${ACCOUNT}}${EVERY}))`,
    },
    width: 6,
  }),
  curves({
    title: 'Not answered by CDNetworks',
    answers: 'Why did calls get no answer?',
    unit: units.RequestsPerSecond,
    asks: {
      '{{account}} {{reason}}': `sum by (account, reason) (rate(${metrics.upstreamErrors}{${ACCOUNT}}${EVERY}))`,
    },
    width: 6,
  }),
  curves({
    title: 'Slowest interfaces',
    answers: 'Which interfaces does CDNetworks answer last? The ten with the greatest 95th percentile.',
    unit: units.Seconds,
    exemplars: true,
    asks: {
      '{{interface}}': `topk(10, histogram_quantile(0.95, sum by (le, interface) (rate(${metrics.upstreamDuration}_bucket${EVERY}))))`,
    },
    width: 6,
  }),
  figures({
    title: 'Credential in use',
    answers: 'Which credential signs, of accounts with two? Replicas may differ while keys are changed.',
    unit: units.Short,
    none: 'no account has two',
    asks: {
      '{{account}} {{credential}}': `sum by (account, credential) (${metrics.credentialInUse}{${ACCOUNT}}) > 0`,
    },
    width: 3,
  }),
  curves({
    title: 'Credentials refused',
    answers: 'How many calls has CDNetworks refused for their credential?',
    unit: units.RequestsPerSecond,
    asks: {
      '{{account}} {{credential}}': `sum by (account, credential) (rate(${metrics.credentialRefusals}{${ACCOUNT}}${EVERY}))`,
    },
    width: 3,
  }),
];
