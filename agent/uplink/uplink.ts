/** The life of the connection: connect, stay, come back with full jitter, say goodbye (R16). Each connection is one session. */
import { backoffMs, encode, nameOf, pcTopic, type Signed } from '@sabha/contracts';
import { noClock } from './echo.ts';
import type { Transport } from './mqtt.ts';
import { openSession, type Session, type SessionOptions, type UplinkFigures } from './session.ts';

/** As for each session, and how connections are opened. */
export type UplinkOptions = Omit<SessionOptions, 'connection' | 'session' | 'apartUp' | 'figures' | 'onBehind'> & {
  transport: Transport;
  /** Absent where the transport shows a certificate. */
  token?: string | undefined;
  /** The connection came or went. */
  onConnection?: () => void;
};

/** The connection to the centre, which comes back by itself. */
export type Uplink = ReturnType<typeof createUplink>;

const firstWaitMs = 4_000;
const refusedFirstMs = 10_000;
const refusedMaxMs = 300_000;

type State = ReturnType<typeof createState>;

function createState() {
  return {
    stopped: false,
    failures: 0,
    session: undefined as Session | undefined,
    /** When the last session ended that the server had answered, by clock.up(). */
    apartUp: null as number | null,
    timer: (): void => undefined,
    figures: { ...noClock, connected: false, unreadable: 0 } as UplinkFigures,
  };
}

/** Guarantee: one connection at a time, each with a session number of its own that its will and its birth carry. */
export function createUplink(options: UplinkOptions) {
  const state = createState();
  return {
    start: (): void => void connect(options, state),
    /** Says goodbye where it can, within 2 s; the broker then publishes no will. */
    stop: (reason: string): Promise<void> => stop(state, reason),
    /** The table changed. */
    stateChanged: (): void => state.session?.stateChanged(),
    /** Something was appended to the spool. */
    appended: (): void => state.session?.appended(),
    inventoryKnown: (changed: boolean): void => state.session?.inventoryKnown(changed),
    figures: (): UplinkFigures => state.figures,
    /** The clock of the PC jumped: what was known of the centre's is known no more, and the next beat asks. */
    forgetClock: (): void => void Object.assign(state.figures, { ...noClock, roundTripMs: state.figures.roundTripMs }),
    /** True once the centre has acknowledged the birth of this connection. */
    isHeard: (): boolean => state.session?.answered() ?? false,
    /** The last gasp; false where there is no connection to say it by. */
    gasp: async (runtimeMs: number | null): Promise<boolean> => (await state.session?.gasp(runtimeMs)) ?? false,
  };
}

async function connect(options: UplinkOptions, state: State): Promise<void> {
  const { transport, token, onConnection } = options;
  const { spool, pc, boot, clock } = options;
  // The will goes out with the CONNECT, so the number is taken before it; one that is not used is no harm.
  const number = spool.nextSession();
  const will = { topic: pcTopic(pc, 'presence'), payload: encode('presence', { kind: 'lost', boot, session: number }) };
  const since = clock.up();
  const { keepaliveMs } = options.limits();
  let session: Session | undefined;
  let lost: string | undefined;
  const answer = await transport.connect(
    { name: nameOf(pc), password: token, keepaliveMs, will },
    {
      message: (topic, payload) => session?.receive(topic, payload),
      closed: (reason) => {
        lost = reason;
        if (!session) return;
        const lastedMs = clock.up() - since;
        session.close();
        if (session.answered()) state.apartUp = clock.up();
        if (session.answered() || lastedMs > options.limits().backoffMaxMs) state.failures = 0;
        again(options, state, { refused: false, reason });
      },
    },
  );
  if (state.stopped) return void (answer.ok && (await answer.connection.end()));
  if (!answer.ok) return again(options, state, answer);
  if (lost !== undefined) return again(options, state, { refused: false, reason: lost });
  const { connection } = answer;
  const anew = (reason: string) => {
    if (session?.answered()) state.apartUp = clock.up();
    session?.close();
    void connection.end();
    again(options, state, { refused: false, reason });
  };
  const onBehind = () => anew('the centre knows a later session: the disk was put back');
  // A keepalive is agreed upon with the CONNECT; a shorter one than the beat costs a ping for each that is missing.
  const onConfig = (config: Signed) => {
    const taken = options.onConfig(config);
    if (taken && options.limits().keepaliveMs !== keepaliveMs) anew('the link is of another class, with another keepalive');
    return taken;
  };
  const { apartUp, figures } = state;
  session = openSession({ ...options, connection, session: number, apartUp, figures, onBehind, onConfig });
  state.session = session;
  state.figures.connected = true;
  onConnection?.();
  options.log.info({ session: number }, 'connected');
  session.start();
}

function again(options: UplinkOptions, state: State, { refused, reason }: { refused: boolean; reason: string }): void {
  const wasUp = state.figures.connected;
  state.session = undefined;
  state.figures.connected = false;
  if (state.stopped) return;
  if (wasUp) options.onConnection?.();
  const limits = refused
    ? { firstMs: refusedFirstMs, maxMs: refusedMaxMs }
    : { firstMs: firstWaitMs, maxMs: options.limits().backoffMaxMs };
  const waitMs = backoffMs(state.failures, { ...limits, random: options.random });
  state.failures += 1;
  options.log.warn({ waitMs: Math.round(waitMs), refused }, `not connected: ${reason}`);
  state.timer = options.clock.after(waitMs, () => void connect(options, state));
}

async function stop(state: State, reason: string): Promise<void> {
  state.stopped = true;
  state.timer();
  await state.session?.bye(reason);
  state.session = undefined;
  state.figures.connected = false;
}
