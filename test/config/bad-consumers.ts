import { ACCOUNT, type BadFile, withConsumer } from './bad-file.ts';

const REST = '    accounts: [main]\n    allow: ["*"]\n';
const two = (one: string, other: string) =>
  `${ACCOUNT}consumers:\n  a: { ${one}, accounts: [main], allow: ["*"] }\n  b: { ${other}, accounts: [main], allow: ["*"] }\n`;

/** What is wrong with the keys and certificates that consumers prove themselves with. */
export const badConsumers: readonly BadFile[] = [
  {
    name: 'a literal virtual secret key',
    yaml: withConsumer(`    accessKey: { id: vk, secretKey: s3cret }\n${REST}`),
    mistakes: ['6:26  consumers.bot.accessKey.secretKey  a literal secret; use { env: NAME } or { file: PATH }'],
  },
  {
    name: 'a virtual access key on one line',
    yaml: withConsumer(`    accessKey: s3cret\n${REST}`),
    mistakes: [
      '6:5  consumers.bot.accessKey  a literal secret; use { id: NAME, secretKey: { env: NAME } or { file: PATH } }',
    ],
  },
  {
    name: 'a virtual access key with a comma',
    yaml: withConsumer(`    accessKey: { id: "s3,cret", secretKey: { env: LONG } }\n${REST}`),
    mistakes: ['6:18  consumers.bot.accessKey.id  expected an access key of printable ASCII without spaces and commas'],
  },
  {
    name: 'a virtual API key without a user name',
    yaml: withConsumer(`    apiKey: { apiKey: { env: LONG } }\n${REST}`),
    mistakes: ['6:5  consumers.bot.apiKey.username  missing; expected a user name without ":" or control characters'],
  },
  {
    name: 'virtual secrets that are not there, too short, or on two lines',
    yaml: `${ACCOUNT}consumers:
  a: { accessKey: { id: a, secretKey: { env: NOWHERE } }, accounts: [main], allow: ["*"] }
  b: { accessKey: { id: b, secretKey: { env: BLANK } }, accounts: [main], allow: ["*"] }
  c: { apiKey: { username: c, apiKey: { env: LINES } }, accounts: [main], allow: ["*"] }
`,
    mistakes: [
      '5:28  consumers.a.accessKey.secretKey  environment variable NOWHERE is not set',
      '6:28  consumers.b.accessKey.secretKey  expected a secret of at least 16 characters; `token --access-key` makes one',
      '7:31  consumers.c.apiKey.apiKey  the secret has a line break or another control character in it',
    ],
  },
  {
    name: 'a virtual secret that is the one of a real account',
    yaml: `${ACCOUNT.replace('KEY', 'LONG')}consumers:
  a: { accessKey: { id: a, secretKey: { env: LONG } }, accounts: [main], allow: ["*"] }
  b: { apiKey: { username: u, apiKey: { env: LONG } }, accounts: [main], allow: ["*"] }
`,
    mistakes: [
      '5:28  consumers.a.accessKey.secretKey  the same secret as accounts.main.credential.apiKey',
      '6:31  consumers.b.apiKey.apiKey  the same secret as accounts.main.credential.apiKey',
    ],
  },
  {
    name: 'a virtual access key that is the one of a real account',
    yaml: `accounts:
  main:
    credential: { type: access-key, accessKey: { env: KEY }, secretKey: { env: KEY } }
consumers:
  a: { accessKey: { id: key, secretKey: { env: LONG } }, accounts: [main], allow: ["*"] }
`,
    mistakes: ['5:21  consumers.a.accessKey.id  the access key of account "main"; expected one of the gateway\'s own'],
  },
  {
    name: 'a virtual key pair that is the one that an account changes to',
    yaml: `accounts:
  main:
    credential: { type: api-key, username: u, apiKey: { env: KEY } }
    nextCredential: { type: access-key, accessKey: { env: KEY }, secretKey: { env: LONG } }
consumers:
  a: { accessKey: { id: key, secretKey: { env: LONG } }, accounts: [main], allow: ["*"] }
`,
    mistakes: [
      '6:21  consumers.a.accessKey.id  the access key of account "main"; expected one of the gateway\'s own',
      '6:30  consumers.a.accessKey.secretKey  the same secret as accounts.main.nextCredential.secretKey',
    ],
  },
  {
    name: 'two consumers with one secret',
    yaml: two('accessKey: { id: a, secretKey: { env: LONG } }', 'apiKey: { username: b, apiKey: { env: LONG } }'),
    mistakes: ['6:31  consumers.b.apiKey.apiKey  the same secret as consumers.a.accessKey.secretKey'],
  },
  {
    name: 'two consumers with one access key',
    yaml: two('accessKey: { id: vk, secretKey: { env: LONG } }', 'accessKey: { id: vk, secretKey: { env: LONGER } }'),
    mistakes: ['6:8  consumers.b.accessKey  consumer "a" has the same access key'],
  },
  {
    name: 'two consumers with one user name',
    yaml: two('apiKey: { username: u, apiKey: { env: LONG } }', 'apiKey: { username: u, apiKey: { env: LONGER } }'),
    mistakes: ['6:8  consumers.b.apiKey  consumer "a" has the same user name'],
  },
  {
    name: 'two consumers with one certificate',
    yaml: two('certificate: { san: "DNS:a.internal" }', 'certificate: { san: "DNS:a.internal" }'),
    mistakes: ['6:8  consumers.b.certificate  consumer "a" has the same certificate'],
  },
  {
    name: 'a certificate that is named in no way and in two',
    yaml: two('certificate: {}', 'certificate: { commonName: b, san: "DNS:b" }'),
    mistakes: [
      '5:8  consumers.a.certificate  expected { commonName: NAME } or { san: "DNS:NAME" }',
      '6:8  consumers.b.certificate  expected { commonName: NAME } or { san: "DNS:NAME" }',
    ],
  },
  {
    name: 'an alternative name without its kind',
    yaml: withConsumer(`    certificate: { san: a.internal }\n${REST}`),
    mistakes: [
      '6:20  consumers.bot.certificate.san  expected an alternative name such as DNS:purge.internal, URI:spiffe://a/b or email:a@b, got "a.internal"',
    ],
  },
  {
    name: 'a share that is no limit',
    yaml: withConsumer(`    certificate: { commonName: a }\n    quota: 60\n${REST}`),
    mistakes: ['7:5  consumers.bot.quota  expected a limit such as { quota: 30, window: 5m }, got a number'],
  },
  {
    name: 'networks that are none, or everything',
    yaml: `listen: [{ host: 0.0.0.0 }]
${ACCOUNT}anonymous:
  account: main
  trustNetwork: [10.0.0.0, 10.0.0.0/33, 0.0.0.0/0, "::/0", example.com/8, 10.0.0.0/8/8, "fd00::/8", 10.0.0.0/8]
`,
    mistakes: [
      ['18', '0', '10.0.0.0'],
      ['28', '1', '10.0.0.0/33'],
      ['41', '2', '0.0.0.0/0'],
      ['52', '3', '::/0'],
      ['60', '4', 'example.com/8'],
      ['75', '5', '10.0.0.0/8/8'],
    ].map(
      ([column, index, text]) =>
        `7:${column}  anonymous.trustNetwork[${index}]  expected a network such as 10.0.0.0/8, with 1 bit or more, got "${text}"`,
    ),
  },
  {
    name: 'an empty list of networks',
    yaml: `listen: [{ host: 0.0.0.0 }]\n${ACCOUNT}anonymous: { account: main, trustNetwork: [] }\n`,
    mistakes: ['5:29  anonymous.trustNetwork  expected a list of at least one network, each once'],
  },
];
