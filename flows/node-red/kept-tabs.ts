/** What is kept beside the tabs in use: whole sets, each one file, so that each is there whole or not at all. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, replaceFile } from '@sabha/contracts';
import { type FlowNode, parseTab } from './tabs-storage.ts';

/**
 * `running`: the last good set. `before`: the one before the last Deploy. `next`: a Deploy that is accepted and not written yet.
 * `release`: the tabs of the release from which those in use were made. `coming`: those of another release that are not written yet.
 */
type Name = 'running' | 'before' | 'next' | 'release' | 'coming';

/** The sets of a folder. */
export type KeptTabs = ReturnType<typeof keptTabs>;

/** Makes the folder, if it is not there. */
export function keptTabs(dir: string) {
  makeFolder(dir);
  const file = (name: Name) => join(dir, `${name}.json`);
  const read = (name: Name): FlowNode[] | undefined => {
    try {
      const found = parseTab(readFileSync(file(name), 'utf8'));
      return found.ok ? found.nodes : undefined;
    } catch {
      // Absent, or not readable: it is not kept.
      return undefined;
    }
  };
  const write = (name: Name, nodes: readonly FlowNode[]) => replaceFile(file(name), `${JSON.stringify(nodes)}\n`);
  return {
    read,
    write,
    drop: (name: Name) => rmSync(file(name), { force: true }),
    /** The set is the good one from now on, and what was that is the one before. */
    rotate(nodes: readonly FlowNode[]): void {
      if (read('running') !== undefined) renameSync(file('running'), file('before'));
      write('running', nodes);
    },
  };
}
