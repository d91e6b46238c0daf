import { type BadFile, withAccount, withCredential } from './bad-file.ts';

/** What is wrong with credentials and the secrets they refer to. */
export const badCredentials: readonly BadFile[] = [
  {
    name: 'an unknown credential type',
    yaml: withCredential('{ type: oauth, apiKey: { env: KEY } }'),
    mistakes: ['3:19  accounts.main.credential.type  expected "access-key" or "api-key"'],
  },
  {
    name: 'a credential without type',
    yaml: withCredential('{ username: u, apiKey: { env: KEY } }'),
    mistakes: ['3:5  accounts.main.credential.type  missing; expected "access-key" or "api-key"'],
  },
  {
    name: 'a credential on one line',
    yaml: withCredential('"AK:SK"'),
    mistakes: ['3:5  accounts.main.credential  expected a mapping, got a string'],
  },
  {
    name: 'a misspelt key of a credential',
    yaml: withCredential('{ type: api-key, username: u, apikey: { env: KEY } }'),
    mistakes: ['3:47  accounts.main.credential.apikey  unknown key; did you mean "apiKey"?'],
  },
  {
    name: 'a key of the other credential',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { env: KEY }, secretKey: { env: KEY } }'),
    mistakes: ['3:69  accounts.main.credential  unknown key; known: type, username, apiKey'],
  },
  {
    name: 'a missing blank in a credential',
    yaml: withCredential('{ type: api-key, username: u, apiKey:s3cret }'),
    mistakes: [
      '3:5  accounts.main.credential.apiKey  missing; expected { env: NAME } or { file: PATH }',
      '3:47  accounts.main.credential  unknown key; known: type, username, apiKey',
    ],
  },
  {
    name: 'a next credential with mistakes of its own',
    yaml: withAccount(
      '    nextCredential: { type: access-key, accessKey: { env: BLANK }, secretKey: { file: nowhere } }\n',
    ),
    mistakes: [
      '4:41  accounts.main.nextCredential.accessKey  expected an access key of printable ASCII without spaces and commas',
      '4:68  accounts.main.nextCredential.secretKey  file "$/nowhere" does not exist',
    ],
  },
  {
    name: 'a literal secret',
    yaml: withCredential('{ type: api-key, username: u, apiKey: s3cret }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  a literal secret; use { env: NAME } or { file: PATH }'],
  },
  {
    name: 'a literal secret of digits',
    yaml: withCredential('{ type: api-key, username: u, apiKey: 271828 }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  a literal secret; use { env: NAME } or { file: PATH }'],
  },
  {
    name: 'a secret as key',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { s3cret } }'),
    mistakes: ['3:57  accounts.main.credential.apiKey  unknown key; known: env, file'],
  },
  {
    name: 'two sources of one secret',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { env: KEY, file: key } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  expected { env: NAME } or { file: PATH }'],
  },
  {
    name: 'no source of a secret',
    yaml: withCredential('{ type: api-key, username: u, apiKey: {} }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  expected { env: NAME } or { file: PATH }'],
  },
  {
    name: 'a secret as name of a variable',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { env: s3cret } }'),
    mistakes: ['3:57  accounts.main.credential.apiKey.env  expected the name of an environment variable, in capitals'],
  },
  {
    name: 'a variable that is not set',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { env: UNSET } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  environment variable UNSET is not set'],
  },
  {
    name: 'an empty variable',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { env: EMPTY } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  environment variable EMPTY is empty'],
  },
  {
    name: 'a variable with a line break',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { env: LINES } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  the secret has a line break or another control character in it'],
  },
  {
    name: 'a file that does not exist',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { file: nowhere } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  file "$/nowhere" does not exist'],
  },
  {
    name: 'a file that can not be read',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { file: . } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  file "$" cannot be read (EISDIR)'],
  },
  {
    name: 'an empty file as secret',
    yaml: withCredential('{ type: api-key, username: u, apiKey: { file: empty } }'),
    mistakes: ['3:47  accounts.main.credential.apiKey  file "$/empty" is empty'],
  },
  {
    name: 'an access key with a blank',
    yaml: withCredential('{ type: access-key, accessKey: { env: BLANK }, secretKey: { env: KEY } }'),
    mistakes: [
      '3:37  accounts.main.credential.accessKey  expected an access key of printable ASCII without spaces and commas',
    ],
  },
  {
    name: 'a user name with a colon',
    yaml: withCredential('{ type: api-key, username: "u:s3cret", apiKey: { env: KEY } }'),
    mistakes: ['3:34  accounts.main.credential.username  expected a user name without ":" or control characters'],
  },
  {
    name: 'a user name of digits',
    yaml: withCredential('{ type: api-key, username: 7, apiKey: { env: KEY } }'),
    mistakes: ['3:34  accounts.main.credential.username  expected a user name without ":" or control characters'],
  },
];
