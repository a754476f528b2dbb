/** What time it is at the centre, as far as this PC knows (R16). */
import type { Clock } from '#contracts';
import type { Uplink } from './uplink.ts';

/** The time of the centre. */
export type CentreTime = ReturnType<typeof createCentreTime>;

/** `onJump` is told by how much the clock of the PC jumped. */
export type CentreTimeOptions = { clock: Clock; uplink: Pick<Uplink, 'figures' | 'forgetClock'>; onJump(byMs: number): void };

const jumpMs = 5_000;
/** Three times as long as until the next comparison. */
const comparedForMs = 3 * 3_600_000;

/** By the clock of the PC and what the uplink last learnt of the centre's. */
export function createCentreTime({ clock, uplink, onJump }: CentreTimeOptions) {
  const drift = () => clock.now() - clock.up();
  /** When it was last looked at. */
  let driftMs = drift();
  const setByMs = () => Math.round(drift() - driftMs);
  const provenOffset = () => {
    const { clockOffsetMs, echoedUp } = uplink.figures();
    return echoedUp !== null && clock.up() - echoedUp < comparedForMs ? clockOffsetMs : null;
  };
  return {
    /** Milliseconds since 1970, by the centre's clock where that is known. */
    now: (): number => clock.now() - (uplink.figures().clockOffsetMs ?? 0),
    /**
     * Clock of the PC minus clock of the centre; null where nothing proves it. A clock is set little by little as well, which no jump tells of:
     * what was compared long ago proves nothing.
     */
    provenOffset,
    /** Milliseconds since 1970 at the centre; null where nothing proves it, as between a jump and the look that finds it. */
    proven(): number | null {
      const offsetMs = provenOffset();
      return offsetMs === null || Math.abs(setByMs()) > jumpMs ? null : clock.now() - offsetMs;
    },
    /** After a jump nothing is known of the centre's time until it answers again; no command is judged by what was known before. */
    mindJumps(): void {
      const byMs = setByMs();
      driftMs = drift();
      if (Math.abs(byMs) <= jumpMs) return;
      uplink.forgetClock();
      onJump(byMs);
    },
  };
}
