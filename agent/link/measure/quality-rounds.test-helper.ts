import { type LinkClass, type LinkReport, linkReport } from '@sabha/contracts';
import * as v from 'valibot';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import { createQualityRounds, type QualityRoundsOptions } from './quality-rounds.ts';
import { scriptedReflector } from './reflector.test-helper.ts';

const hour = 3_600_000;

export function setUp(more: Partial<QualityRoundsOptions> = {}, kept = new Map<string, string>()) {
  const clock = handClock();
  const reflector = scriptedReflector(clock);
  const set = { link: 'fibre' as LinkClass };
  const events: { kind: string; body: Record<string, unknown>; grade: string | undefined; up: number }[] = [];
  const slips: string[] = [];
  const quality = createQualityRounds({
    clock,
    random: seeded(3),
    open: reflector.open,
    link: () => set.link,
    spool: { remember: (key, value) => kept.set(key, value) !== undefined, recall: (key) => kept.get(key) },
    record: (kind, body, grade) => void events.push({ kind, body, grade, up: clock.up() }),
    onInternalError: (what) => void slips.push(what),
    ...more,
  });
  const grant = (validMs = 1_000 * hour) => ({ port: 8_620, token: Buffer.alloc(16, 7), endsUp: clock.up() + validMs });
  const begin = (validMs?: number) => quality.use({ measures: true, grant: grant(validMs) });
  const reports = (): LinkReport[] => events.filter(({ kind }) => kind === 'link').map(({ body }) => v.parse(linkReport, body));
  const capacity = (upKbps: number, downKbps: number) =>
    quality.takeCapacity({ at: clock.now(), how: 'train', upBps: upKbps * 1_000, downBps: downKbps * 1_000, udpBlocked: false });
  /** Returns the start times of rounds; a round starts with a packet after a pause of more than three seconds. */
  const rounds = () => reflector.state.sent.map(({ up }) => up).filter((up, at, all) => at === 0 || up - (all[at - 1] ?? 0) > 3_000);
  const pass = async (count: number) => {
    for (const until = rounds().length + count; rounds().length < until; ) await clock.pass(10_000);
    await clock.pass(8_000);
  };
  return { clock, pass, ...reflector, set, events, quality, begin, reports, capacity, rounds, kept, slips };
}
