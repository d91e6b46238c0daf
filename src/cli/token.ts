import { hash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';

export const token: Command = {
  help: `Usage: cdnetworks-gateway token [--hash]

Prints a new token (256 random bits) once, and its SHA-256 for the configuration. The token goes to the consumer, the
hash into gateway.yaml; the gateway never stores the token.

  --hash   read an existing token from standard input and print only its hash
`,

  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { hash: { type: 'boolean', default: false } } });
    if (values.hash) {
      const known = (await io.readInput()).replace(/\r?\n$/, '');
      if (!/^[!-~]{16,}$/.test(known)) {
        throw new UsageError('standard input must hold one token: at least 16 printable characters, no spaces');
      }
      io.print(`${hash('sha256', known)}\n`);
      return;
    }
    const fresh = `cng_${randomBytes(32).toString('base64url')}`;
    io.print(`token:  ${fresh}\nsha256: ${hash('sha256', fresh)}\n`);
  },
};
