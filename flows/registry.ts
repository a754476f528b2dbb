/** Who may connect, as the broker is told: written anew whenever the registry changes, until the file is there. */
import type { KeyObject } from 'node:crypto';
import type { Clock, RegistryEntry } from '#contracts';
import type { Ledger, Op } from './ledger/model.ts';
import { admittedPrefix } from './ledger/reads.ts';
import { publishRegistry } from './ledger/registry.ts';

const retryMs = 10_000;

export type RegistryOptions = {
  ledger: Ledger;
  clock: Clock;
  /** The broker's snapshot, and the key that signs it. */
  file: string;
  key: KeyObject;
  /** PCs that the supervisor lets in by itself. */
  admitted: readonly RegistryEntry[];
};

/**
 * Takes in whom the supervisor admits and brings the broker's file up to date; the answer publishes entries that are committed.
 * Guarantee: one token is admitted by itself once, and a PC that was revoked never: what an operator did since then stands.
 */
export async function openRegistry({ ledger, clock, file, key, admitted }: RegistryOptions) {
  const registry = await ledger.registry();
  const held = new Map(registry.entries.map((entry) => [entry.pc, entry]));
  const fresh = admitted.filter(({ pc, tokenHash }) => !held.get(pc)?.revoked && registry.admitted[pc] !== tokenHash);
  if (fresh.length > 0) await ledger.commit(fresh.flatMap(admission));
  let { version } = registry;
  let last = Promise.resolve();

  async function write(): Promise<void> {
    const entries = [...held.values()].sort((a, b) => (a.pc < b.pc ? -1 : 1));
    version = await publishRegistry({ ledger, registry: { version, entries }, file, key, at: clock.now() });
  }

  function publish(entries: readonly RegistryEntry[]): Promise<void> {
    for (const entry of entries) held.set(entry.pc, entry);
    const done = last.then(write);
    // Whoever asked is told; but a PC that was revoked must not go on because a disk was full for a moment.
    last = done.catch(() => void clock.after(retryMs, () => void publish([]).catch(() => undefined)));
    return done;
  }

  await publish(fresh);
  return publish;
}

function admission(entry: RegistryEntry): Op[] {
  return [
    { op: 'registry', entry },
    { op: 'meta', key: `${admittedPrefix}${entry.pc}`, value: entry.tokenHash ?? '' },
  ];
}
