import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';

export const init: Command = {
  help: `Usage: cdnetworks-gateway init [FILE]

Writes a first configuration, with comments; gateway.yaml if FILE is not given. Asks for nothing, holds no secret, and
leaves a file alone that is there already.
`,

  async run(args, io) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const [file = 'gateway.yaml', ...rest] = positionals;
    if (rest.length > 0) throw new UsageError('init takes one file');
    write(file);
    const config = file === 'gateway.yaml' ? '' : ` -c ${file}`;
    io.print(`${file} is written. Next, with an access key from the vendor's console:
  read -r CDN_ACCESS_KEY && read -rs CDN_SECRET_KEY && export CDN_ACCESS_KEY CDN_SECRET_KEY
  cdnetworks-gateway check --online${config}
  cdnetworks-gateway serve${config}
`);
  },
};

function write(file: string): void {
  const text = readFileSync(new URL('../../config/gateway.first.yaml', import.meta.url));
  try {
    writeNew(file, text);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw new Error(`${file} is there already, and is left as it is`);
    throw new Error(`${file} cannot be written (${code})`);
  }
}

/** Leaves nothing of a file that it can't write whole: the next try would find that, and leave it as it is. */
function writeNew(file: string, text: Buffer): void {
  const descriptor = openSync(file, 'wx');
  try {
    writeFileSync(descriptor, text);
  } catch (error) {
    rmSync(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
