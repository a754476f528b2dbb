/** Steps that are done in order, or taken back. */
import { messageOf } from '#contracts';
import type { phrases } from './words.ts';

/** Done, with what may be said of it; or one line that says why not. */
export type Outcome = { ok: true; note?: string } | { ok: false; line: string };
/** What is installed or removed, one thing, by a name that has its word in every language. Whatever a step throws is why it failed. */
export type Step = {
  name: keyof typeof phrases;
  do(): Promise<Outcome>;
  /** Puts back what was before, also where the step stopped half-way. */
  undo?(): Promise<void>;
  /** Once all is done: what may go now; what cannot go now goes the next time. */
  tidy?(): void;
};
/** Who is told of each step, and of each that was taken back, or why it could not be. */
export type Tell = { done(name: Step['name'], outcome: Outcome): void; undone(name: Step['name'], why: string | null): void };

/**
 * True where all was done.
 * Guarantee: where a step fails, it and all before it are taken back, the last one first; one that cannot be taken back is told, and holds up no other.
 */
export async function perform(steps: readonly Step[], tell: Tell): Promise<boolean> {
  for (const [index, step] of steps.entries()) {
    const outcome = await step.do().catch((error): Outcome => ({ ok: false, line: messageOf(error) }));
    tell.done(step.name, outcome);
    if (outcome.ok) continue;
    for (const { name, undo } of steps.slice(0, index + 1).reverse()) {
      if (undo) tell.undone(name, await undo().then(() => null, messageOf));
    }
    return false;
  }
  for (const { tidy } of steps) await Promise.try(() => tidy?.()).catch(() => undefined);
  return true;
}
