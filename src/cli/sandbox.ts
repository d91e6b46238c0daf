import { parseArgs } from 'node:util';
import { parseDurationMs } from '../config/duration.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { type Command, UsageError } from './command.ts';
import { port } from './port.ts';

export const sandbox: Command = {
  help: `Usage: cdnetworks-gateway sandbox [options]

Runs a stand-in for the vendor's API on loopback. It verifies signatures, refuses stale and repeated ones, counts
quotas on arrival and answers 446 beyond them, and reports what it saw. Each key is an account of its own.

  --port N               where to call it; 8081 if not given
  --control-port N       /__sandbox/report, /__sandbox/behave, /__sandbox/reset; 8082 if not given
  --access-key ID:SECRET an access key that it knows (may be repeated); a demo pair if no key is given
  --api-key USER:KEY     an API key that it knows (may be repeated)
  --quota N              calls per window and account; 300 if not given
  --interface-quota N    calls per window and interface; 30 if not given
  --window DURATION      5m if not given
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8081' },
        'control-port': { type: 'string', default: '8082' },
        'access-key': { type: 'string', multiple: true, default: [] },
        'api-key': { type: 'string', multiple: true, default: [] },
        quota: { type: 'string', default: '300' },
        'interface-quota': { type: 'string', default: '30' },
        window: { type: 'string', default: '5m' },
      },
    });
    const accessKeys = pairs(values['access-key']);
    const apiKeys = pairs(values['api-key']);
    const windowMs = parseDurationMs(values.window);
    if (!(windowMs > 0)) throw new UsageError(`"${values.window}" is not a duration such as 5m`);
    const running = await startSandbox({
      port: port(values.port),
      controlPort: port(values['control-port']),
      ...(values['access-key'].length + values['api-key'].length > 0 ? { accessKeys, apiKeys } : {}),
      quota: { account: count(values.quota), interface: count(values['interface-quota']), windowMs },
    });
    io.print(`sandbox   ${running.origin}\ncontrol   ${running.control}/__sandbox/report\n`);
    io.runUntilStopped(running.close, 5000);
  },
};

/** `id:secret`, parted at the first colon. The message doesn't repeat the text: it may be a secret. */
function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, id, secret] = /^([^:]+):(.+)$/.exec(text) ?? [];
      if (id === undefined || secret === undefined) throw new UsageError('a key is given as ID:SECRET');
      return [id, secret];
    }),
  );
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`"${text}" is not a number of calls`);
  return Number(text);
}
