import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Every replica shows the same quota gauges, so to add them up counts each unit as often as there are replicas. */
export const ADDS_UP_QUOTA =
  /\b(sum|avg|count)\b(\s*(by|without)\s*\([^)]*\))?\s*\(\s*cdnetworks_gateway_quota_(limit|used|remaining|next|refreshed|interface)/;

interface Rules<Rule> {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

/** The alerts that the repository has. */
export const alerts = read<{
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}>('alerts.yml');

/** The rules that record what alerts and dashboards ask for. */
export const recordings = read<{ readonly record: string; readonly expr: string }>('recording-rules.yml');

function read<Rule>(file: string): readonly Rule[] {
  const { groups } = parse(readFileSync(`deploy/prometheus/${file}`, 'utf8')) as Rules<Rule>;
  return groups.flatMap(({ rules }) => rules);
}
