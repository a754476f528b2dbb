/** Prints the lint faults of the tabs of this release for `npm run check`, one line each. */
import { lintFlows, releaseTabs } from '../../flows/node-red/tabs.ts';
import { readTabs } from '../../flows/node-red/tabs-storage.ts';

const read = readTabs(releaseTabs);
const wrong = read.ok ? lintFlows(read.nodes) : [read.line];
for (const line of wrong) console.error(`flows/node-red/tabs: ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
