/** Keys and certificates, as agent, broker and flows name them. Keys are EC P-256. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';

/** What a certificate may be used for, as object identifiers. */
export const clientAuth = '1.3.6.1.5.5.7.3.2';
/** For a server. */
export const serverAuth = '1.3.6.1.5.5.7.3.1';

/** What the subject of a server's certificate says: the key of one door of the centre opens no other. */
export const doors = { centre: 'Sabha centre', broker: 'Sabha broker' } as const;
/** By this name a PC asks the centre's HTTPS for the certificate that it can judge, whichever one browsers see. */
export const centreServerName = 'centre.sabha.internal';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A fresh private key, PEM. */
export function makePrivateKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A certificate request (PKCS#10) whose subject is one common name. */
export async function makeRequest(privateKey: string, name: string): Promise<{ pem: string; der: Buffer }> {
  const { Pkcs10CertificateRequestGenerator } = await loadX509();
  const asCryptoKey = (key: KeyObject, use: 'sign' | 'verify') => key.toCryptoKey(algorithm, true, [use]) as CryptoKey;
  const keys = {
    privateKey: asCryptoKey(createPrivateKey(privateKey), 'sign'),
    publicKey: asCryptoKey(createPublicKey(privateKey), 'verify'),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({ name: `CN=${name}`, keys, signingAlgorithm: algorithm });
  return { pem: `${request.toString('pem')}\n`, der: Buffer.from(request.rawData) };
}

/** The library of certificates; asked for when it is needed, since a part that has its certificate has no use for it. */
export async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** The serial number as the registry writes it: lower-case hexadecimal without leading zeros. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase().replace(/^0+/, '');
}

/** The one common name of a certificate's subject; undefined for a subject that says more, or less. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  return /^CN=([a-z0-9.-]+)$/.exec(certificate.subject)?.[1];
}
