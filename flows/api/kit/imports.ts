/** What the routes that import a file share: their limits, their refusals, and 422 for a file with problems. */
import type { FastifyError, FastifyReply } from 'fastify';
import { Refused } from '../../pki/door/refused.ts';
import { fileLimitBytes } from '../../sites/sheet.ts';

/** Spread into the row of such a route. The body may hold the largest file with its quotes and line breaks escaped. */
export const ofFile = {
  refusals: [413, 422],
  alsoAs: 422,
  more: { bodyLimit: 2 * fileLimitBytes, errorHandler: tooLarge('the file is', fileLimitBytes) },
};

/** The result of an import as the answer. */
export async function checked<T extends { problems: readonly unknown[] }>(reply: FastifyReply, importing: Promise<T>): Promise<T> {
  const result = await importing;
  if (result.problems.length > 0) reply.code(422);
  return result;
}

/** Fastify's own line would name the limit of the body, which is twice that of the file. */
export function tooLarge(what: string, limitBytes: number) {
  return (error: FastifyError): never => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') throw new Refused(413, `${what} larger than ${limitBytes / 1024 / 1024} MiB`);
    throw error;
  };
}
