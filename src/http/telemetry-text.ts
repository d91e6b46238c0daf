import type { OpenMetricsContentType, Registry } from 'prom-client';

/** What a scrape gets. */
export interface MetricsText {
  readonly type: string;
  readonly text: string;
}

const PLAIN = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Writes all metrics: as OpenMetrics, with exemplars, for whom `accept` says can read it (Prometheus can), else in the older text
 * format, which promtool, agents and people read.
 *
 * @param registry of the OpenMetrics type; it must stay that, because prom-client renames counters in place
 */
export async function metricsText(
  registry: Registry<OpenMetricsContentType>,
  accept: string | undefined,
): Promise<MetricsText> {
  const text = await registry.metrics();
  if (readsOpenMetrics(accept)) return { type: registry.contentType, text };
  return { type: PLAIN, text: toPlain(text) };
}

/** A quality of 0 says that it can't (RFC 9110, section 12.4.2). */
function readsOpenMetrics(accept = ''): boolean {
  return accept
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .some(
      ([type, ...parameters]) =>
        type === 'application/openmetrics-text' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)),
    );
}

/** Turns OpenMetrics into the text format: no exemplars, no end mark, and counters are declared with the `_total` of their samples. */
function toPlain(openMetrics: string): string {
  const counters = new Set([...openMetrics.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name));
  return openMetrics
    .replace(/^# (HELP|TYPE) (\S+)/gm, (line, _kind, name) => (counters.has(name) ? `${line}_total` : line))
    .replace(/ # \{[^}]*\} \S+ \S+$/gm, '')
    .replace(/^# EOF\n?$/m, '');
}
