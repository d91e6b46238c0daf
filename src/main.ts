#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import closeWithGrace from 'close-with-grace';
import { type Command, type Io, UsageError } from './cli/command.ts';
import { ConfigError } from './config/mistakes.ts';
import { GatewayError } from './errors.ts';

/** Loaded when it is called: `token` has no reason to wait for a web framework. */
const commands: ReadonlyMap<string, { summary: string; load: () => Promise<Command> }> = new Map([
  ['serve', { summary: 'run the gateway', load: async () => (await import('./cli/serve.ts')).serve }],
  [
    'demo',
    {
      summary: 'run the gateway with a stand-in CDNetworks; no account, no Redis',
      load: async () => (await import('./cli/demo.ts')).demo,
    },
  ],
  ['init', { summary: 'write a first configuration', load: async () => (await import('./cli/init.ts')).init }],
  ['check', { summary: 'check the configuration', load: async () => (await import('./cli/check.ts')).check }],
  [
    'healthcheck',
    {
      summary: 'ask a running gateway whether it lives',
      load: async () => (await import('./cli/healthcheck.ts')).healthcheck,
    },
  ],
  ['sign', { summary: 'show how a request is signed', load: async () => (await import('./cli/sign.ts')).sign }],
  [
    'interfaces',
    {
      summary: "which interface a call belongs to, and the interface's quota",
      load: async () => (await import('./cli/interfaces.ts')).interfaces,
    },
  ],
  [
    'quota',
    {
      summary: 'show what an account has spent, by whom, and when there is more',
      load: async () => (await import('./cli/quota.ts')).quota,
    },
  ],
  [
    'sandbox',
    {
      summary: 'run the stand-in CDNetworks alone, to test against',
      load: async () => (await import('./cli/sandbox.ts')).sandbox,
    },
  ],
  [
    'token',
    {
      summary: "make a consumer's token or key pair, or the hash of a token",
      load: async () => (await import('./cli/token.ts')).token,
    },
  ],
  ['version', { summary: 'print the version', load: async () => (await import('./cli/version.ts')).versionCommand }],
]);

const USAGE = `Usage: cdnetworks-gateway COMMAND [options]

${[...commands].map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`).join('\n')}

cdnetworks-gateway COMMAND --help tells more of each.
Exit codes: 0 fine, 1 failed at run time, 2 wrong usage, 78 the configuration can't be used.
`;

function ignore(): void {}

const io: Io = {
  env: process.env,
  print: (output) => void process.stdout.write(output),
  readInput: () => text(process.stdin),
  ignoreHangup: () => void process.on('SIGHUP', ignore),
  runUntilStopped(stop, atMostMs, onHangup) {
    process.off('SIGHUP', ignore);
    if (onHangup) process.on('SIGHUP', onHangup);
    closeWithGrace({ delay: atMostMs, logger: false, skip: onHangup ? ['SIGHUP'] : [] }, async ({ err }) => {
      if (err) process.stderr.write(`${err.stack ?? err.message}\n`);
      await stop();
    });
  },
};

const code = await main(process.argv.slice(2));
// A command that failed half-way may have a listener open; nothing of it goes on. Ended once what was written is out.
if (code !== 0) process.stderr.write('', () => process.exit(code));

/** Resolves to the exit code. */
async function main([name = '--help', ...args]: readonly string[]): Promise<number> {
  const entry = commands.get(name);
  if (name === '--help' || name === '-h' || name === 'help') return print(USAGE);
  if (entry === undefined) return complain(`there is no command "${name}"\n\n${USAGE}`, 2);
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) return print(command.help);
  try {
    await command.run(args, io);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) return complain(error.message, 78);
    if (isUsageError(error)) return complain(`${usageFault(error)}\n\n${command.help}`, 2);
    return complain(`${name}: ${error instanceof Error ? error.message : String(error)}`, 1);
  }
}

/** A target that can't be signed is the caller's mistake on the command line as well; node:util's own errors have codes. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof GatewayError) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/** What is wrong. node:util repeats an argument that it doesn't expect, and that may be a secret: a token after `--hash`. */
function usageFault(error: Error & { code?: unknown }): string {
  if (error.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return 'an argument that belongs to no option';
  return error.message;
}

function print(output: string): number {
  process.stdout.write(output);
  return 0;
}

function complain(message: string, code: number): number {
  process.stderr.write(`${message.trimEnd()}\n`);
  return code;
}
