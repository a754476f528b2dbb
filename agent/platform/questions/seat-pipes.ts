/** The pipes of Windows at which room seats wait for `run`: where they are, and in whose session each was made. Why it is so: docs/seats.md. */
import type { PipeEnd } from '../native.ts';
import type { Question } from '../platform.ts';
import { attempt } from '../windows/attempt.ts';
import { inEach, userHives } from '../windows/hives.ts';

const place = 'SOFTWARE\\Sabha\\Seats';
const notThere = { known: false, reason: 'nobody waits at this pipe' } as const;

/** Leaves the word by which the pipe of this user's seat is found: in his own branch of the registry, where nobody else can write. */
export const leaveWord = (seat: string, word: string): Question<true> => ({
  windows: async ({ native }) =>
    attempt(native().calls, (calls) => {
      calls.writeOwn(place, seat, word);
      return true as const;
    }),
});

/** The words that users of this PC have left, at most one of each. Guarantee: none becomes more of a path than 32 digits. */
export const wordsLeft = (seat: string): Question<string[]> => ({
  async windows({ native }) {
    const hives = await userHives(native());
    if (!hives.known) return hives;
    const keys = (await inEach(native(), hives.value, place)).flat();
    const words = keys.map(({ values }) => values.get(seat.toLowerCase()));
    return { known: true, value: words.filter((word) => typeof word === 'string').filter((word) => /^[0-9a-f]{32}$/.test(word)) };
  },
});

/** The pipe at this address, held until it is closed. */
export const pipeAt = (address: string): Question<PipeEnd> => ({
  async windows({ native }) {
    const seen = attempt(native().calls, (calls) => calls.pipe(address));
    if (!seen.known) return seen;
    return seen.value === null ? notThere : { known: true, value: seen.value };
  },
});
