import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its private key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test's own, made on the spot: a stored one would expire some day. */
export interface Authority extends Certificate {
  /**
   * Vouches for a name.
   *
   * @param subject.days from now; below 0, it has expired
   */
  issue(subject: { name: string; subjectAltName?: string; days?: number }): Certificate;
}

/** Makes an authority whose files lie in `folder`, which is to be its own. */
export function createAuthority(folder: string, name = 'authority'): Authority {
  const file = (what: string) => join(folder, what);
  const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' ');
  run(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
  );
  return {
    cert: readFileSync(file('ca.crt'), 'utf8'),
    key: readFileSync(file('ca.key'), 'utf8'),
    issue({ name: subject, subjectAltName = 'IP:127.0.0.1,DNS:localhost', days = 2 }) {
      writeFileSync(file('extensions'), `subjectAltName=${subjectAltName}\n`);
      run('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', file('its.key'), '-out', file('its.csr'));
      const authority = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial'];
      const of = ['-in', file('its.csr'), '-out', file('its.crt'), '-extfile', file('extensions')];
      run('x509', '-req', ...of, ...authority, '-days', String(days));
      return { cert: readFileSync(file('its.crt'), 'utf8'), key: readFileSync(file('its.key'), 'utf8') };
    },
  };
}
