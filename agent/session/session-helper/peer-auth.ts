/** The service's end of the local channel. It admits one session helper, and only of the user at the console. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Clock, parseJsonAs } from '@sabha/contracts';
import type { Answer, Platform } from '../../platform/platform.ts';
import { ownerOfProof } from '../../platform/questions/proof.ts';
import { readLines, sendLine } from './ipc-server.ts';
import { type FromHelper, fromHelper, silentMs, type ToHelper } from './messages.ts';

/** User at the console (on Windows the session number); null if no user is signed in. */
export type ConsoleUser = Answer<number | null>;
export type RoomMessage = Exclude<FromHelper, { type: 'proof' }>;

export type AdmissionOptions = {
  clock: Clock;
  platform: Pick<Platform, 'ask'>;
  speaker(): Promise<ConsoleUser>;
  onJoined(): void;
  onMessage(message: RoomMessage): void;
  onLeft(): void;
  onRefused(why: Refusal): void;
};

/** Reasons to close a connection, shown to the other process, in the log and in the event. */
export const refusals = {
  unproven: 'no proof of the user',
  other: 'another user than the one at this PC',
  nobody: 'nobody is signed in at its screen',
  unseen: 'it is not known who sits at this PC',
  second: 'another session helper is connected already',
  garbage: 'a line that cannot be read',
  flood: 'too many lines',
  silent: 'silent for too long',
} as const;
export type Refusal = keyof typeof refusals;

const proofMs = 5_000;
/** Limit of lines from the helper within 5 s. A repair counts as several lines, because it sends an event over the link. */
const lineQuota = { lines: 200, perMended: 20 };

/** Creates the admission of helpers. Guarantee: only messages from the user at the console, as of the last check, are accepted. */
export function createAdmission(options: AdmissionOptions) {
  const { clock, platform } = options;
  let joined: { socket: Socket; owner: number; lastReceivedUp: number; lines: number } | undefined;

  function refuse(socket: Socket, why: Refusal): void {
    if (socket.destroyed || socket.writableEnded) return;
    endWith(socket, why);
    leave(socket);
    options.onRefused(why);
  }

  function leave(socket: Socket): void {
    if (joined?.socket !== socket) return;
    joined = undefined;
    options.onLeft();
  }

  async function join(socket: Socket, owner: Answer<number>): Promise<void> {
    const why = refusalOf(await options.speaker(), owner);
    if (socket.destroyed || socket.writableEnded) return;
    if (why !== undefined || !owner.known) return refuse(socket, why ?? 'unproven');
    if (joined && joined.owner !== owner.value) refuse(joined.socket, 'other');
    if (joined) return refuse(socket, 'second');
    joined = { socket, owner: owner.value, lastReceivedUp: clock.up(), lines: 0 };
    options.onJoined();
  }

  function receive(socket: Socket, message: RoomMessage | undefined): void {
    if (message === undefined || joined?.socket !== socket) return refuse(socket, 'garbage');
    joined.lastReceivedUp = clock.up();
    joined.lines += message.type === 'mended' ? lineQuota.perMended : 1;
    if (joined.lines > lineQuota.lines) refuse(socket, 'flood');
    else options.onMessage(message);
  }

  return {
    /** Accepts a new connection, whose user must then be proven. `session`: its session on Windows, which needs no further proof. */
    admit(socket: Socket, session?: number): void {
      const nonce = randomBytes(16).toString('hex');
      let awaitsProof = session === undefined;
      const cancel = clock.after(proofMs, () => joined?.socket !== socket && refuse(socket, 'unproven'));
      socket
        .on('error', () => undefined)
        .on('close', () => {
          cancel();
          leave(socket);
        });
      readLines(socket, (text) => {
        if (socket.writableEnded) return;
        const message = parseJsonAs(fromHelper, text);
        if (message?.type !== 'proof') return receive(socket, message);
        if (!awaitsProof) return refuse(socket, 'garbage');
        awaitsProof = false;
        const asking = platform.ask(ownerOfProof(nonce), AbortSignal.timeout(proofMs));
        void asking.catch(() => unreadable).then((owner) => join(socket, owner));
      });
      if (session === undefined) sendLine(socket, { type: 'prove', nonce } satisfies ToHelper);
      else void join(socket, { known: true, value: session });
    },
    /** Closes the connection of a helper that is silent or whose user is not `speaker`. */
    check(speaker?: ConsoleUser): void {
      if (joined === undefined) return;
      joined.lines = 0;
      const { socket, owner: value, lastReceivedUp } = joined;
      const why = clock.up() - lastReceivedUp >= silentMs ? 'silent' : speaker && refusalOf(speaker, { known: true, value });
      if (why) refuse(socket, why);
    },
    isJoined: () => joined !== undefined,
    send: (message: ToHelper) => joined && sendLine(joined.socket, message),
  };
}

/** Closes a connection after it sends the reason. A peer that does not read gets no reason, or the connection would stay open. */
function endWith(socket: Socket, why: Refusal): void {
  if (socket.writableLength > 0) socket.destroy();
  sendLine(socket, { type: 'refused', why: refusals[why] } satisfies ToHelper);
  socket.destroySoon();
}

const unreadable = { known: false, reason: 'the proof cannot be read' } as const;

/** Returns why this user may not report for the room; undefined for the user at the console. */
function refusalOf(speaker: ConsoleUser, owner: Answer<number>): Refusal | undefined {
  if (!owner.known) return 'unproven';
  if (!speaker.known) return 'unseen';
  if (speaker.value === null) return 'nobody';
  return speaker.value === owner.value ? undefined : 'other';
}

const reportEveryMs = 3_600_000;

/**
 * Reports each reason at once, and then at most once an hour. The helper of a second signed-in user, which retries, therefore causes at
 * most 24 events a day.
 */
export function reportHourly({ up }: Pick<Clock, 'up'>, report: (why: string, count: number) => void): (why: string) => void {
  const reportedUp = new Map<string, number>();
  let count = 0;
  return (why) => {
    count += 1;
    if (up() - (reportedUp.get(why) ?? Number.NEGATIVE_INFINITY) < reportEveryMs) return;
    reportedUp.set(why, up());
    report(why, count);
  };
}
