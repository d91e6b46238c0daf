import Type, { type Static } from 'typebox';

const HOST = {
  title: 'an address or host name such as 127.0.0.1',
  description: 'Address or host name to listen on; of a name, every address that this machine has.',
  // A name or IPv4 address; or, with two colons or more, an IPv6 address and its optional zone.
  pattern: '^([A-Za-z0-9._-]+|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?)$',
  default: '127.0.0.1',
};
const PORT = {
  title: 'a port from 0 to 65535',
  description: 'TCP port; 0 lets the system choose.',
  minimum: 0,
  maximum: 65535,
};
const InFlight = Type.Optional(
  Type.Integer({
    title: 'a whole number from 1',
    description: 'Most requests of this listener at one time, beside `limits.inFlight`.',
    minimum: 1,
  }),
);

const TlsSchema = Type.Object(
  {
    certFile: file("The listener's certificate and those between it and its authority (PEM)."),
    keyFile: file('Its private key (PEM), without a passphrase.'),
    clientCaFile: Type.Optional(
      file('Certificates (PEM) of the authorities that alone vouch for callers; with it, every caller needs one.'),
    ),
  },
  { additionalProperties: false, description: 'TLS 1.2 or later. Paths are relative to the folder of this file.' },
);

const TcpSchema = Type.Object(
  {
    host: Type.String(HOST),
    port: Type.Integer({ ...PORT, default: 8080 }),
    tls: Type.Optional(TlsSchema),
    inFlight: InFlight,
  },
  { additionalProperties: false },
);

const UnixSchema = Type.Object(
  {
    unixSocket: file('Path of a unix socket, in a folder that exists. Relative to the folder of this file.'),
    mode: Type.String({
      title: 'an octal mode in quotes such as "0660"',
      description: 'Permissions of the socket: whoever may write to it may call.',
      pattern: '^0?[0-7]{3}$',
      default: '0660',
    }),
    consumer: Type.Optional(
      Type.String({
        title: 'the name of a consumer',
        description: 'Who calls here, unless a request presents credentials.',
      }),
    ),
    inFlight: InFlight,
  },
  { additionalProperties: false },
);

/** Where consumers call, as the file describes it: a port, or a unix socket. */
export const ListenerSchema = Type.Unsafe<Static<typeof TcpSchema> | Static<typeof UnixSchema>>({
  type: 'object',
  ...Type.Dependent(
    Type.Object({ unixSocket: Type.Unknown({ description: 'Tells a unix socket from a port.' }) }),
    UnixSchema,
    TcpSchema,
  ),
});

/** Where the operator's port is, as the file describes it. */
export const AdminSchema = Type.Object(
  { host: Type.String(HOST), port: Type.Integer({ ...PORT, default: 9090 }) },
  {
    additionalProperties: false,
    description: 'Where /metrics, /livez, /readyz and /quota are; never on a listener for consumers.',
    default: { host: '127.0.0.1', port: 9090 },
  },
);

function file(description: string) {
  return Type.String({ title: 'the path of a file', description, pattern: '^\\P{Cc}+$' });
}
