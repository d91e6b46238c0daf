import { type OpenMetricsContentType, Registry } from 'prom-client';
import t from 'tap';
import { metricsText } from '../../src/http/telemetry-text.ts';

t.test('OpenMetrics is for who says that it can be read', async (t) => {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const accept of [
    'application/openmetrics-text',
    'APPLICATION/OpenMetrics-Text; version=1.0.0',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5,*/*;q=0.1',
    'text/plain , application/openmetrics-text ; q=0.001',
  ]) {
    t.match((await metricsText(registry, accept)).type, /^application\/openmetrics-text/, accept);
  }
  for (const accept of [
    ...[undefined, '', '*/*', 'text/plain', ',;,=', 'x-application/openmetrics-text'],
    ...['application/openmetrics-text;q=0', 'text/plain, application/openmetrics-text ; version=1.0.0 ; Q=0.000'],
  ]) {
    t.match((await metricsText(registry, accept)).type, /^text\/plain/, accept ?? 'without one');
  }
});
