import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import type { QuotaReport } from '../http/quota-report.ts';
import { adminUrl } from './admin-url.ts';
import { askAdmin } from './ask-admin.ts';
import { type Command, UsageError } from './command.ts';

const ANSWER_MS = 10_000;

export const quota: Command = {
  help: `Usage: cdnetworks-gateway quota --account NAME [-c FILE]

Asks the running gateway what its account has spent: per policy the units used in this window, by whom, and when the
next one is free. With Redis these are the units of all replicas.

  -c, --config FILE   the gateway's configuration (its admin address); gateway.yaml if not given
  --account NAME      an account of that file
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c', default: 'gateway.yaml' }, account: { type: 'string' } },
    });
    const { admin, accounts } = loadConfig({ file: values.config, env: io.env });
    const name = values.account;
    if (name === undefined || !accounts.has(name)) {
      throw new UsageError(`--account is one of: ${[...accounts.keys()].join(', ')}`);
    }
    io.print(render(await ask(adminUrl(admin), name)));
  },
};

async function ask(origin: string, account: string): Promise<QuotaReport> {
  const url = `${origin}/quota?account=${encodeURIComponent(account)}`;
  const answer = await askAdmin(url, { timeoutMs: ANSWER_MS }).catch((error: Error) => {
    throw new Error(`no gateway answers at ${origin}, the admin address of the configuration (${error.message})`);
  });
  const report = JSON.parse(answer.text);
  if (answer.status !== 200) throw new Error(String((report as { message?: unknown }).message));
  return report as QuotaReport;
}

function render({ account, partitions }: QuotaReport): string {
  const lines = partitions.flatMap(({ partition, blockedForMs, policies }) => [
    `${partition}${blockedForMs > 0 ? `  closed by the vendor for ${seconds(blockedForMs)}` : ''}`,
    ...policies.map(({ name, quota: most, windowMs, used, nextUnitMs, consumers }) => {
      const by = Object.entries(consumers).map(([consumer, units]) => `${consumer} ${units}`);
      const next = used < most ? 'free now' : `next free in ${seconds(nextUnitMs)}`;
      return `  ${name.padEnd(16)} ${used}/${most} in ${seconds(windowMs)}, ${next}${by.length > 0 ? `; ${by.join(', ')}` : ''}`;
    }),
  ]);
  return `account ${account}\n${lines.length === 0 ? 'nothing is spent' : lines.join('\n')}\n`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
