/** What is ordered in a world, and what came of it. */
import { inThread } from '../../flows/storage/ledger/ledger.ts';
import type { World } from './world.ts';

const by = 'meera';

/** Orders `verb` of the first PC, as somebody at the API would. */
export function issue(world: World, verb: string, args = {}): void {
  const { path } = world.pc(0);
  // Where `flows` dies on the way, nobody hears of the answer.
  void world.centre.centre()?.view.commands.issue({ to: path, verb, args, by });
}

/** How many orders the ledger has. */
export async function issuedIn(world: World): Promise<number> {
  return (await inThread(world.centre.db()).commands()).length;
}

/** What was answered to the one order of the ledger. */
export async function answersIn(world: World) {
  const ledger = inThread(world.centre.db());
  const [row] = await ledger.commands();
  return (row && (await ledger.command(row.id))?.answers)?.map(({ outcome }) => outcome) ?? [];
}

/** What the ledger did not take is said at once to whoever ordered it, and is no failure of the history. */
export function given(world: World, done: Promise<unknown>): void {
  done.catch((error: Error) => {
    if (!error.message.startsWith('the ledger ')) throw error;
    world.note(`an operator hears: ${error.message}`);
  });
}
