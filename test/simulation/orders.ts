/** Commands to PCs of a simulation, and their results. */
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import type { World } from './world.ts';

const by = 'meera';

/** Issues a command to the first PC, as a person does through the API. */
export function issue(world: World, verb: string, args = {}): void {
  const { path } = world.pc(0);
  // If `flows` dies, its caller gets no result.
  void world.centre.centre()?.view.commands.issue({ to: path, verb, args, by });
}

export async function issuedIn(world: World): Promise<number> {
  return (await openInThread(world.centre.db()).commands()).length;
}

/** Returns the outcomes of the only command in the ledger. */
export async function answersIn(world: World) {
  const ledger = openInThread(world.centre.db());
  const [row] = await ledger.commands();
  return (row && (await ledger.command(row.id))?.answers)?.map(({ outcome }) => outcome) ?? [];
}

/** Accepts the error of a failed commit. The operator sees that error at once, so it does not break a guarantee. */
export function given(world: World, done: Promise<unknown>): void {
  done.catch((error: Error) => {
    if (!error.message.startsWith('the ledger ')) throw error;
    world.note(`an operator hears: ${error.message}`);
  });
}
