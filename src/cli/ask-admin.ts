import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Asks the operators' port of a gateway on this machine. Not with `fetch`: it refuses ports that browsers keep away from (6000 or
 * 10080, say), and follows the environment to a proxy.
 *
 * @throws Error whose message is the reason in short, where there is no answer in time
 */
export async function askAdmin(url: string, options: { timeoutMs: number }): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: new Agent(), signal }, resolve).once('error', reject);
    });
    return { status: answer.statusCode ?? 0, text: await text(answer) };
  } catch (error) {
    throw new Error(signal.aborted ? `timeout after ${options.timeoutMs} ms` : reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
