/** The tabs: what runs, what differs, what became of them, and the last Deploy taken back. */
import * as v from 'valibot';
import { tabsDifferences, tabsState, tabsStep, tabsUndone } from '#contracts';
import { whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { on, type Route } from './route.ts';
import { order } from './schemas.ts';

/** They are the rules of the whole tree. */
export const tabsRoutes: readonly Route[] = [
  on('tabs')(['get /api/tabs', 'Which tabs run, and what is wrong with them.'], { right: whole('read'), answer: tabsState }, (tabs) =>
    tabs.state(),
  ),
  on('tabs')(
    ['get /api/tabs/differences', 'What the tabs in use differ in from those of the release, and what this release would bring.'],
    { right: whole('read'), answer: tabsDifferences },
    (tabs) => tabs.differences(),
  ),
  on('tabs')(
    ['get /api/tabs/steps', 'What became of the tabs, from the audit: the newest 50.'],
    { right: whole('read'), answer: v.array(tabsStep) },
    (tabs) => tabs.steps(),
  ),
  on('tabs')(
    ['post /api/tabs/undo', 'The tabs before the last Deploy run again, if the lint takes them.'],
    { right: whole('tabs'), body: order, answer: tabsUndone, refusals: [409] },
    async (tabs, { body: { by } }) => {
      const undone = await tabs.undo(by);
      if (!undone.ok) throw new Refused(409, undone.line);
      return undone.value;
    },
  ),
];
