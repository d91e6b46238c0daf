import { internals } from './internals.ts';
import { overview } from './overview.ts';

/** The dashboards as Grafana reads them, by the names of their files. */
export const dashboards: Readonly<Record<string, string>> = {
  'internals.json': toText(internals),
  'overview.json': toText(overview),
};

function toText(dashboard: object): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
