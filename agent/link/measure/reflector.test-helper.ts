/**
 * Fake reflector behind a scripted link, on the manual clock of a test. It numbers and returns packets like the reflector of the broker.
 */
import { type Clock, isStampProbe, sessionKeyOf, writeReply } from '@sabha/contracts';
import type { OpenUdp } from '../net/udp.ts';

/** Delays of a packet up and down in milliseconds, or the direction in which the link loses the packet. */
export type Fate = { up: number; down: number } | 'lost up' | 'lost down';

/** Creates a reflector whose clock is `centreAheadMs` ahead of the clock of the PC. The test sets the `fate` of each probe. */
export function scriptedReflector(clock: Clock, centreAheadMs = 1_200) {
  const state = {
    /** Returns what happens to the n-th packet since the start. */
    fate: (_n: number): Fate => ({ up: 10, down: 10 }),
    refuses: null as string | null,
    packets: 0,
    opened: [] as number[],
    sent: [] as { up: number; token: string }[],
    openSockets: 0,
    countsTo: Number.POSITIVE_INFINITY,
  };
  const numbers = new Map<string, number>();
  const open: OpenUdp = async (port, onPacket) => {
    state.opened.push(port);
    if (state.refuses !== null) return state.refuses;
    state.openSockets += 1;
    const time = () => clock.up() + 1_790_000_000_000 + centreAheadMs;
    return {
      localAddress: '10.1.2.3',
      send(packet) {
        if (!isStampProbe(packet)) throw new Error('not a STAMP packet');
        state.sent.push({ up: clock.up(), token: packet.toString('hex', 16, 32) });
        const fate = state.fate(state.packets++);
        if (fate === 'lost up') return;
        clock.after(fate === 'lost down' ? 5 : fate.up, () => {
          const seq = numbers.get(sessionKeyOf(packet)) ?? 0;
          numbers.set(sessionKeyOf(packet), (seq + 1) % state.countsTo);
          const reply = writeReply(packet, { seq, receivedAt: time(), sentAt: time });
          if (fate !== 'lost down') clock.after(fate.down, () => onPacket(reply));
        });
      },
      close: () => {
        state.openSockets -= 1;
      },
    };
  };
  /** Makes the reflector restart its sequence numbers after this many packets of a round. */
  const restartAfter = (probes: number) => {
    state.countsTo = probes;
  };
  return { open, state, restartAfter };
}
