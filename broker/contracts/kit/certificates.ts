/** Keys and certificates of agent, broker and flows. Keys are EC P-256. */
import { createPublicKey, generateKeyPairSync, sign, type X509Certificate } from 'node:crypto';
import { der, tags } from './der.ts';

/** Extended key usage for clients, as object identifier. */
export const clientAuth = '1.3.6.1.5.5.7.3.2';
/** Extended key usage for servers. */
export const serverAuth = '1.3.6.1.5.5.7.3.1';

/** Subjects of the server certificates. They differ, so that the key of one listener is not valid for the other. */
export const serverSubjects = { centre: 'Sabha centre', broker: 'Sabha broker' } as const;
/** A PC requests this server name (SNI) to get the certificate of our authority, whatever certificate browsers see. */
export const serverSniName = 'centre.sabha.internal';

export function makeKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Creates a certificate request (PKCS#10) whose subject is one common name. A library for certificate requests would be a third of a packed
 * agent, so this is separate code.
 */
export function makeCertRequest(privateKey: string, name: string): { pem: string; der: Buffer } {
  const subject = der(tags.sequence, der(tags.set, der(tags.sequence, commonName, der(tags.utf8, Buffer.from(name)))));
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const requestInfo = der(tags.sequence, der(tags.integer, Buffer.of(0)), subject, publicKey, der(tags.first));
  const signature = der(tags.bits, Buffer.of(0), sign('sha256', requestInfo, privateKey));
  const request = der(tags.sequence, requestInfo, der(tags.sequence, ecdsaWithSha256), signature);
  const lines = request.toString('base64').replaceAll(/.{64}(?!$)/g, '$&\n');
  return { pem: `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`, der: request };
}

/** Object identifier 2.5.4.3, commonName. */
const commonName = der(tags.oid, Buffer.of(0x55, 0x04, 0x03));
/** Object identifier 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
const ecdsaWithSha256 = der(tags.oid, Buffer.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

/** Returns the serial number in the form of the registry: lower-case hexadecimal without leading zeros. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase().replace(/^0+/, '');
}

/** Returns the common name of a certificate; undefined if the subject has any other content. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  return /^CN=([a-z0-9.-]+)$/.exec(certificate.subject)?.[1];
}
