/**
 * Compares the named causes of outages with the truth: 2,000 stories with realistic shares, real agents and a real server. No known product
 * names the cause of a silence with a confidence, so there is no peer. The product's parameters were tuned with seeds up to 20,279,999;
 * these rows use other seeds.
 */
import { openThreshold, sureThreshold } from '@sabha/contracts';
import { isRight, playStories, type Said } from '../simulation/outage-play.ts';
import { type Bench, type Row, row } from './model.ts';

const seed = 20_280_000;
const whole = 2_000;
const small = 200;
const mostOpen = 0.7;
const leastSure = 0.18;
const leastLikely = 0.12;

export const verdictsBench: Bench = {
  name: 'verdicts',
  about: 'how often the cause that is said of an outage is the right one, by how sure it was said',
  async run({ quick, say }) {
    const said = await playStories(seed, quick ? small : whole, (done) => say(`${done} stories played`));
    for (const line of tableOf(said)) say(line);
    return { versions: {}, rows: calibration(said) };
  },
};

function calibration(said: readonly Said[]): Row[] {
  const named = said.filter(({ cause }) => cause !== 'undetermined');
  const sure = named.filter(({ confidence }) => confidence >= sureThreshold);
  const likely = named.filter(({ confidence }) => confidence < sureThreshold && confidence > openThreshold);
  const open = named.filter(({ confidence }) => confidence < sureThreshold && confidence >= openThreshold);
  const twins = named.filter(({ isTwin }) => isTwin).map(({ confidence }) => confidence);
  const more = { unit: 'share', better: 'more' } as const;
  const brier = named.reduce((sum, one) => sum + (one.confidence - Number(isRight(one))) ** 2, 0) / named.length;
  return [
    row({
      ...more,
      metric: `said with ${sureThreshold} and more (${sure.length}): right`,
      ours: share(sure, isRight),
      target: { ours: 0.95 },
    }),
    row({
      ...more,
      metric: `said with less, above ${openThreshold} (${likely.length}): right`,
      ours: share(likely, isRight),
      target: { ours: 0.75 },
    }),
    row({
      ...more,
      metric: `the same with ${openThreshold}, which people read as not known (${open.length}): right`,
      ours: share(open, isRight),
      target: { ours: 0.75 },
    }),
    row({
      unit: 'share',
      better: 'less',
      metric: `stories that nobody can tell apart (${twins.length}): the most that was said`,
      ours: Math.max(0, ...twins),
      target: { ours: openThreshold },
    }),
    row({ unit: 'share', better: 'less', metric: 'Brier score of all that names a cause', ours: brier }),
    // A server that always says "unknown" would never be wrong, so the share of unknown causes has a limit too.
    row({
      unit: 'share',
      better: 'less',
      metric: 'said to be not known',
      ours: share(said, ({ confidence }) => confidence <= openThreshold),
      target: { ours: mostOpen },
    }),
    row({
      ...more,
      metric: `of all that is said, ${sureThreshold} and more`,
      ours: sure.length / said.length,
      target: { ours: leastSure },
    }),
    row({
      ...more,
      metric: `of all that is said, less, above ${openThreshold}`,
      ours: likely.length / said.length,
      target: { ours: leastLikely },
    }),
  ];
}

function share<T>(of: readonly T[], is: (one: T) => boolean): number {
  return of.length === 0 ? 1 : of.filter(is).length / of.length;
}

/** Returns for each verdict its count, its accuracy, and the true kinds of the wrong ones. */
function tableOf(said: readonly Said[]): string[] {
  const by = Map.groupBy(said, ({ when, cause, confidence }) => `${when} ${cause} ${confidence}`);
  return [...by].toSorted().map(([verdict, all]) => {
    const wrong = Map.groupBy(
      all.filter((one) => !isRight(one)),
      ({ kind }) => kind,
    );
    const list = [...wrong].map(([kind, of]) => `${kind} ${of.length}`).join(', ');
    return `${verdict.padEnd(26)} ${String(all.length).padStart(4)} ${share(all, isRight).toFixed(2)} ${list && `not: ${list}`}`;
  });
}
