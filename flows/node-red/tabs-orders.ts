/** What an operator asks of the tabs without the editor. */
import { oneLine, type TabsDifferences, type TabsState, type TabsStep, type TabsUndone } from '@sabha/contracts';
import type { Red } from './node-red.ts';
import type { Tabs } from './tabs.ts';
import { differences, hashOf } from './tabs-storage.ts';

/** What orders stand on; `red` is there once the tabs run. */
export type TabsOrdersOptions = { tabs: Tabs; red(): Pick<Red, 'deploy'> | undefined; steps(): Promise<TabsStep[]> };

/** Looks at the tabs, and takes a Deploy back. */
export type TabsOrders = ReturnType<typeof createTabsOrders>;

/** Orders over the tabs of a centre. */
export function createTabsOrders({ tabs, red, steps }: TabsOrdersOptions) {
  return {
    state(): TabsState {
      const before = tabs.before();
      const { now, base } = tabs.release();
      const running = tabs.running();
      return {
        running: hashOf(running),
        before: before === undefined ? null : hashOf(before),
        release: hashOf(now),
        base: hashOf(base),
        refused: tabs.refusal(),
        wrong: tabs.lint(running),
      };
    },
    differences(): TabsDifferences {
      const { now, base } = tabs.release();
      return { yours: differences(base, tabs.running()), release: differences(base, now) };
    },
    /** What became of them, newest first. */
    steps,
    /** Brings the set before the last Deploy back, by the same lint, or says in one line why not. */
    async undo(by: string): Promise<{ ok: true; value: TabsUndone } | { ok: false; line: string }> {
      const [before, running] = [tabs.before(), tabs.running()];
      const runtime = red();
      if (before === undefined) return { ok: false, line: 'there is no Deploy to take back' };
      if (runtime === undefined) return { ok: false, line: 'the tabs do not run: the log of flows says why' };
      try {
        await runtime.deploy(before, by);
      } catch (error) {
        return { ok: false, line: oneLine((error as Error).message, 240) };
      }
      return { ok: true, value: { from: hashOf(running), to: hashOf(before), lines: differences(running, before) } };
    },
  };
}
