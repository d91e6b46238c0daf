import { hash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';

export const token: Command = {
  help: `Usage: cdnetworks-gateway token [--hash | --access-key]

Prints a new token (256 random bits) once, and its SHA-256 for the configuration. The token goes to the consumer, the
hash into gateway.yaml; the gateway never stores the token.

  --hash         read an existing token from standard input and print only its hash
  --access-key   print a key pair instead, for clients that sign as the vendor wants it: the access key, and a secret
                 key (256 random bits) that the consumer and the gateway both need. Good as a user name and its API
                 key as well.
`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { hash: { type: 'boolean', default: false }, 'access-key': { type: 'boolean', default: false } },
    });
    if (values.hash && values['access-key']) throw new UsageError('--hash is for tokens; a secret key has none');
    if (values['access-key']) {
      io.print(
        `id:        vk-${randomBytes(9).toString('base64url')}\nsecretKey: ${randomBytes(32).toString('base64url')}\n`,
      );
      return;
    }
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
