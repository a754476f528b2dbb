/** Snoozes and maintenance in a history. */
import { causeKindOf, isPcPath, siteOf } from '@sabha/contracts';
import { randomFrom } from '../random.ts';
import { given } from './orders.ts';
import type { World } from './world.ts';

/** `choice` selects an open incident to snooze, or whether the room or its site has maintenance. */
export type QuietAct = { atMs: number; forMs: number; kind: 'snooze' | 'maintain'; pc: number; choice: number };

const minute = 60_000;
const by = 'meera';
export const zone = 'Asia/Kolkata';

/** Generates the actions from a separate random stream, so that the rest of the history of a seed stays the same. */
export function quietActsOf(seed: number, { pcs, untilMs }: { pcs: number; untilMs: number }): QuietAct[] {
  const random = randomFrom(seed + 1_000_000);
  return Array.from({ length: random.below(3) }, () => ({
    atMs: 2 * minute + random.next() * (untilMs - 22 * minute),
    forMs: (5 + random.below(11)) * minute,
    kind: random.pick(['snooze', 'maintain'] as const),
    pc: random.below(pcs),
    choice: random.below(60),
  }));
}

/** Executes the action if the server runs. A failed action is not repeated. */
export function keepQuiet(world: World, act: QuietAct): void {
  if (act.kind === 'snooze') snooze(world, act);
  else maintain(world, act);
}

function snooze(world: World, { choice, forMs }: QuietAct): void {
  const view = world.centre.centre()?.view;
  const mayBe = ({ scope }: { scope: string }) => isPcPath(scope) || causeKindOf(scope) !== undefined;
  const open = (view?.incidents() ?? []).filter((one) => one.over === null && one.snoozed === undefined && mayBe(one));
  const one = open[choice % open.length];
  if (view === undefined || one === undefined) return;
  world.note(`* incident ${one.id} is to be quiet for ${forMs / minute} min`);
  world.centre.seen.snoozed.push({ incident: one.id, severity: one.severity });
  given(world, view.act(one.id, by, { type: 'snooze', until: view.now() + forMs }));
}

/** Plans maintenance from the next minute. */
function maintain(world: World, { pc, choice, forMs }: QuietAct): void {
  const centre = world.centre.centre();
  if (centre === undefined) return;
  const { path } = world.pc(pc);
  const scope = choice % 2 === 0 ? siteOf(path) : path;
  const local = Temporal.Instant.fromEpochMilliseconds(centre.now() + minute)
    .toZonedDateTimeISO(zone)
    .toPlainDateTime();
  const from = local.toString({ smallestUnit: 'minute' });
  world.note(`* maintenance of ${scope} from ${from} for ${forMs / minute} min`);
  given(world, centre.maintenance.add({ scope, title: 'New UPS', from, minutes: forMs / minute, by }));
}
