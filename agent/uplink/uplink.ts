/** Uplink: connects to the server, reconnects with backoff and full jitter, and sends a bye at the end. Each connection is one session. */
import { backoffMs, encode, nameOf, pcTopic, type Signed } from '@sabha/contracts';
import { noClock } from './echo.ts';
import type { Transport } from './mqtt.ts';
import { openSession, type SessionOptions, type UplinkFigures, type UplinkSession } from './session.ts';

export type UplinkOptions = Omit<SessionOptions, 'connection' | 'session' | 'lastAckedSessionEndUp' | 'figures' | 'onNewerSession'> & {
  transport: Transport;
  /** Token of the PC; absent if a certificate proves the identity. */
  token?: string | undefined;
  /** Called when the connection opens or closes. */
  onConnection?: () => void;
};

/** Connection to the server, which reconnects automatically. */
export type Uplink = ReturnType<typeof createUplink>;

const firstWaitMs = 4_000;
const refusedFirstMs = 10_000;
const refusedMaxMs = 300_000;

type UplinkState = ReturnType<typeof createState>;

function createState() {
  return {
    stopped: false,
    failures: 0,
    session: undefined as UplinkSession | undefined,
    /** `clock.up()` at the end of the last session whose birth the server acknowledged. */
    lastAckedSessionEndUp: null as number | null,
    timer: (): void => undefined,
    figures: { ...noClock, connected: false, unreadable: 0 } as UplinkFigures,
  };
}

/**
 * Guarantee: at most one connection is open. Each has a new session number, which its last will and its birth carry, per R16 (sessions,
 * births and the time of the server).
 */
export function createUplink(options: UplinkOptions) {
  const state = createState();
  return {
    start: (): void => void connect(options, state),
    /** Sends a bye if connected, within 2 s, so that the broker publishes no last will. */
    stop: (reason: string): Promise<void> => stop(state, reason),
    stateChanged: (): void => state.session?.stateChanged(),
    appended: (): void => state.session?.appended(),
    inventoryKnown: (changed: boolean): void => state.session?.inventoryKnown(changed),
    figures: (): UplinkFigures => state.figures,
    /** Discards the clock comparison after a jump of the PC clock. The next beat then requests the server's time. */
    forgetClock: (): void => void Object.assign(state.figures, { ...noClock, roundTripMs: state.figures.roundTripMs }),
    /** Returns true once an ack has answered the birth of this connection. */
    isBirthAcknowledged: (): boolean => state.session?.answered() ?? false,
    /** Sends the last gasp; resolves to false without a connection. */
    gasp: async (runtimeMs: number | null): Promise<boolean> => (await state.session?.gasp(runtimeMs)) ?? false,
  };
}

async function connect(options: UplinkOptions, state: UplinkState): Promise<void> {
  const { transport, token, onConnection } = options;
  const { spool, pc, boot, clock } = options;
  // Takes the session number before the connect, because the last will in the CONNECT contains it. An unused number is harmless.
  const number = spool.nextSession();
  const will = { topic: pcTopic(pc, 'presence'), payload: encode('presence', { kind: 'lost', boot, session: number }) };
  const since = clock.up();
  const { keepaliveMs } = options.limits();
  let session: UplinkSession | undefined;
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
        if (session.answered()) state.lastAckedSessionEndUp = clock.up();
        if (session.answered() || lastedMs > options.limits().backoffMaxMs) state.failures = 0;
        scheduleReconnect(options, state, { refused: false, reason });
      },
    },
  );
  if (state.stopped) return void (answer.ok && (await answer.connection.end()));
  if (!answer.ok) return scheduleReconnect(options, state, answer);
  if (lost !== undefined) return scheduleReconnect(options, state, { refused: false, reason: lost });
  const { connection } = answer;
  const restartConnection = (reason: string) => {
    if (session?.answered()) state.lastAckedSessionEndUp = clock.up();
    session?.close();
    void connection.end();
    scheduleReconnect(options, state, { refused: false, reason });
  };
  const onNewerSession = () => restartConnection('the server knows a later session: the disk of this PC was restored from a copy');
  // Reconnects if the keepalive changed, because the CONNECT fixes it. A keepalive below the beat interval would cost extra pings.
  const onConfig = (config: Signed) => {
    const taken = options.onConfig(config);
    if (taken && options.limits().keepaliveMs !== keepaliveMs) restartConnection('the link is of another class, with another keepalive');
    return taken;
  };
  const { lastAckedSessionEndUp, figures } = state;
  session = openSession({ ...options, connection, session: number, lastAckedSessionEndUp, figures, onNewerSession, onConfig });
  state.session = session;
  state.figures.connected = true;
  onConnection?.();
  options.log.info({ session: number }, 'connected');
  session.start();
}

function scheduleReconnect(options: UplinkOptions, state: UplinkState, { refused, reason }: { refused: boolean; reason: string }): void {
  const wasUp = state.figures.connected;
  state.session = undefined;
  state.figures.connected = false;
  if (state.stopped) return;
  if (wasUp) options.onConnection?.();
  const waits = refused ? { firstMs: refusedFirstMs, maxMs: refusedMaxMs } : { firstMs: firstWaitMs, maxMs: options.limits().backoffMaxMs };
  const waitMs = backoffMs(state.failures, { ...waits, random: options.random });
  state.failures += 1;
  options.log.warn({ waitMs: Math.round(waitMs), refused }, `not connected: ${reason}`);
  state.timer = options.clock.after(waitMs, () => void connect(options, state));
}

async function stop(state: UplinkState, reason: string): Promise<void> {
  state.stopped = true;
  state.timer();
  await state.session?.bye(reason);
  state.session = undefined;
  state.figures.connected = false;
}
