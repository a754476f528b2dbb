/** What comes of *I am here*: the checks of a site are asked to run, and its PCs say that they do, or say nothing. */
import { EventEmitter } from 'node:events';
import type { Cancel, Clock, Outcome } from '@sabha/contracts';
import type { CentreView } from '../../view/live.ts';

/** The checks of a site are asked for at most once in this time. */
const everyMs = 10_000;
/** So long each probe of a room may take, from the word of its PC on: what stands then was found by it. */
const roundMs = 10_000;
/** Who has said nothing after this time is said not to answer; its word may still come. */
const lateMs = 30_000;
/** The ledger is asked for answers so often, and less often of who is late. */
const lookMs = { first: 1_000, late: 5_000 };
/** What came of a check so long ago is no news to anybody. */
const keptMs = 30 * 60_000;

/** How it stands with the checks of an incident; `at`: when they were asked for, or when each had run. */
export type CheckState = { is: 'running' | 'checked' | 'refused' | 'late'; at: number };

type Ask = { at: number; isLate: boolean; said: Map<string, CheckState> };
/** Where it is said, and by whom. */
export type ChecksOptions = { view: Pick<CentreView, 'commands' | 'now'>; clock: Pick<Clock, 'after' | 'up'> };

/** The checks that people asked for. Guarantee: what was never asked runs for nobody, and what is long past is forgotten. */
export function createChecks({ view, clock }: ChecksOptions) {
  const asks = new Map<string, Ask>();
  const changes = new EventEmitter().setMaxListeners(0);
  const tell = (site: string) => void changes.emit(site);

  /** False where the site cannot be asked. */
  async function ask(site: string, by: string): Promise<boolean> {
    const now = view.now();
    if (Math.abs(now - (asks.get(site)?.at ?? Number.NEGATIVE_INFINITY)) < everyMs) return true;
    const one: Ask = { at: now, isLate: false, said: new Map() };
    asks.set(site, one);
    let id: string | undefined;
    try {
      const issued = await view.commands.issue({ to: site, verb: 'fast-checks', args: {}, by });
      if (issued.ok) id = issued.id;
      return issued.ok;
    } finally {
      // Who presses again is not told that what was never asked runs.
      if (id !== undefined) follow({ view, clock, asks, tell }, site, { one, id });
      else if (asks.get(site) === one) asks.delete(site);
      tell(site);
    }
  }

  /** Of some PCs of a site: of the one that is furthest. */
  function of(site: string, pcs: readonly string[]): CheckState | undefined {
    const one = asks.get(site);
    if (one === undefined) return undefined;
    const said = pcs.flatMap((pc) => one.said.get(pc) ?? []);
    const best = (['checked', 'running', 'refused'] as const).flatMap((is) => said.find((state) => state.is === is) ?? [])[0];
    return best ?? { is: one.isLate ? 'late' : 'running', at: one.at };
  }

  /** Told when the checks of a site have come further. */
  function onChange(site: string, listener: () => void): Cancel {
    changes.on(site, listener);
    return () => void changes.off(site, listener);
  }

  return { ask, of, onChange };
}

type Stage = ChecksOptions & { asks: Map<string, Ask>; tell(site: string): void };

/** Until it is forgotten, or asked for anew. */
function follow({ view, clock, asks, tell }: Stage, site: string, { one, id }: { one: Ask; id: string }): void {
  const begun = clock.up();
  const after = (delayMs: number, then: () => void) =>
    clock.after(delayMs, () => {
      if (asks.get(site) === one) then();
    });
  const note = (pc: string, outcome: Outcome) => {
    one.said.set(pc, { is: outcome === 'done' ? 'running' : 'refused', at: view.now() });
    if (outcome !== 'done') return;
    after(roundMs, () => {
      one.said.set(pc, { is: 'checked', at: view.now() });
      tell(site);
    });
  };
  const look = async () => {
    const answers = (await view.commands.one(id).catch(() => undefined))?.answers ?? [];
    const fresh = answers.filter(({ pc }) => !one.said.has(pc));
    for (const { pc, outcome } of fresh) note(pc, outcome);
    if (fresh.length > 0) tell(site);
    const isKept = clock.up() - begun < keptMs;
    after(one.isLate ? lookMs.late : lookMs.first, () => (isKept ? void look() : void asks.delete(site)));
  };
  after(lateMs, () => {
    one.isLate = true;
    tell(site);
  });
  void look();
}
