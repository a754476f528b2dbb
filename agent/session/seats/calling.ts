/** Windows: the service connects to the pipe that the room seat in the session at the console opened. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Platform } from '../../platform/platform.ts';
import { pipeAt } from '../../platform/questions/proof.ts';
import { pipeOf, type SeatAddress } from './door.ts';

const askLimitMs = 4_000;

/**
 * The connection to the room seat of this session; undefined where none waits; 'other' where somebody in another session made the pipe.
 * Guarantee: Windows says in which session the pipe was made. The pipe is held open until the socket is connected, so it is the same pipe.
 */
export async function callSession(
  seat: SeatAddress,
  session: number,
  platform: Pick<Platform, 'ask'>,
): Promise<Socket | 'other' | undefined> {
  const address = pipeOf(seat, session);
  const pipe = await platform.ask(pipeAt(address), AbortSignal.timeout(askLimitMs));
  if (!pipe.known) return undefined;
  try {
    if (pipe.value.session !== session) return 'other';
    const socket = connect(address).on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  } catch {
    return undefined;
  } finally {
    pipe.value.close();
  }
}
