import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A certificate authority that nobody knows but who has its certificate. Paths of PEM files. */
export interface PrivateAuthority {
  readonly caFile: string;
  /** Issues a certificate for 127.0.0.1. */
  issue(): { readonly certFile: string; readonly keyFile: string };
}

/** Makes an authority on the spot: stored certificates would expire some day. */
export function createAuthority(folder: string, name: string): PrivateAuthority {
  const at = (file: string) => join(folder, `${name}-${file}.pem`);
  const [caFile, caKey, certFile, keyFile] = [at('ca'), at('ca-key'), at('cert'), at('key')];
  const request = (subject: string, ...args: string[]) => {
    const how = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ');
    execFileSync('openssl', ['req', ...how, '-subj', `/CN=${subject}`, ...args], { stdio: 'pipe' });
  };
  request(`${name} authority`, '-keyout', caKey, '-out', caFile);
  return {
    caFile,
    issue() {
      const extensions = ['subjectAltName=IP:127.0.0.1', 'basicConstraints=critical,CA:FALSE'];
      const added = extensions.flatMap((extension) => ['-addext', extension]);
      request('redis', ...added, '-CA', caFile, '-CAkey', caKey, '-keyout', keyFile, '-out', certFile);
      return { certFile, keyFile };
    },
  };
}
