import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ApiInterface, loadCatalogue } from '../catalog/api-interface.ts';
import { loadConfig } from '../config/load.ts';
import { chargesOf } from '../quota/charges.ts';
import type { Quotas } from '../quota/policy.ts';
import { parseTarget } from '../signing/target.ts';
import { type Command, UsageError } from './command.ts';
import { demoConfig } from './demo.ts';

export const interfaces: Command = {
  help: `Usage: cdnetworks-gateway interfaces [METHOD PATH] [-c FILE] [--account NAME]

Tells which interface of the vendor's API a call is, and which quotas hold for it. Without METHOD and PATH lists the
whole catalogue.

  -c, --config FILE   whose quotas to show; gateway.yaml if there is one, else the defaults
  --account NAME      an account of that file; its first if not given
`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string', short: 'c' }, account: { type: 'string' } },
    });
    const file = values.config ?? (existsSync('gateway.yaml') ? 'gateway.yaml' : undefined);
    const config = file === undefined ? demoConfig() : loadConfig({ file, env: io.env });
    const account = config.accounts.get(values.account ?? [...config.accounts.keys()][0] ?? '');
    if (account === undefined) throw new UsageError(`--account is one of: ${[...config.accounts.keys()].join(', ')}`);
    const catalogue = loadCatalogue(account.quotas.interfaces.keys());

    const [method, path] = positionals;
    if (method === undefined) {
      io.print(catalogue.interfaces.map((apiInterface) => line(apiInterface, account.quotas)).join(''));
    } else if (path === undefined || positionals.length > 2) {
      throw new UsageError('interfaces takes a method and a path, such as GET /api/domain, or nothing');
    } else {
      const found = catalogue.find(method.toUpperCase(), parseTarget(path).matchPath);
      io.print(line(found, account.quotas));
      if (found.label === 'other') io.print('not in the catalogue: an interface of its own, with ids folded into *\n');
    }
  },
};

function line(apiInterface: ApiInterface, quotas: Quotas): string {
  const policies = chargesOf(quotas, apiInterface).flatMap((charge) => charge.policies);
  const limits = policies.map(({ name, quota, windowMs }) => `${name} ${quota}/${windowMs / 1000}s`);
  const name = apiInterface.name === undefined ? '' : `  (${apiInterface.name})`;
  return `${apiInterface.id}${name}  ${limits.join(', ')}${apiInterface.readOnly ? '  read-only' : ''}\n`;
}
