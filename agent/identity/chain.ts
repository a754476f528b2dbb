/** From whom a certificate is, its dates aside: the clock of a PC may be wrong by years. */
import { X509Certificate } from 'node:crypto';

const longestChain = 4;

/** True of a certificate that one of the roots signed (PEM), or somebody whom they signed. */
export function comesFrom(certificate: X509Certificate, roots: readonly string[]): boolean {
  return isFromOne(
    certificate,
    roots.map((pem) => new X509Certificate(pem)),
    longestChain,
  );
}

function isFromOne(certificate: X509Certificate, roots: readonly X509Certificate[], links: number): boolean {
  if (roots.some((root) => isIssuer(root, certificate))) return true;
  const next = certificate.issuerCertificate;
  return links > 1 && next !== undefined && isIssuer(next, certificate) && isFromOne(next, roots, links - 1);
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
