import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Listener, Tls } from '../catalog/listener.ts';
import { Secret } from '../catalog/secret.ts';
import { readCertificates } from './accounts.ts';
import { checkValue, type Fault, type Path, showPath, Unusable } from './mistakes.ts';
import { suggest } from './nearest.ts';
import type { FileConfig } from './schema.ts';
import type { Sources } from './sources.ts';
import type { Sound } from './structure.ts';

type File = Sound<FileConfig>;
type FileListener = FileConfig['listen'][number];
type FileTls = NonNullable<Exclude<FileListener, { unixSocket: string }>['tls']>;

/** As long as the name of a unix socket may be on Linux: `sun_path` holds 108 bytes, the last of them a NUL. */
const SOCKET_PATH_BYTES = 107;

/** Checks where the gateway listens: that no two share a place, and what sockets and TLS need from outside the file. */
export function checkListeners(file: File, sources: Sources): Fault[] {
  const { listen = [], consumers } = file;
  return [
    ...checkPlaces(file, sources),
    ...listen.flatMap((listener, index) => {
      const path: Path = ['listen', index];
      if (listener === undefined) return [];
      if (!('unixSocket' in listener))
        return 'tls' in listener ? checkTls([...path, 'tls'], listener.tls, sources) : [];
      return [
        ...checkValue([...path, 'unixSocket'], listener.unixSocket, (socket) => placeSocket(socket, sources)),
        ...checkConsumerName([...path, 'consumer'], listener.consumer, consumers),
      ];
    }),
  ];
}

/**
 * Resolves the listeners of a file.
 *
 * @throws Unusable for what `checkListeners` finds fault with
 */
export function toListeners({ listen }: FileConfig, sources: Sources): Listener[] {
  return listen.map((listener) => {
    const { inFlight } = listener;
    const rest = inFlight === undefined ? {} : { inFlight };
    if (!('unixSocket' in listener)) {
      const { host, port, tls } = listener;
      return { host, port, ...(tls !== undefined && { tls: readTls(tls, sources) }), ...rest };
    }
    const { unixSocket, mode, consumer } = listener;
    return {
      unixSocket: placeSocket(unixSocket, sources),
      mode: Number.parseInt(mode, 8),
      ...(consumer !== undefined && { consumer }),
      ...rest,
    };
  });
}

function* checkPlaces({ listen = [], admin }: File, sources: Sources): Generator<Fault> {
  const seen = new Map<string, Path>();
  for (const [index, listener] of [...listen, admin].entries()) {
    const path: Path = index < listen.length ? ['listen', index] : ['admin'];
    const place = listener && placeOf(listener, sources);
    if (place === undefined) continue;
    const other = seen.get(place);
    if (other) yield { path, message: `listens on ${place}, as ${showPath(other)} does` };
    else seen.set(place, path);
  }
}

function placeOf(listener: Sound<FileListener>, sources: Sources): string | undefined {
  if ('unixSocket' in listener) return listener.unixSocket && sources.locate(listener.unixSocket);
  // Port 0 is another port each time.
  if (!('host' in listener) || listener.host === undefined || !listener.port) return undefined;
  return `${listener.host.toLowerCase()}:${listener.port}`;
}

function* checkConsumerName(path: Path, name: string | undefined, consumers: File['consumers']): Generator<Fault> {
  if (name === undefined || consumers === undefined || Object.hasOwn(consumers, name)) return;
  const known = Object.keys(consumers);
  const hint = known.length === 0 ? 'there are none' : suggest(name, known);
  yield { path, message: `no consumer is named ${JSON.stringify(name)}; ${hint}` };
}

function placeSocket(path: string, sources: Sources): string {
  const absolute = sources.placeFile(path);
  const bytes = Buffer.byteLength(absolute);
  if (bytes > SOCKET_PATH_BYTES) {
    throw new Unusable(
      `the path of a unix socket has at most ${SOCKET_PATH_BYTES} bytes, and ${JSON.stringify(absolute)} has ${bytes}`,
    );
  }
  return absolute;
}

function checkTls(path: Path, tls: Sound<FileTls> | undefined, sources: Sources): Fault[] {
  if (tls === undefined) return [];
  const { certFile, keyFile, clientCaFile } = tls;
  const faults = [
    ...checkValue([...path, 'certFile'], certFile, (file) => readCertificates(file, sources)),
    ...checkValue([...path, 'keyFile'], keyFile, (file) => readKey(file, sources)),
    ...checkValue([...path, 'clientCaFile'], clientCaFile, (file) => readCertificates(file, sources)),
  ];
  if (faults.length > 0 || certFile === undefined || keyFile === undefined) return faults;
  return checkValue([...path, 'keyFile'], { certFile, keyFile }, (files) => readTls(files, sources));
}

function readTls({ certFile, keyFile, clientCaFile }: FileTls, sources: Sources): Tls {
  const cert = readCertificates(certFile, sources);
  const key = readKey(keyFile, sources);
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Unusable('the key is not that of the certificate in certFile');
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new Unusable(`TLS does not take this certificate and key (${code})`);
  }
  return {
    cert,
    key: new Secret(key),
    ...(clientCaFile !== undefined && { clientCa: readCertificates(clientCaFile, sources) }),
  };
}

/** Reads a private key in PEM. @throws Unusable */
function readKey(path: string, sources: Sources): string {
  const pem = sources.readFile(path);
  try {
    createPrivateKey(pem);
    return pem;
  } catch {
    throw new Unusable('expected a file with a private key (PEM) that has no passphrase');
  }
}
