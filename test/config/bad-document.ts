import { type BadFile, REST } from './bad-file.ts';

/** What is wrong with a file as a whole: its syntax and its keys. */
export const badDocument: readonly BadFile[] = [
  { name: 'an empty file', yaml: '', mistakes: ['1:1  the file is empty'] },
  { name: 'a file of comments', yaml: '# nothing\n', mistakes: ['1:1  the file is empty'] },
  { name: 'a list instead of a mapping', yaml: '- listen\n', mistakes: ['1:1  expected a mapping, got a list'] },
  {
    name: 'an unclosed quote',
    yaml: `log: { level: "info }\n${REST}`,
    mistakes: ['6:1  not valid YAML: missing char'],
  },
  {
    name: 'wrong indentation',
    yaml: `${REST}log:\n  level: info\n store: x\n`,
    mistakes: ['7:1  not valid YAML: bad indent'],
  },
  { name: 'a tab', yaml: `${REST}log:\n\tlevel: info\n`, mistakes: ['6:1  not valid YAML: tab as indent'] },
  { name: 'a key that is there twice', yaml: `${REST}log: {}\nlog: {}\n`, mistakes: ['6:1  this key is there twice'] },
  {
    name: 'two documents',
    yaml: `${REST}---\nlog: {}\n`,
    mistakes: ['5:1  a second document; the file must hold one'],
  },
  { name: 'an unknown tag', yaml: `log: { level: !level info }\n${REST}`, mistakes: ['1:15  unknown tag'] },
  { name: 'a tag of YAML 1.1', yaml: `log: { level: !!binary aW5mbw== }\n${REST}`, mistakes: ['1:15  unknown tag'] },
  {
    name: 'an alias without its anchor',
    yaml: `log: *log\n${REST}`,
    mistakes: ['1:6  this alias has no anchor before it'],
  },
  {
    name: 'an alias inside its own anchor',
    yaml: `log: &log { level: *log }\n${REST}`,
    mistakes: ['1:1  too many aliases, or an alias inside its own anchor'],
  },
  { name: 'a key that is a list', yaml: `? [log]\n: {}\n${REST}`, mistakes: ['1:3  expected a plain name as key'] },
  {
    name: 'an unknown key at the top',
    yaml: `sotre: { type: memory }\n${REST}`,
    mistakes: ['1:1  sotre  unknown key; did you mean "store"?'],
  },
  {
    name: 'an unknown key without a near name',
    yaml: `log: { rotate: daily }\n${REST}`,
    mistakes: ['1:8  log.rotate  unknown key; known: level, format'],
  },
  {
    name: 'a key of a later release',
    yaml: `listen:\n  - quicPort: 8443\n${REST}`,
    mistakes: ['2:5  listen[0].quicPort  unknown key; known: host, port, tls, inFlight'],
  },
  { name: 'nothing after a key', yaml: `limits:\n${REST}`, mistakes: ['1:1  limits  expected a mapping, got nothing'] },
];
