import { type BadFile, REST } from './bad-file.ts';

const LONG = 'x'.repeat(107);

/** What is wrong with listeners: unix sockets, TLS and their limits. */
export const badListeners: readonly BadFile[] = [
  {
    name: 'a socket with a port',
    yaml: `listen: [{ unixSocket: /tmp/a.sock, port: 8080 }]\n${REST}`,
    mistakes: ['1:37  listen[0].port  unknown key; known: unixSocket, mode, consumer, inFlight'],
  },
  {
    name: 'a port with the keys of a socket',
    yaml: `listen: [{ port: 0, mode: "0660" }]\n${REST}`,
    mistakes: ['1:21  listen[0].mode  unknown key; known: host, port, tls, inFlight'],
  },
  {
    name: 'a mode that YAML reads as a decimal number',
    yaml: `listen: [{ unixSocket: /tmp/a.sock, mode: 0660 }]\n${REST}`,
    mistakes: ['1:37  listen[0].mode  expected an octal mode in quotes such as "0660", got 660'],
  },
  {
    name: 'a mode with bits beyond permissions',
    yaml: `listen: [{ unixSocket: /tmp/a.sock, mode: "4660" }]\n${REST}`,
    mistakes: ['1:37  listen[0].mode  expected an octal mode in quotes such as "0660", got "4660"'],
  },
  {
    name: 'a socket in no folder',
    yaml: `listen: [{ unixSocket: nowhere/a.sock }]\n${REST}`,
    mistakes: ['1:12  listen[0].unixSocket  folder "$/nowhere" does not exist'],
  },
  {
    name: 'a socket whose path is a folder',
    yaml: `listen: [{ unixSocket: . }]\n${REST}`,
    mistakes: ['1:12  listen[0].unixSocket  expected a file, and "$" is a folder'],
  },
  {
    name: 'a socket whose path is too long for the system',
    yaml: `listen: [{ unixSocket: /tmp/${LONG} }]\n${REST}`,
    mistakes: [
      `1:12  listen[0].unixSocket  the path of a unix socket has at most 107 bytes, and "/tmp/${LONG}" has 112`,
    ],
  },
  {
    name: 'two listeners on one socket',
    yaml: `listen: [{ unixSocket: /tmp/a.sock }, { unixSocket: /tmp/../tmp/a.sock }]\n${REST}`,
    mistakes: ['1:39  listen[1]  listens on /tmp/a.sock, as listen[0] does'],
  },
  {
    name: 'a socket of nobody that is known',
    yaml: `listen: [{ unixSocket: /tmp/a.sock, consumer: purge-bto }]\n${REST}`,
    mistakes: ['1:37  listen[0].consumer  no consumer is named "purge-bto"; there are none'],
  },
  {
    name: 'a listener that bears nothing',
    yaml: `listen: [{ inFlight: 0 }]\n${REST}`,
    mistakes: ['1:12  listen[0].inFlight  expected a whole number from 1, got 0'],
  },
  {
    name: 'TLS without a key',
    yaml: `listen: [{ tls: { certFile: junk.pem } }]\n${REST}`,
    mistakes: [
      '1:12  listen[0].tls.keyFile  missing; expected the path of a file',
      '1:19  listen[0].tls.certFile  expected a file of certificates (PEM)',
    ],
  },
  {
    name: 'TLS of files that are not there or hold something else',
    yaml: `listen: [{ tls: { certFile: none.pem, keyFile: junk.pem, clientCaFile: broken.pem } }]\n${REST}`,
    mistakes: [
      '1:19  listen[0].tls.certFile  file "$/none.pem" does not exist',
      '1:39  listen[0].tls.keyFile  expected a file with a private key (PEM) that has no passphrase',
      '1:58  listen[0].tls.clientCaFile  expected a file of certificates (PEM)',
    ],
  },
];
