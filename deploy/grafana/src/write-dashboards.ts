// Writes the dashboards that are committed; run by `npm run dashboards`.
import { writeFileSync } from 'node:fs';
import { dashboards } from './dashboards.ts';

for (const [file, text] of Object.entries(dashboards)) writeFileSync(`deploy/grafana/dashboards/${file}`, text);
