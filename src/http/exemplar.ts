import { exemplarLabels } from './metric-names.ts';
import type { ExemplarLabels } from './telemetry-series.ts';

/** OpenMetrics allows 128 characters for names and values together. */
const LONGEST_ID = 64;

/** The vendor's id as exemplars have it: it is the vendor's text, so it is cleaned. */
export function exemplarIdOf(cncRequestId: string): string {
  return cncRequestId.replace(/[^\w.:-]/g, '').slice(0, LONGEST_ID);
}

/** What leads from a metric to a call, if something does; what isn't known is left out. */
export function exemplarOf(ids: {
  cncRequestId?: string | undefined;
  traceId: string | undefined;
}): ExemplarLabels | undefined {
  const labels: Record<string, string> = {};
  const cncRequestId = exemplarIdOf(ids.cncRequestId ?? '');
  if (cncRequestId !== '') labels[exemplarLabels.cncRequestId] = cncRequestId;
  if (ids.traceId !== undefined) labels[exemplarLabels.traceId] = ids.traceId;
  return cncRequestId === '' && ids.traceId === undefined ? undefined : labels;
}
