/** Measures a lower bound of the capacity with a short HTTPS transfer in each direction. Used if UDP is blocked. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { type Clock, type Progress, transferBytes, transferPath, transferRate } from '@sabha/contracts';
import * as v from 'valibot';
import { serverTlsOptions } from '../../identity/est.ts';
import { type CountBytes, meteredTlsFor } from '../net/meter.ts';

/** `at`: address of the server that enrolled this PC. `roots`: the only root certificates accepted for that server. */
export type TransferOptions = { at: string; roots(): readonly string[]; token: Buffer; clock: Pick<Clock, 'up'>; used: CountBytes };

/** Lower bounds of the capacity, measured by TCP, bits/s; null if unknown. */
export type TransferRates = { upBps: number | null; downBps: number | null };

const limitMs = 30_000;
const answerLimitBytes = 1_000;
const answer = v.pipe(v.string(), v.parseJson(), v.object({ bps: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))) }));

/** Never rejects: a failed direction is null. */
export async function measureByTransfer(options: TransferOptions): Promise<TransferRates> {
  const upBps = await up(options).catch(() => null);
  const downBps = await down(options).catch(() => null);
  return { upBps, downBps };
}

async function up(options: TransferOptions): Promise<number | null> {
  const pieces: Buffer[] = [];
  await send(options, randomBytes(transferBytes), (piece, bytes) => {
    if (bytes <= answerLimitBytes) pieces.push(piece);
  });
  const read = v.safeParse(answer, Buffer.concat(pieces).toString());
  return read.success ? read.output.bps : null;
}

async function down(options: TransferOptions): Promise<number | null> {
  const progress: Progress[] = [];
  await send(options, undefined, (_, bytes) => {
    if (bytes <= transferBytes) progress.push({ ms: options.clock.up(), bytes });
  });
  return transferRate(progress);
}

/** Sends one request; resolves at the end of its response. `heard` receives each piece of the response and the total bytes so far. */
function send(
  { at, roots, token, used }: TransferOptions,
  body: Buffer | undefined,
  heard: (piece: Buffer, bytes: number) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { authorization: `Bearer ${token.toString('base64url')}`, 'content-type': 'application/octet-stream' };
  const url = `${new URL(transferPath, at)}`;
  const asked = request(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    createConnection: meteredTlsFor(serverTlsOptions(url, roots()), used),
    signal: AbortSignal.timeout(limitMs),
  });
  asked.on('error', reject).on('response', (response) => {
    let bytes = 0;
    response.on('error', reject).on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (response.statusCode === 200) heard(piece, bytes);
    });
    response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`))));
  });
  asked.end(body);
  return promise;
}
