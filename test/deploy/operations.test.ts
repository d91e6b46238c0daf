// The figures of the operations pages that follow from the configuration's defaults.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config/load.ts';

const page = readFileSync('deploy/README.md', 'utf8').replaceAll(/\s+/g, ' ');
const running = readFileSync('deploy/running.md', 'utf8').replaceAll(/\s+/g, ' ');

t.test('what the pages call a default is one', async (t) => {
  const file = join(
    t.testdir({
      'gateway.yaml': `accounts: { main: { credential: { type: api-key, username: u, apiKey: { env: KEY } } } }
anonymous: { account: main }
store: { type: redis, url: "redis://redis" }
`,
    }),
    'gateway.yaml',
  );
  const { limits, store } = loadConfig({ file, env: { KEY: 'key' } });
  const seconds = (ms: number) => `${ms / 1000} s`;

  t.match(page, `\`limits.inFlight\` (${limits.inFlight})`);
  t.match(page, `\`limits.body\` (${limits.bodyBytes / 2 ** 20} MiB)`);
  t.match(page, `${(limits.inFlight * limits.bodyBytes) / 2 ** 30} GiB if all callers upload`);
  const stop = seconds(limits.drainDelayMs + limits.drainMs + 5000);
  t.match(page, `\`drainDelay\` + \`drain\` + 5 s (${stop} by default)`);
  t.match(running, `\`limits.drainDelay\` + \`limits.drain\` and up to 5 s: ${stop} by default`);
  t.equal(store.type === 'redis' && store.deadlineMs, 500);
  t.match(page, '503 `quota-unavailable` within 500 ms');
});
