/** What this PC knows of the link of its site, where it is the one that measures it. */
import type { Clock, LinkReport } from '#contracts';
import type { Grant } from './grant.ts';

export type Capacity = NonNullable<LinkReport['capacity']>;

export type Measurer = {
  /** The centre's word, in each ack of a birth and of an echo. */
  use(word: { measures: boolean; grant: Grant | undefined }): void;
  measures(): boolean;
  /** Where the reflector answers; undefined where this PC does not measure, the centre has none, or the right has ended. */
  grant(): Grant | undefined;
  /** A result of the capacity test. */
  took(capacity: Capacity): void;
  /** The last one of this run of the agent. */
  capacity(): Capacity | undefined;
  stop(): void;
};

export type MeasurerOptions = { clock: Clock };

export function createMeasurer({ clock }: MeasurerOptions): Measurer {
  let word: { measures: boolean; grant: Grant | undefined } = { measures: false, grant: undefined };
  let capacity: Capacity | undefined;
  return {
    use: (said) => {
      word = said;
    },
    measures: () => word.measures,
    grant: () => (word.grant !== undefined && word.grant.endsUp > clock.up() ? word.grant : undefined),
    took: (result) => {
      capacity = result;
    },
    capacity: () => capacity,
    stop: () => undefined,
  };
}
