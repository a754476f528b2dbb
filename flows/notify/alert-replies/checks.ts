/** Runs the checks of a site after *I am here*, and follows the responses of its PCs. */
import { EventEmitter } from 'node:events';
import type { Cancel, Clock, Outcome } from '@sabha/contracts';
import type { CentreView } from '../../view/live.ts';

/** Least time between two runs of the checks of one site, ms. */
const everyMs = 10_000;
/** Time that the probes of a PC need after its response. A fault that is open after this time was found by this run. */
const roundMs = 10_000;
/** Time after which a PC without a response is shown as late. A later response still counts. */
const lateMs = 30_000;
/** Polling intervals for responses in the ledger: before and after the timeout. */
const pollIntervalsMs = { first: 1_000, late: 5_000 };
/** Time for which the result of a run is kept. */
const keptMs = 30 * 60_000;

/** State of a run of checks. `at`: time of the request, or time of the result. */
export type CheckState = { is: 'running' | 'checked' | 'refused' | 'late'; at: number };

type CheckRun = { at: number; timedOut: boolean; stateByPc: Map<string, CheckState> };
export type ChecksOptions = { view: Pick<CentreView, 'commands' | 'now'>; clock: Pick<Clock, 'after' | 'up'> };

/** Keeps the runs of checks that people requested. Guarantee: a failed request is not shown as running, and an old run is dropped. */
export function createChecks({ view, clock }: ChecksOptions) {
  const asks = new Map<string, CheckRun>();
  const changes = new EventEmitter().setMaxListeners(0);
  const emitSite = (site: string) => void changes.emit(site);

  /** Requests a run; returns false if the site cannot be reached. */
  async function requestRun(site: string, by: string): Promise<boolean> {
    const now = view.now();
    if (Math.abs(now - (asks.get(site)?.at ?? Number.NEGATIVE_INFINITY)) < everyMs) return true;
    const one: CheckRun = { at: now, timedOut: false, stateByPc: new Map() };
    asks.set(site, one);
    let id: string | undefined;
    try {
      const issued = await view.commands.issue({ to: site, verb: 'fast-checks', args: {}, by });
      if (issued.ok) id = issued.id;
      return issued.ok;
    } finally {
      // Drops a failed request, so that the next press requests again.
      if (id !== undefined) followRun({ view, clock, asks, emitChange: emitSite }, site, { one, id });
      else if (asks.get(site) === one) asks.delete(site);
      emitSite(site);
    }
  }

  /** Returns the state of the run for these PCs of a site. If some PCs have a result and others not, it returns the result. */
  function of(site: string, pcs: readonly string[]): CheckState | undefined {
    const one = asks.get(site);
    if (one === undefined) return undefined;
    const said = pcs.flatMap((pc) => one.stateByPc.get(pc) ?? []);
    const best = (['checked', 'running', 'refused'] as const).flatMap((is) => said.find((state) => state.is === is) ?? [])[0];
    return best ?? { is: one.timedOut ? 'late' : 'running', at: one.at };
  }

  function onChange(site: string, listener: () => void): Cancel {
    changes.on(site, listener);
    return () => void changes.off(site, listener);
  }

  return { ask: requestRun, of, onChange };
}

type ChecksContext = ChecksOptions & { asks: Map<string, CheckRun>; emitChange(site: string): void };

/** Polls for responses until the run is dropped or a new one starts. */
function followRun({ view, clock, asks, emitChange: tell }: ChecksContext, site: string, { one, id }: { one: CheckRun; id: string }): void {
  const begun = clock.up();
  const after = (delayMs: number, then: () => void) =>
    clock.after(delayMs, () => {
      if (asks.get(site) === one) then();
    });
  const note = (pc: string, outcome: Outcome) => {
    one.stateByPc.set(pc, { is: outcome === 'done' ? 'running' : 'refused', at: view.now() });
    if (outcome !== 'done') return;
    after(roundMs, () => {
      one.stateByPc.set(pc, { is: 'checked', at: view.now() });
      tell(site);
    });
  };
  const poll = async () => {
    const answers = (await view.commands.one(id).catch(() => undefined))?.answers ?? [];
    const fresh = answers.filter(({ pc }) => !one.stateByPc.has(pc));
    for (const { pc, outcome } of fresh) note(pc, outcome);
    if (fresh.length > 0) tell(site);
    const isKept = clock.up() - begun < keptMs;
    after(one.timedOut ? pollIntervalsMs.late : pollIntervalsMs.first, () => (isKept ? void poll() : void asks.delete(site)));
  };
  after(lateMs, () => {
    one.timedOut = true;
    tell(site);
  });
  void poll();
}
