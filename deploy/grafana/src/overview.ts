import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricNames as metrics } from '../../../src/http/metric-names.ts';
import { layOut } from './lay-out.ts';
import { bars, curves, figures } from './panels.ts';
import { quotaRow } from './quota-row.ts';
import { ACCOUNT, EVERY } from './selectors.ts';
import { labelVariable } from './variables.ts';
import { vendorRow } from './vendor-row.ts';

/** Why the gateway itself fails a call that it could have sent. */
const OWN_FAULT = 'reason=~"internal|overloaded|quota-unavailable|audit-unavailable"';
/** Calls that went to the vendor, answered or not. */
const SENT = 'reason=~"none|upstream-.*"';

/** How quotas stand, who uses them, and whose fault it is. */
export const overview = layOut({
  uid: 'cdnetworks-gateway-overview',
  title: 'Overview',
  description: 'Will the quotas last, who uses them, and is it the gateway or CDNetworks that fails?',
  variables: [labelVariable('account', metrics.quotaLimit)],
  marks: {
    'configuration applied': `max(changes(${metrics.configLoaded}${EVERY})) > 0`,
    'next credential in use': `sum by (account) (increase(${metrics.credentialSwitches}${EVERY})) > 0`,
  },
  rows: {
    'Will we run out, who uses it, is it us or CDNetworks?': [
      bars({
        title: 'Quota used',
        answers: 'Which share of each quota is spent now? For interfaces, of the one with least left.',
        unit: units.PercentUnit,
        max: 1,
        thresholds: { yellow: 0.7, red: 0.9 },
        asks: {
          '{{account}} {{policy}}': `max by (account, policy) (${metrics.quotaUsed}{${ACCOUNT}}) / max by (account, policy) (${metrics.quotaLimit}{${ACCOUNT}})`,
        },
        width: 6,
      }),
      figures({
        title: 'Exhausted in',
        answers: 'When is a quota spent, if its window goes on filling as fast as in the last minutes?',
        unit: units.Seconds,
        thresholds: { yellow: 600, red: 120 },
        none: 'not at this rate',
        asks: {
          '{{account}} {{policy}}': `min by (account, policy) (${metrics.quotaRemaining}{${ACCOUNT}}) / (max by (account, policy) (deriv(${metrics.quotaUsed}{${ACCOUNT}}${EVERY})) > 0)`,
        },
        width: 5,
      }),
      curves({
        title: 'Who uses it',
        answers: 'How many units does each consumer take? The ten that take most.',
        unit: units.RequestsPerSecond,
        stacked: true,
        asks: {
          '{{consumer}}': `topk(10, sum by (consumer) (rate(${metrics.requests}{${ACCOUNT}, ${SENT}}${EVERY})))`,
        },
        width: 7,
      }),
      curves({
        title: 'Us or CDNetworks',
        answers:
          'Who fails calls: CDNetworks with 5xx or no answer, or the gateway itself? Refused calls are no failures.',
        unit: units.RequestsPerSecond,
        exemplars: true,
        asks: {
          'CDNetworks answers 5xx': `sum(rate(${metrics.requests}{${ACCOUNT}, reason="none", status=~"5.."}${EVERY}))`,
          'CDNetworks does not answer': `sum(rate(${metrics.requests}{${ACCOUNT}, reason=~"upstream-.*"}${EVERY}))`,
          'the gateway fails': `sum(rate(${metrics.requests}{${OWN_FAULT}}${EVERY}))`,
        },
        width: 6,
      }),
    ],
    Requests: [
      curves({
        title: 'Requests by status',
        answers: 'How many calls come in, and what do callers get?',
        unit: units.RequestsPerSecond,
        stacked: true,
        exemplars: true,
        asks: { '{{status}}': `sum by (status) (rate(${metrics.requests}{account=~"$account|none"}${EVERY}))` },
        width: 8,
      }),
      curves({
        title: 'Refused by the gateway',
        answers: 'Which errors does the gateway itself answer with? The reasons are those of `x-gateway-error`.',
        unit: units.RequestsPerSecond,
        stacked: true,
        exemplars: true,
        asks: {
          '{{reason}}': `sum by (reason) (rate(${metrics.requests}{account=~"$account|none", reason!="none"}${EVERY}))`,
        },
        width: 8,
      }),
      curves({
        title: 'Duration',
        answers:
          'How long do calls take in all, and how long does CDNetworks take? The difference is waiting and the gateway.',
        unit: units.Seconds,
        exemplars: true,
        asks: {
          'in all, 99 %': `histogram_quantile(0.99, sum by (le) (rate(${metrics.requestDuration}_bucket${EVERY})))`,
          'in all, half': `histogram_quantile(0.5, sum by (le) (rate(${metrics.requestDuration}_bucket${EVERY})))`,
          'CDNetworks, 99 %': `histogram_quantile(0.99, sum by (le) (rate(${metrics.upstreamDuration}_bucket${EVERY})))`,
          'CDNetworks, half': `histogram_quantile(0.5, sum by (le) (rate(${metrics.upstreamDuration}_bucket${EVERY})))`,
        },
        width: 8,
      }),
    ],
    Quota: quotaRow,
    CDNetworks: vendorRow,
  },
});
