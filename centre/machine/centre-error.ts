/** Why a verb of the centre did nothing, in one line. */
export class CentreError extends Error {
  override name = 'CentreError';
}
