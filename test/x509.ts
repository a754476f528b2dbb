/** Loads the certificate library, for tests that read certificates independently of our code or create faulty ones. */

/** Loads the library. In the product only the issuer of certificates loads it. */
export async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
