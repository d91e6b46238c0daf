import { writeFileSync } from 'node:fs';
import { renderSchema } from './schema.ts';

// Run as `node dist/config/write-schema.js`; a test compares the file with the schema.
writeFileSync(new URL('../../config/gateway.schema.json', import.meta.url), renderSchema());
