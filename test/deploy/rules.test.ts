// Prometheus's own checks of what it is given, and what they don't look at.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { metricNames } from '../../src/http/metric-names.ts';
import { promtool } from '../support/prometheus-server.ts';
import { ADDS_UP_QUOTA, alerts, recordings } from './shipped-rules.ts';

const FOLDER = 'deploy/prometheus';

t.test('Prometheus takes the configuration and the rules', async (t) => {
  t.match(await promtool(['check', 'config', `${FOLDER}/prometheus.yml`]), /SUCCESS: 2 rule files found/);
});

t.test('each alert fires when it should and not before, and each ratio is what it says', async (t) => {
  t.match(await promtool(['test', 'rules', `${FOLDER}/rules.test.yml`]), /SUCCESS/);
  const { tests } = parse(readFileSync(`${FOLDER}/rules.test.yml`, 'utf8')) as {
    tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[];
  };
  const checks = tests.flatMap(({ alert_rule_test: checks = [] }) => checks);
  for (const { alert } of alerts) {
    const own = checks.filter(({ alertname }) => alertname === alert);
    t.ok(
      own.some(({ exp_alerts: expected }) => expected !== undefined),
      `${alert} fires`,
    );
    t.ok(
      own.some(({ exp_alerts: expected }) => expected === undefined),
      `${alert} is quiet`,
    );
  }
});

t.test('rules ask only for metrics that there are', async (t) => {
  const known = new Set<string>([...Object.values(metricNames), ...recordings.map(({ record }) => record)]);
  for (const { expr } of [...alerts, ...recordings]) {
    for (const [name] of expr.matchAll(/[a-z_:]*cdnetworks_gateway[\w:]+/g)) {
      t.ok(known.has(name.replace(/_(bucket|sum|count)$/, '')), name);
    }
  }
});

t.test('no rule adds up what every replica shows alike', async (t) => {
  for (const { expr } of [...alerts, ...recordings]) {
    t.notMatch(expr, ADDS_UP_QUOTA);
  }
});

t.test('each alert says how grave it is, what is wrong, and where it is told what to do', async (t) => {
  const runbooks = readFileSync('deploy/README.md', 'utf8').split('\n## Runbooks\n')[1] ?? '';
  const told = [...runbooks.matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
  t.strictSame(
    told,
    alerts.map(({ alert }) => alert),
    'in the same order, no more and no fewer',
  );
  for (const { alert, labels, annotations } of alerts) {
    t.match(labels['severity'], /^(critical|warning|info)$/, alert);
    t.match(annotations['summary'], /\w/, alert);
    t.equal(annotations['runbook_url'], `deploy/README.md#${alert.toLowerCase()}`);
  }
});
