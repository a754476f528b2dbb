/** What an agent does from its start to its end: what its parts tell is kept, and said. */
import { type Inventory, links, withinTime } from '#contracts';
import { type Change, keptChecks } from './checks/check-table.ts';
import type { Probe, ProbeResult } from './checks/probe.ts';
import type { Core, State } from './parts.ts';
import type { Grade } from './uplink/spool/rows.ts';

const tickMs = 10_000;
const offlineReadingMs = 900_000;
/** A probe that hangs does not keep the agent from saying what the others know. */
const firstRoundMs = 15_000;
/** A flood of forged messages is not to fill the spool: each event carries the count. */
const refusalNotedEveryMs = 60_000;

/** The bytes of a month are those of the link that the profile names. */
export function limitBudget({ budget, config }: Core): void {
  budget.limit(links[config.profile().link].budget);
}

/** What was known before the last end is there at once; the centre is called when each probe was asked, or fifteen seconds are over. */
export function start(state: State): void {
  const { spool, table, runner, uplink, clock } = state;
  table.restore(keptChecks(spool.recall('checks')));
  state.card?.look();
  record(state, { kind: 'started', body: { version: state.version, recovered: spool.unclean() } });
  state.commands.resume();
  runner.start();
  void withinTime({ clock, limitMs: firstRoundMs, late: undefined }, runner.firstRound).then(() => {
    if (!state.live.stopped) uplink.start();
  });
  state.live.tick = clock.after(tickMs, () => tick(state));
  state.inventory.start();
}

/** Once: says goodbye, and closes all. */
export async function stop(state: State, reason: string): Promise<void> {
  if (state.live.stopped) return;
  state.live.stopped = true;
  state.runner.stop();
  state.measurement.rounds.stop();
  state.inventory.stop();
  state.live.tick();
  state.card?.stop();
  record(state, { kind: 'stopped', body: { reason } });
  state.marker.bye(reason);
  await state.uplink.stop(reason);
  state.budget.close();
  state.spool.close();
}

/** Takes what a probe has found. */
export function take(state: State, probe: Probe, { checks, numbers, power }: ProbeResult): void {
  changed(state, state.table.merge({ component: probe.name, everyMs: probe.everyMs, checks, numbers }));
  if (power === undefined) return;
  state.live.power = power;
  state.marker.alive(power);
  state.gasp(power);
}

/** Events tell the history of it, the state tells how it is. */
function changed(state: State, changes: Change[]): void {
  for (const change of changes) record(state, { kind: 'check', body: change });
  if (changes.length > 0) state.spool.remember('checks', JSON.stringify(state.table.toKeep()));
  state.uplink.stateChanged();
  state.card?.look();
}

type Happening = { kind: string; body: Record<string, unknown>; grade?: Grade | undefined };

/** False where it could not be kept. */
export function record(state: State, { kind, body, grade = 'event' }: Happening): boolean {
  const done = state.spool.append(kind, body, grade);
  // The spool counts it and declares it in its next event.
  if (!done.ok) state.log.warn({ kind }, `an event could not be kept: ${done.reason}`);
  state.uplink.appended();
  return done.ok;
}

function tick(state: State): void {
  const { clock, table, uplink, commands, marker } = state;
  state.live.tick = clock.after(tickMs, () => tick(state));
  changed(state, table.expire());
  state.time.mindJumps();
  commands.tick();
  marker.alive(state.live.power);
  state.budget.keep();
  state.measurement.tick();
  if (uplink.figures().connected) state.live.readingUp = clock.up();
  else if (clock.up() - state.live.readingUp >= offlineReadingMs) {
    state.live.readingUp = clock.up();
    record(state, { kind: 'numbers', body: table.numbers(), grade: 'reading' });
  }
}

/** Said by somebody on our topics, and not by the centre to us. The first is told at once. */
export function refuse(state: State, leaf: 'cmd' | 'config', reason: string): void {
  state.live.refused += 1;
  if (state.clock.up() - state.live.refusalNotedUp < refusalNotedEveryMs) return;
  state.live.refusalNotedUp = state.clock.up();
  state.log.warn({}, `refused what came as ${leaf}: ${reason}`);
  record(state, { kind: 'refused', body: { leaf, reason, count: state.live.refused } });
}

/** It goes out when it is not what was last sent. */
export function onInventory({ uplink, spool }: State, { hash }: Inventory): void {
  uplink.inventoryKnown(hash !== spool.recall('inventory'));
  if (uplink.figures().connected) spool.remember('inventory', hash);
}
