import { exemplarLabels } from './metric-names.ts';

/** OpenMetrics allows 128 characters for names and values together, and prom-client throws beyond that. */
const LONGEST_ID = 64;

/** The vendor's id as exemplars have it: it is the vendor's text, so it is cleaned. */
export function exemplarIdOf(cncRequestId: string): string {
  return cncRequestId.replace(/[^\w.:-]/g, '').slice(0, LONGEST_ID);
}

/** What leads from a metric to a call; what isn't known is left out. */
export function exemplarOf(ids: {
  cncRequestId?: string | undefined;
  traceId: string | undefined;
}): Record<string, string> {
  const labels: Record<string, string> = {};
  const cncRequestId = exemplarIdOf(ids.cncRequestId ?? '');
  if (cncRequestId !== '') labels[exemplarLabels.cncRequestId] = cncRequestId;
  if (ids.traceId !== undefined) labels[exemplarLabels.traceId] = ids.traceId;
  return labels;
}
