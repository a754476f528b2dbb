/** TLS 1.3 listener for other machines. A client must present a certificate of our authority. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { type Clock, codeOf, type Log, loadText, makeCertRequest, makeKey, modes, replaceFile, StartError } from '@sabha/contracts';
import { followFile, missingFile } from './registry-file.ts';

export type TlsOptions = {
  /** The broker's own folder, with its key and its certificate request. */
  dataDir: string;
  /** File in which `flows` writes the certificate; absent: a file in `dataDir`. */
  certificateFile?: string;
  clock: Clock;
  log: Log;
};
export type TlsListener = Awaited<ReturnType<typeof createTlsListener>>;

const handshakeTimeoutMs = 10_000;

/**
 * Creates a TLS server that does not listen yet. New certificates and roots apply to new connections; existing ones stay.
 * Guarantee: 'secureConnection' is emitted only for a client with a currently valid client certificate signed by a root of the snapshot.
 */
export async function createTlsListener(options: TlsOptions) {
  const { dataDir, clock, log, certificateFile: file = join(dataDir, 'server.pem') } = options;
  const key = await loadOrCreateKey(dataDir);
  let cert = '';
  let ca: readonly string[] = [];
  const server = createServer({
    ...tlsContext({ key, cert, ca }),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
  });
  const reloadContext = () => server.setSecureContext(tlsContext({ key, cert, ca }));
  const followed = followFile(file, clock, (text) => {
    if (text.value === missingFile) return log.info({ file }, 'waits for the certificate of the broker: no PC can connect over TLS yet');
    const problem = text.ok ? certificateProblem(text.value, key) : text.value;
    if (problem !== null) return log.warn({ file }, `certificate of the broker cannot be used: ${problem}`);
    cert = text.value;
    reloadContext();
    log.info({ until: new X509Certificate(cert).validTo }, 'certificate of the broker in use');
  });
  return {
    server,
    /** Sets the trusted roots of a snapshot, in PEM. Without roots no client is accepted. */
    setTrustedRoots(roots: readonly string[]): void {
      if (roots.join() === ca.join()) return;
      ca = roots;
      reloadContext();
    },
    close: followed.close,
  };
}

/**
 * An empty `ca` trusts no certificate; without `ca` Node would trust the roots of the system. Session tickets are off, so that every
 * connection presents its certificate: a resumed session would survive the removal of its root.
 */
function tlsContext({ key, cert, ca }: { key: string; cert: string; ca: readonly string[] }) {
  const own = cert === '' ? {} : { key, cert };
  return { ...own, ca: [...ca], minVersion: 'TLSv1.3' as const, secureOptions: constants.SSL_OP_NO_TICKET };
}

/** Creates the private key once, with its certificate request. The key never leaves its folder. */
async function loadOrCreateKey(dataDir: string): Promise<string> {
  const [keyFile, requestFile] = [join(dataDir, 'server.key'), join(dataDir, 'server.csr')];
  const isNew = !existsSync(keyFile);
  if (isNew) writeOrThrow(keyFile, makeKey(), modes.own);
  const key = loadText(keyFile);
  if (!isEcKey(key)) throw new StartError(`${keyFile}: not a private key of an elliptic curve`);
  if (isNew || !existsSync(requestFile)) writeOrThrow(requestFile, makeCertRequest(key, 'broker').pem, modes.shared);
  return key;
}

function writeOrThrow(file: string, text: string, mode: number): void {
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

function certificateProblem(text: string, key: string): string | null {
  try {
    return new X509Certificate(text).checkPrivateKey(createPrivateKey(key)) ? null : 'it is for another key';
  } catch {
    return 'not a certificate';
  }
}

/** Texts by error code of Node or OpenSSL. The first match counts. */
const handshakeErrors: readonly (readonly [RegExp, string])[] = [
  [/PEER_DID_NOT_RETURN/, 'it showed no certificate: it is not an enrolled PC'],
  [/HANDSHAKE_TIMEOUT/, 'it did not finish the handshake in time'],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT)$/, 'it ended the connection during the handshake'],
  [/ALERT.*(?:UNKNOWN_CA|CERTIFICATE|ACCESS_DENIED)/, 'it does not trust the certificate of this broker'],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/, 'it does not support TLS 1.3'],
  [/HTTP|WRONG_VERSION|RECORD|TOO_LONG|UNEXPECTED_MESSAGE|UNKNOWN_PROTOCOL/, 'it does not use TLS'],
  [/NO_SUITABLE|NO_SHARED|NO_CERTIFICATE_SET/, 'this broker has no certificate that it can show'],
  [/CERT|SELF_SIGNED|UNABLE_TO/, 'its certificate is not trusted'],
];

/** Returns the reason of a failed handshake, in words that are clearer to the reader of the log than those of the library. */
export function describeHandshakeError(error: Error): string {
  const code = codeOf(error);
  return handshakeErrors.find(([pattern]) => pattern.test(code))?.[1] ?? `the handshake failed: ${code}`;
}
