import { ACCOUNT, type BadFile, DIGEST, REST, withConsumer } from './bad-file.ts';

/** What is wrong with anonymous callers and consumers. */
export const badCallers: readonly BadFile[] = [
  {
    name: 'anonymous callers from everywhere',
    yaml: `listen:\n  - {}\n  - { host: 0.0.0.0, port: 8081 }\n${REST}`,
    mistakes: [
      '7:1  anonymous  callers without credentials may only come over loopback, unix sockets or from networks named in trustNetwork, and listen[1] is not loopback',
    ],
  },
  {
    name: 'anonymous callers of an unknown account',
    yaml: `${ACCOUNT}anonymous: { account: other }\n`,
    mistakes: ['4:14  anonymous.account  no account is named "other"; known: main'],
  },
  {
    name: 'anonymous callers of no account',
    yaml: `${ACCOUNT}anonymous: {}\n`,
    mistakes: ['4:1  anonymous.account  missing; expected the name of an account'],
  },
  {
    name: 'nobody who could call',
    yaml: ACCOUNT,
    mistakes: ['1:1  consumers  nobody could call; expected at least one consumer, or anonymous'],
  },
  {
    name: 'a consumer named anonymous',
    yaml: `${ACCOUNT}consumers:\n  anonymous: { token: { sha256: ${DIGEST} }, accounts: [main], allow: ["*"] }\n`,
    mistakes: ['5:3  consumers.anonymous  expected another name; this one is for callers without credentials'],
  },
  {
    name: 'a consumer without anything',
    yaml: withConsumer('    {}\n'),
    mistakes: [
      '5:3  consumers.bot.accounts  missing; expected a list of at least one account, each once',
      '5:3  consumers.bot.allow  missing; expected a list of at least one pattern',
      '5:3  consumers.bot  expected at least one of token, accessKey, apiKey and certificate, or a unix socket that names it',
    ],
  },
  {
    name: 'a misspelt key of a consumer',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main]\n    allowed: ["*"]\n`),
    mistakes: ['8:5  consumers.bot.allowed  unknown key; did you mean "allow"?'],
  },
  {
    name: 'a literal token',
    yaml: withConsumer(`    token: s3cret\n    accounts: [main]\n    allow: ["*"]\n`),
    mistakes: ['6:5  consumers.bot.token  a literal secret; use { sha256: DIGEST }'],
  },
  {
    name: 'a token in place of its digest',
    yaml: withConsumer(`    token: { sha256: s3cret }\n    accounts: [main]\n    allow: ["*"]\n`),
    mistakes: ['6:14  consumers.bot.token.sha256  expected 64 lower-case hexadecimal digits'],
  },
  {
    name: 'a token as key',
    yaml: withConsumer(`    token: { s3cret }\n    accounts: [main]\n    allow: ["*"]\n`),
    mistakes: [
      '6:5  consumers.bot.token.sha256  missing; expected 64 lower-case hexadecimal digits',
      '6:14  consumers.bot.token  unknown key; known: sha256',
    ],
  },
  {
    name: 'a consumer of an unknown account',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main, mains]\n    allow: ["*"]\n`),
    mistakes: ['7:22  consumers.bot.accounts[1]  no account is named "mains"; did you mean "main"?'],
  },
  {
    name: 'a consumer without accounts',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: []\n    allow: ["*"]\n`),
    mistakes: ['7:5  consumers.bot.accounts  expected a list of at least one account, each once'],
  },
  {
    name: 'a pattern alone',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main]\n    allow: read-only\n`),
    mistakes: ['8:5  consumers.bot.allow  expected a list of at least one pattern, got a string'],
  },
  {
    name: 'a pattern without method',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main]\n    allow: ["GET /a", /a/*]\n`),
    mistakes: [
      '8:23  consumers.bot.allow[1]  expected "*", "read-only" or a pattern such as "POST /ccm/purge/*", got "/a/*"',
    ],
  },
  {
    name: 'a rest in the middle of a pattern',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main]\n    allow: ["GET /a/**/b"]\n`),
    mistakes: [
      '8:13  consumers.bot.allow[0]  expected "*", "read-only" or a pattern such as "POST /ccm/purge/*", got "GET /a/**/b"',
    ],
  },
  {
    name: 'two consumers with one token',
    yaml: `${ACCOUNT}consumers:\n  a: { token: { sha256: ${DIGEST} }, accounts: [main], allow: ["*"] }\n  b: { token: { sha256: ${DIGEST} }, accounts: [main], allow: ["*"] }\n`,
    mistakes: ['6:8  consumers.b.token  consumer "a" has the same token'],
  },
  {
    name: 'a consumer that waits for a number',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main]\n    allow: ["*"]\n    wait: 120\n`),
    mistakes: ['9:5  consumers.bot.wait  expected a duration such as 2m (at most 1h), got 120'],
  },
  {
    name: 'a consumer that waits longer than anybody may',
    yaml: withConsumer(`    token: { sha256: ${DIGEST} }\n    accounts: [main]\n    allow: ["*"]\n    wait: 121s\n`),
    mistakes: ['9:5  consumers.bot.wait  longer than limits.wait, which is 2m'],
  },
  {
    name: 'anonymous callers that wait where nobody may',
    yaml: `limits: { wait: 0s }\n${ACCOUNT}anonymous: { account: main, wait: 1s }\n`,
    mistakes: ['5:29  anonymous.wait  longer than limits.wait, which is 0s'],
  },
];
