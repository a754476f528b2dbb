/** The library of certificates, for tests that look at one with other eyes than ours, or make a bad one. */

/** Of the product only who issues one loads it. */
export async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
