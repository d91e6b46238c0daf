import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { canonicalRequest, stringToSign } from '../signing/canonical-request.ts';
import { signable } from '../signing/sign.ts';
import { parseTarget } from '../signing/target.ts';
import { targetOf, toUpstreamRequest, type UpstreamRequest } from '../signing/upstream-request.ts';
import { systemClock } from '../system-clock.ts';
import { type Command, UsageError } from './command.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'ENABLE', 'DISABLE'];

export const sign: Command = {
  help: `Usage: cdnetworks-gateway sign --account NAME METHOD TARGET [options]

Signs a request as the gateway would, now, and prints its headers. Sends nothing, and never prints a secret; but the
headers are as good as one for five minutes.

  -c, --config FILE     the configuration; gateway.yaml if not given
  --account NAME        whose credential signs
  --body TEXT|@FILE     the body, or the file that holds it
  --content-type TYPE   application/json if not given
  --explain             also the canonical request and the string to sign
  --curl                a curl command instead of headers

Example: cdnetworks-gateway sign --account main GET '/api/domain?x=1' --explain
`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c', default: 'gateway.yaml' },
        account: { type: 'string' },
        body: { type: 'string' },
        'content-type': { type: 'string' },
        explain: { type: 'boolean', default: false },
        curl: { type: 'boolean', default: false },
      },
    });
    const [method, target] = positionals;
    if (method === undefined || target === undefined || positionals.length > 2) {
      throw new UsageError('sign takes a method and a target, such as GET /api/domain');
    }
    if (!METHODS.includes(method.toUpperCase())) throw new UsageError(`the vendor's API has ${METHODS.join(', ')}`);
    const config = loadConfig({ file: values.config, env: io.env });
    const account = config.accounts.get(values.account ?? '');
    if (account === undefined) throw new UsageError(`--account is one of: ${[...config.accounts.keys()].join(', ')}`);

    const contentType = values['content-type'];
    const request = toUpstreamRequest({
      method: method.toUpperCase(),
      target: parseTarget(target),
      origin: account.origin,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
      body: bodyOf(values.body),
    });
    const second = Math.floor(systemClock.wall() / 1000);
    const signed = signable(request, account.credential).sign(second);
    if (values.explain && account.credential.type === 'access-key') {
      const canonical = canonicalRequest(request);
      io.print(`canonical request:\n${indent(canonical)}\n`);
      io.print(`string to sign:\n${indent(stringToSign(String(second), hash('sha256', canonical)))}\n`);
    } else if (values.explain) {
      io.print(`string to sign (HMAC-SHA1, base64):\n${indent(signed.headers['date'] ?? '')}\n`);
    }
    io.print(values.curl ? curl(signed, { origin: account.origin, body: values.body }) : head(signed));
  },
};

function bodyOf(option: string | undefined): Buffer | undefined {
  if (option === undefined) return undefined;
  if (!option.startsWith('@')) return Buffer.from(option);
  try {
    return readFileSync(option.slice(1));
  } catch (error) {
    throw new UsageError(`--body: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function head(request: UpstreamRequest): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\n`);
  return `${request.method} ${targetOf(request)} HTTP/1.1\n${headers.join('')}`;
}

function curl(request: UpstreamRequest, { origin, body }: { origin: string; body: string | undefined }): string {
  const headers = Object.entries(request.headers).filter(([name]) => name !== 'host');
  const words = [
    `curl -i --path-as-is ${request.method === 'HEAD' ? '--head' : `-X ${request.method}`}`,
    ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-binary ${quote(body)}`]),
    quote(`${origin}${targetOf(request)}`),
  ];
  return `${words.join(' \\\n  ')}\n`;
}

/** One word of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
