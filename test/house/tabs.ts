/** The lint of the tabs of this release, as `npm run check` says it: one line for each fault. */
import { lintFlows, releaseTabs } from '../../flows/node-red/tabs.ts';
import { readTabs } from '../../flows/node-red/tabs-storage.ts';

const read = readTabs(releaseTabs);
const wrong = read.ok ? lintFlows(read.nodes) : [read.line];
for (const line of wrong) console.error(`flows/node-red/tabs: ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
