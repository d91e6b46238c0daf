import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';

/** The version in package.json. */
export function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

export const versionCommand: Command = {
  help: 'Usage: cdnetworks-gateway version\n\nPrints the version.\n',
  async run(args, io) {
    parseArgs({ args: [...args] });
    io.print(`${version()}\n`);
  },
};
