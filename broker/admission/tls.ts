/** The listener beyond this machine: TLS 1.3, and nobody is heard who does not show a certificate of our authority. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { type Clock, codeOf, type Log, loadText, makePrivateKey, makeRequest, modes, replaceFile, StartError } from '@sabha/contracts';
import { followFile, none } from './registry-file.ts';

/** What `createTlsListener` needs. */
export type TlsOptions = {
  /** The broker's own folder: its key and its request for a certificate stand there. */
  dataDir: string;
  /** Where `flows` puts the certificate; absent = beside them. */
  certificateFile?: string;
  clock: Clock;
  log: Log;
};
/** The listener, and the roots that it trusts. */
export type TlsListener = Awaited<ReturnType<typeof createTlsListener>>;

/** Who does not finish the handshake in this time is not waited for. */
const handshakeTimeoutMs = 10_000;

/**
 * A TLS server that does not listen yet. A new certificate and new roots count for who connects from then on; nobody is cut off.
 * Guarantee: 'secureConnection' comes only for a client whose certificate, in force now, a root of the snapshot has signed for clients.
 */
export async function createTlsListener(options: TlsOptions) {
  const { dataDir, clock, log, certificateFile: file = join(dataDir, 'server.pem') } = options;
  const key = await ownKey(dataDir);
  let cert = '';
  let ca: readonly string[] = [];
  const server = createServer({
    ...contextOf({ key, cert, ca }),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
  });
  const renew = () => server.setSecureContext(contextOf({ key, cert, ca }));
  const followed = followFile(file, clock, (text) => {
    if (text.value === none) return log.info({ file }, 'waits for the certificate of the broker: nobody comes in over TLS yet');
    const problem = text.ok ? problemOf(text.value, key) : text.value;
    if (problem !== null) return log.warn({ file }, `certificate of the broker cannot be used: ${problem}`);
    cert = text.value;
    renew();
    log.info({ until: new X509Certificate(cert).validTo }, 'certificate of the broker in use');
  });
  return {
    server,
    /** Takes over the roots of a snapshot, PEM; without one nobody is let in. */
    trust(roots: readonly string[]): void {
      if (roots.join() === ca.join()) return;
      ca = roots;
      renew();
    },
    close: followed.close,
  };
}

/**
 * An empty `ca` trusts nobody; an absent one would trust whom the system trusts. Without tickets every connection shows its certificate anew:
 * a resumed one would still be believed under a root that is gone.
 */
function contextOf({ key, cert, ca }: { key: string; cert: string; ca: readonly string[] }) {
  const own = cert === '' ? {} : { key, cert };
  return { ...own, ca: [...ca], minVersion: 'TLSv1.3' as const, secureOptions: constants.SSL_OP_NO_TICKET };
}

/** The key is made once and never leaves its folder; the request for a certificate goes with it. */
async function ownKey(dataDir: string): Promise<string> {
  const [keyFile, requestFile] = [join(dataDir, 'server.key'), join(dataDir, 'server.csr')];
  const isNew = !existsSync(keyFile);
  if (isNew) put(keyFile, makePrivateKey(), modes.own);
  const key = loadText(keyFile);
  if (!isEcKey(key)) throw new StartError(`${keyFile}: not a private key of an elliptic curve`);
  if (isNew || !existsSync(requestFile)) put(requestFile, makeRequest(key, 'broker').pem, modes.shared);
  return key;
}

function put(file: string, text: string, mode: number): void {
  try {
    replaceFile(file, text, mode);
  } catch (error) {
    throw new StartError(`${file}: cannot be written: ${codeOf(error)}`);
  }
}

function isEcKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

function problemOf(text: string, key: string): string | null {
  try {
    return new X509Certificate(text).checkPrivateKey(createPrivateKey(key)) ? null : 'it is for another key';
  } catch {
    return 'not a certificate';
  }
}

/** By the code of Node or OpenSSL; of two that fit the first one counts. */
const handshakes: readonly (readonly [RegExp, string])[] = [
  [/PEER_DID_NOT_RETURN/, 'it showed no certificate: no enrolled PC'],
  [/HANDSHAKE_TIMEOUT/, 'it did not end the handshake in time'],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT)$/, 'it went away before the handshake was over'],
  [/ALERT.*(?:UNKNOWN_CA|CERTIFICATE|ACCESS_DENIED)/, 'it does not believe the certificate of this broker'],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/, 'it speaks no TLS 1.3'],
  [/HTTP|WRONG_VERSION|RECORD|TOO_LONG|UNEXPECTED_MESSAGE|UNKNOWN_PROTOCOL/, 'it speaks no TLS'],
  [/NO_SUITABLE|NO_SHARED|NO_CERTIFICATE_SET/, 'this broker has no certificate that it can show'],
  [/CERT|SELF_SIGNED|UNABLE_TO/, 'its certificate is not believed'],
];

/** Why a handshake came to nothing, in words: what a library says of itself helps nobody who reads the log. */
export function whyNoHandshake(error: Error): string {
  const code = codeOf(error);
  return handshakes.find(([pattern]) => pattern.test(code))?.[1] ?? `the handshake failed: ${code}`;
}
