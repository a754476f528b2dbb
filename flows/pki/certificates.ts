/**
 * Creates X.509 certificates and parses certificate requests. The library takes 20 MiB of memory, so this file is imported only to issue
 * one.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { oneLine } from '@sabha/contracts';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const dayMs = 86_400_000;
/** Certificates are valid from this time before they are issued. A PC whose clock is slow would otherwise reject them. */
const backdatedMs = 60 * 60_000;
const digitalSignature = x509.KeyUsageFlags.digitalSignature;

/** An authority: its certificate (PEM) and its key. */
type Issuer = CertificateTools & { certificate: string; key: KeyObject };
/** `random(n)` = n random bytes. */
export type CertificateTools = { now(): number; random(size: number): Buffer };

/** The holder of a certificate: a PC as TLS client of the broker, or a server with all its host names. */
export type Subject = { kind: 'pc'; name: string } | { kind: 'server'; name: string; names: readonly string[] };
export type IssuedCertificate = { pem: string; serial: string; notAfter: number };
/** The name in a request, and its key. The request's signature proves possession of the key. */
export type CertificateRequest = { name: string; publicKey: KeyObject };

const profiles = {
  pc: { days: 365, usage: x509.ExtendedKeyUsage.clientAuth },
  server: { days: 90, usage: x509.ExtendedKeyUsage.serverAuth },
} as const;

/** Issues a certificate for a key. It never outlives its issuer. */
export async function issueCertificate(issuer: Issuer, subject: Subject, publicKey: KeyObject): Promise<IssuedCertificate> {
  const { days, usage } = profiles[subject.kind];
  const authority = new x509.X509Certificate(issuer.certificate);
  const key = await x509.PublicKey.create(publicKey.export({ type: 'spki', format: 'der' }));
  const notBefore = startOf(issuer);
  const notAfter = new Date(Math.min(notBefore.getTime() + days * dayMs, authority.notAfter.getTime()));
  const serial = serialNumber(issuer);
  const dnsOrIp = (value: string) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [subject.name] }],
    issuer: authority.subjectName,
    notBefore,
    notAfter,
    publicKey: key,
    ...(await signing(issuer.key)),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage], true),
      await x509.SubjectKeyIdentifierExtension.create(key),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ...(subject.kind === 'server' ? [new x509.SubjectAlternativeNameExtension(subject.names.map(dnsOrIp))] : []),
    ],
  });
  return { pem: pemOf(certificate), serial, notAfter: notAfter.getTime() };
}

/** Issues a self-signed root certificate: valid for ten years, and only for signing certificates. */
export async function issueRoot(key: KeyObject, means: CertificateTools): Promise<string> {
  const publicKey = await x509.PublicKey.create(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const name = [{ CN: [`Sabha ${means.random(4).toString('hex')}`] }];
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const notBefore = startOf(means);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(means),
    subject: name,
    issuer: name,
    notBefore,
    notAfter: new Date(notBefore.getTime() + 3_652 * dayMs),
    publicKey,
    ...(await signing(key)),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return pemOf(certificate);
}

/** Parses a PKCS#10 request, PEM or base64. Guarantee: an `ok` result is signed with the key it names, on the curve P-256. */
export async function readRequest(text: string): Promise<{ ok: true; value: CertificateRequest } | { ok: false; line: string }> {
  try {
    const request = new x509.Pkcs10CertificateRequest(text);
    const publicKey = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    if (publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      return { ok: false, line: 'the key of the request is not on the curve P-256' };
    if (!(await request.verify())) return { ok: false, line: 'the request is not signed with its own key' };
    const names = request.subjectName.getField('CN');
    const [name = ''] = names;
    if (names.length !== 1) return { ok: false, line: `the subject of the request has ${names.length} common names, it should have one` };
    return { ok: true, value: { name, publicKey } };
  } catch (error) {
    return { ok: false, line: `not a certificate request: ${oneLine((error as Error).message, 120)}` };
  }
}

/** Returns certificates (PEM) as EST requires: unsigned PKCS#7, in base64. */
export function pkcs7Of(certificates: readonly string[]): string {
  const list = new x509.X509Certificates(certificates.map((one) => new x509.X509Certificate(one)));
  return Buffer.from(list.export('raw')).toString('base64');
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** X.509 times have whole seconds. */
function startOf({ now }: CertificateTools): Date {
  return new Date(Math.floor((now() - backdatedMs) / 1_000) * 1_000);
}

/** Returns 16 bytes as hex: positive and without a leading zero, so that all tools print it alike. */
function serialNumber({ random }: CertificateTools): string {
  const bytes = random(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** Returns algorithm and key for signing. An organisation's authority may use RSA or another curve. */
async function signing(key: KeyObject) {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  const signingAlgorithm = { name: asymmetricKeyType === 'ec' ? 'ECDSA' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const curves: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
  const namedCurve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  const algorithm = namedCurve === undefined ? signingAlgorithm : { ...signingAlgorithm, namedCurve };
  return { signingAlgorithm: algorithm, signingKey: key.toCryptoKey(algorithm, false, ['sign']) as CryptoKey };
}
