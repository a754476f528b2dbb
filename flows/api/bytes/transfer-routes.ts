/** `/link-test`: short transfers by which a PC with blocked UDP measures its link over TCP. Requires a token of the UDP reflector. */
import { randomBytes } from 'node:crypto';
import { type Clock, createBuckets, type Progress, transferBytes, transferPath, transferRate } from '@sabha/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RequestError } from '../../pki/http-auth/http-auth.ts';

export type TransferOptions = {
  /** Returns the PC of a token; undefined if the token is not valid. */
  prove(token: Buffer): { pc: number } | undefined;
  clock: Pick<Clock, 'up'>;
};

const transfers = { perSecond: 1 / 60, burst: 1 };
const parallelLimit = 4;
const machine = { config: { machine: true } } as const;

/**
 * Adds the transfer routes.
 * Guarantee: one transfer a minute in each direction for each PC, a few at once, and never more bytes than `transferBytes`.
 */
export function addTransfers(app: FastifyInstance, { prove, clock }: TransferOptions): void {
  const buckets = createBuckets(transfers);
  let running = 0;

  async function admitted<T>(request: FastifyRequest, run: () => Promise<T>): Promise<T> {
    const token = /^Bearer ([A-Za-z0-9_-]{22})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const opened = prove(Buffer.from(token, 'base64url'));
    if (opened === undefined) throw new RequestError(401, 'no token of the reflector');
    const isNow = running < parallelLimit && buckets.tryTake(`${request.method} ${opened.pc}`, 1, clock.up());
    if (!isNow) throw new RequestError(429, 'too soon: try again later');
    running += 1;
    return run().finally(() => {
      running -= 1;
    });
  }

  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // The body is passed on unparsed, because the arrival time of each piece is measured.
    scope.addContentTypeParser('application/octet-stream', (_request, body, parsed) => parsed(null, body));
    scope.get(transferPath, machine, (request, reply) =>
      admitted(request, async () => {
        reply.type('application/octet-stream').send(randomBytes(transferBytes));
        return reply;
      }),
    );
    scope.post(transferPath, machine, (request) =>
      admitted(request, async () => ({ bps: await receivedBytes(request.body as AsyncIterable<Uint8Array>, clock) })),
    );
    done();
  });
}

async function receivedBytes(body: AsyncIterable<Uint8Array>, clock: Pick<Clock, 'up'>): Promise<number | null> {
  const progress: Progress[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > transferBytes) throw new RequestError(413, 'too much');
    progress.push({ ms: clock.up(), bytes });
  }
  return transferRate(progress);
}
