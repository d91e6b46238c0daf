import net from 'node:net';

/** What a raw exchange with the gateway came to. */
export interface RawAnswer {
  readonly status: number;
  /** `x-gateway-error`, where the gateway itself answered. */
  readonly gatewayError: string | undefined;
  /** The problem's message; empty if the vendor answered. */
  readonly message: string;
}

/**
 * Sends a request as bytes over a socket of its own: no client library may mend a target or a header on the way.
 *
 * @param url of the gateway
 */
export async function send(
  url: string,
  request: { method: string; target: string; headers: readonly (readonly [string, string])[]; body: string },
): Promise<RawAnswer> {
  const { method, target, headers, body } = request;
  const { hostname, port } = new URL(url);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
  const text = await new Promise<string>((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`));
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
  const [head = '', content = ''] = text.split('\r\n\r\n');
  const gatewayError = /^x-gateway-error: (.*)$/im.exec(head)?.[1];
  return {
    status: Number(head.split(' ')[1]),
    gatewayError,
    message: gatewayError === undefined || method === 'HEAD' ? (gatewayError ?? '') : messageOf(content),
  };
}

function messageOf(content: string): string {
  return String((JSON.parse(content) as { message?: unknown }).message ?? '');
}
