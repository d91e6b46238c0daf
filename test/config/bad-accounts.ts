import { ANYBODY, type BadFile, withAccount } from './bad-file.ts';

/** What is wrong with accounts and what they refer to. */
export const badAccounts: readonly BadFile[] = [
  {
    name: 'no accounts at all',
    yaml: 'consumers: {}\n',
    mistakes: [
      '1:1  accounts  missing; expected a mapping with at least one account',
      '1:1  consumers  nobody could call; expected at least one consumer, or anonymous',
    ],
  },
  {
    name: 'an empty mapping of accounts',
    yaml: 'accounts: {}\nconsumers: {}\n',
    mistakes: [
      '1:1  accounts  expected a mapping with at least one account',
      '2:1  consumers  nobody could call; expected at least one consumer, or anonymous',
    ],
  },
  {
    name: 'a bad account name',
    yaml: 'accounts:\n  Main:\n    credential: { type: api-key, username: u, apiKey: { env: KEY } }\nanonymous: { account: Main }\n',
    mistakes: [
      '2:3  accounts.Main  expected a name of at most 63 lower-case letters, digits, ".", "_" and "-", a letter or digit first',
    ],
  },
  {
    name: 'an account without credential',
    yaml: `accounts:\n  main: {}\n${ANYBODY}`,
    mistakes: ['2:3  accounts.main.credential  missing; expected a mapping'],
  },
  {
    name: 'an origin with a path',
    yaml: withAccount('    origin: https://api.cdnetworks.com/v1\n'),
    mistakes: [
      '4:5  accounts.main.origin  expected an origin such as https://api.cdnetworks.com, without user, path or query',
    ],
  },
  {
    name: 'an origin with a password',
    yaml: withAccount('    origin: https://u:s3cret@api.cdnetworks.com\n'),
    mistakes: [
      '4:5  accounts.main.origin  expected an origin such as https://api.cdnetworks.com, without user, path or query',
    ],
  },
  {
    name: 'an origin of another scheme',
    yaml: withAccount('    origin: ftp://api.cdnetworks.com\n'),
    mistakes: [
      '4:5  accounts.main.origin  expected an origin such as https://api.cdnetworks.com, without user, path or query',
    ],
  },
  {
    name: 'an origin that is no URL',
    yaml: withAccount('    origin: api.cdnetworks.com\n'),
    mistakes: [
      '4:5  accounts.main.origin  expected an origin such as https://api.cdnetworks.com, without user, path or query',
    ],
  },
  {
    name: 'a plain http origin',
    yaml: withAccount('    origin: http://api.cdnetworks.com\n'),
    mistakes: ['4:5  accounts.main.origin  expected https; plain http is for loopback hosts only'],
  },
  {
    name: 'a header that may not be forwarded',
    yaml: withAccount('    forwardHeaders: [authorization]\n'),
    mistakes: ['4:22  accounts.main.forwardHeaders[0]  expected "on-behalf-of" or "report-range", got "authorization"'],
  },
  {
    name: 'a header twice',
    yaml: withAccount('    forwardHeaders: [report-range, report-range]\n'),
    mistakes: ['4:5  accounts.main.forwardHeaders  expected a list of header names, each once'],
  },
  {
    name: 'a file of certificates that is none',
    yaml: withAccount('    caFile: junk.pem\n'),
    mistakes: ['4:5  accounts.main.caFile  expected a file of certificates (PEM)'],
  },
  {
    name: 'a broken certificate',
    yaml: withAccount('    caFile: broken.pem\n'),
    mistakes: ['4:5  accounts.main.caFile  expected a file of certificates (PEM)'],
  },
  {
    name: 'a file of certificates that is not there',
    yaml: withAccount('    caFile: nowhere.pem\n'),
    mistakes: ['4:5  accounts.main.caFile  file "$/nowhere.pem" does not exist'],
  },
  {
    name: 'a quotaAccount that is not there',
    yaml: withAccount('    quotaAccount: mian\n'),
    mistakes: ['4:5  accounts.main.quotaAccount  no account is named "mian"; did you mean "main"?'],
  },
  {
    name: 'an account that is its own quotaAccount',
    yaml: withAccount('    quotaAccount: main\n'),
    mistakes: ['4:5  accounts.main.quotaAccount  expected an account without a quotaAccount of its own, got "main"'],
  },
  {
    name: 'a chain of quotaAccounts',
    yaml:
      'accounts:\n  main: { credential: &c { type: api-key, username: u, apiKey: { env: KEY } } }\n  second: { credential: *c, quotaAccount: main }\n  third: { credential: *c, quotaAccount: second }\n' +
      ANYBODY,
    mistakes: [
      '4:28  accounts.third.quotaAccount  expected an account without a quotaAccount of its own, got "second"',
    ],
  },
  {
    name: 'quotas next to a quotaAccount',
    yaml:
      'accounts:\n  main: { credential: &c { type: api-key, username: u, apiKey: { env: KEY } } }\n  second: { credential: *c, quotaAccount: main, quotas: { margin: 2s } }\n' +
      ANYBODY,
    mistakes: ['3:49  accounts.second.quotas  an account with a quotaAccount spends the quotas of that one'],
  },
];
