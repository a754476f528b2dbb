/** The names under which the ledger keeps single words. */

/** Meta key of the version of the registry's last published snapshot. */
export const registryVersionKey = 'registry.version';
/** Meta key of the key by which the reflector proves who may measure. */
export const reflectorKeyKey = 'reflector.key';
/** Meta key of the fingerprints of the signing key and of the certificate authority. */
export const fingerprintsKey = 'fingerprints';
/** Meta key of the time by which goes what is deleted for its age. */
export const settledKey = 'settled';
/** Meta key of the PCs that were not heard since the last start, and for how long. */
export const inVainKey = 'in-vain';
/** Meta key of the time at which central last had the list of what is unknown for a day. */
export const unknownNamedKey = 'unknown-named';
/** Meta key of what the ledger lacks of what stood before it, and until when that is told. */
export const olderKey = 'ledger.older';
/** Begins the meta key of the hash of the token by which a PC was let in by itself, */
export const admittedPrefix = 'admitted/';
/** that of its inventory, */
export const inventoryPrefix = 'inventory/';
/** that of what a site last said of its link, */
export const linkReportPrefix = 'link/';
/** that of where its link last broke, */
export const linkBreakPrefix = 'broke/';
/** that of the devices on which a person is told, */
export const devicePrefix = 'device/';
/** and that of an enrolment code: the hash of its secret. */
export const codePrefix = 'enrol/';
