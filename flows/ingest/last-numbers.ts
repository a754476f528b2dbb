/** The numbers of beats that a page of the wall shows; all else is the exporter's. Kept in memory only: the next beat brings them again. */
import { type BeatKey, decode, isThin, type LinkClass, links, partBeats } from '@sabha/contracts';

const shownKeys = ['ac', 'bat', 'uc', 'ur', 'room', 'rh', 'rise', 'temp'] as const satisfies readonly BeatKey[];
type ShownNumbers = Partial<Record<(typeof shownKeys)[number], number>>;

/** A beat of all numbers takes less than a quarter of it. */
const beatLimitBytes = 2_048;
const missedBeats = 3;
/** Where a beat is a part, as each writes it (R11: without parsing). */
const partMark = '"part":1';

type KeptBeat = { up: number; text: string };

/**
 * Beats are kept as they came and read when somebody asks: nearly none is ever asked for. `up` = a clock that never jumps.
 * Guarantee: a number that its PC has not said again for three beats after the time in which each is said once is not answered.
 */
export function createNumbers() {
  const byPc = new Map<string, KeptBeat[]>();
  return {
    heard(pc: string, { link, payload, up }: { link: LinkClass; payload: Buffer; up: number }): void {
      if (payload.length > beatLimitBytes) return;
      const beats = byPc.get(pc) ?? [];
      // As text, a character a byte: a buffer is a piece of 64 KiB that others were cut from too, all of which it would keep alive.
      beats.push({ up, text: payload.toString('latin1') });
      while (beats.length > keptOf(link, beats)) beats.shift();
      byPc.set(pc, beats);
    },
    of(pc: string, link: LinkClass, up: number): ShownNumbers {
      const beats = byPc.get(pc) ?? [];
      const sinceMs = (keptOf(link, beats) + missedBeats - 1) * links[link].beatMs;
      const fresh = beats.filter((beat) => up - beat.up <= sinceMs);
      const read = fresh.map(({ text }) => decode('beat', Buffer.from(text, 'latin1')));
      const said: Record<string, number> = Object.assign({}, ...read.map((beat) => (beat.ok ? beat.value.n : {})));
      return Object.fromEntries(shownKeys.flatMap((key) => (said[key] === undefined ? [] : [[key, said[key]]])));
    },
    forget: (pc: string): void => void byPc.delete(pc),
  };
}

/** On a thin link they always come in parts, elsewhere where the last beat says so; else it brings all of them. */
function keptOf(link: LinkClass, beats: readonly KeptBeat[]): number {
  return isThin(links[link]) || beats.at(-1)?.text.includes(partMark) === true ? partBeats : 1;
}
