// A real Prometheus scrapes a real gateway with what the repository ships, and every dashboard, rule and alert is asked for its data.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { parse, stringify } from 'yaml';
import { exemplarLabels, metricNames } from '../../src/http/metric-names.ts';
import { type PrometheusServer, promtool, startPrometheus } from '../support/prometheus-server.ts';
import { startBusyGateway } from './busy-gateway.ts';
import { panelsOf, shipped } from './shipped-dashboards.ts';
import { alerts, recordings } from './shipped-rules.ts';

const ROUNDS = 8;

/** What the gateway tells and nothing asks for, by how it begins, and why that is right. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  nodejs_: "prom-client's own: of these, Internals shows delay of the event loop, heap and garbage",
  process_: "prom-client's own: of these, Internals shows CPU, memory and open files",
};

/** Alerts that ask for what is missing, so that there is nothing while all is well. */
const EMPTY: Readonly<Record<string, string>> = { CdnetworksGatewayAbsent: 'there is a gateway' };

t.test('what the repository ships works with a real Prometheus', async (t) => {
  const busy = await startBusyGateway(t);
  const prometheus = await startShipped(t, new URL(busy.gateway.admin).host);
  for (let n = 0; n < ROUNDS; n += 1) {
    await busy.round(n);
    if (n === 2 || n === 5) await busy.withoutRedis();
    if (n === 3 || n === 6) await busy.tooMany();
    await pause(500);
  }
  const last = await busy.call('/cdn/fine/0?last');
  await untilScraped(prometheus);
  const now = String(Date.now() / 1000);

  await t.test('one call is found by the id that its caller got, from where the graphs are', async (t) => {
    const id = last.headers.get('x-cnc-request-id');
    t.ok(id);
    const panels = [...shipped.values()].flatMap(panelsOf).flatMap(({ targets = [] }) => targets);
    const asked = panels.filter(({ exemplar }) => exemplar);
    const start = String(Number(now) - 300);
    let found = 0;
    for (const { expr } of asked) {
      const series = await prometheus.ask<{ exemplars: { labels: Record<string, string> }[] }[]>('query_exemplars', {
        query: asGrafana(expr),
        start,
        end: now,
      });
      const own = series.flatMap(({ exemplars }) => exemplars);
      t.ok(
        own.every(({ labels }) => Object.values(exemplarLabels).some((name) => name in labels)),
        expr,
      );
      found += own.filter(({ labels }) => labels[exemplarLabels.cncRequestId] === id).length;
    }
    t.ok(found >= 3, `${found} points lead to the call: by status, by duration in all and by CDNetworks's`);
  });

  for (const [file, dashboard] of shipped) {
    await t.test(`each panel of ${file} has data`, async (t) => {
      for (const { title, targets = [] } of panelsOf(dashboard)) {
        for (const { expr, legendFormat } of targets) {
          await hasData(t, prometheus, { name: `${title}: ${legendFormat}`, expr: asGrafana(expr), now });
        }
      }
      for (const { name, expr } of dashboard.annotations.list) {
        await hasData(t, prometheus, { name, expr: asGrafana(withoutComparison(expr)), now });
      }
      for (const { name, query } of dashboard.templating.list) {
        const [, metric = '', label] = /^label_values\((\S+), (\S+)\)$/.exec(query) ?? [];
        if (query === 'prometheus') continue;
        const values = await prometheus.ask<string[]>(`label/${label}/values`, { 'match[]': metric });
        t.ok(values.length > 0, `variable ${name}`);
      }
    });
  }

  await t.test('each rule has data, and each alert that is left without its comparison', async (t) => {
    for (const { record } of recordings) await hasData(t, prometheus, { name: record, expr: record, now });
    for (const { alert, expr } of alerts) {
      const question = { name: alert, expr: withoutComparison(expr), now };
      const reason = EMPTY[alert];
      if (reason === undefined) await hasData(t, prometheus, question);
      else t.strictSame(await valuesOf(prometheus, question), [], `${alert}: ${reason}`);
    }
  });

  await t.test('each metric is told, has good form, and is asked for by a panel or a rule', async (t) => {
    const text = await (await fetch(`${busy.gateway.admin}/metrics`)).text();
    t.equal(await promtool(['check', 'metrics'], text), '');
    const told = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    t.strictSame(
      Object.values(metricNames).filter((name) => !told.includes(name)),
      [],
      'all that are named are told',
    );
    const asked = new Set(allExpressions().flatMap((expr) => expr.match(/[a-zA-Z_:][\w:]*/g) ?? []));
    const unasked = told.filter((name) => !['', '_bucket', '_sum', '_count'].some((part) => asked.has(name + part)));
    const reasons = Object.keys(NOT_ASKED);
    t.strictSame(
      unasked.filter((name) => !reasons.some((prefix) => name.startsWith(prefix))),
      [],
    );
  });
});

/** Starts a Prometheus with the shipped configuration, but for the target and for what would take minutes. */
async function startShipped(t: Test, target: string): Promise<PrometheusServer> {
  const config = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8'));
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  config.rule_files = config.rule_files.map((file: string) => resolve('deploy/prometheus', file));
  config.scrape_configs[0].static_configs[0].targets = [target];
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-config-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  const prometheus = await startPrometheus(file);
  t.teardown(async () => {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  });
  return prometheus;
}

/** Waits until all that has happened before is stored, and the rules have seen it. */
async function untilScraped(prometheus: PrometheusServer): Promise<void> {
  const after = Date.now() + 1000;
  for (;;) {
    const { activeTargets } = await prometheus.ask<{ activeTargets: { lastScrape: string; lastError: string }[] }>(
      'targets',
      {},
    );
    const [target] = activeTargets;
    if (target?.lastError) throw new Error(target.lastError);
    if (target !== undefined && Date.parse(target.lastScrape) > after) break;
    await pause(100);
  }
  await pause(1000);
}

interface Question {
  readonly name: string;
  readonly expr: string;
  /** Unix seconds. */
  readonly now: string;
}

async function hasData(t: Test, prometheus: PrometheusServer, question: Question): Promise<void> {
  const values = await valuesOf(prometheus, question);
  t.ok(
    values.some((value) => value !== 'NaN'),
    question.name,
    { expr: question.expr },
  );
}

async function valuesOf(prometheus: PrometheusServer, { expr, now }: Question): Promise<readonly string[]> {
  const { result } = await prometheus.ask<{ result: { value: [number, string] }[] }>('query', {
    query: expr,
    time: now,
  });
  return result.map(({ value: [, value] }) => value);
}

/** What Grafana would ask with all accounts picked. */
function asGrafana(expr: string): string {
  return expr.replaceAll('$__rate_interval', '30s').replaceAll(/\$(account|instance|job)/g, '.*');
}

/** What an expression compares, without what makes it silent while all is well. */
function withoutComparison(expr: string): string {
  return expr.replaceAll(/ (==|>=|<=|>|<) [\d.]+( \* [\d.]+)*(?=\s|$)/g, '');
}

function allExpressions(): readonly string[] {
  return [
    ...[...shipped.values()].flatMap((dashboard) => [
      ...panelsOf(dashboard).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...dashboard.annotations.list.map(({ expr }) => expr),
    ]),
    ...[...alerts, ...recordings].map(({ expr }) => expr),
  ];
}
