/** Reads the events of a PC or site wherever they lie: a page after the other from the ledger, between its commits, and archives in a thread beside all else. */
import type { Ledger, PagePlace } from '../../engine/records/ops.ts';
import { runOnce } from '../run-once.ts';
import { type ArchivesAt, type EventsAsk, eventsJson, gather } from './events.ts';

/** Whose events, where archives lie, and of which places anything can be asked. */
export type ReaderOptions = Pick<ArchivesAt, 'folder' | 'keptMonths'> & {
  ledger: Pick<Ledger, 'page' | 'held'>;
  /** Read anew each time; throws where it cannot be. */
  passphrase(): string | undefined;
  has(path: string): boolean;
};

/** `json` is a `SaidEvents`; or why there is none, `missing` where nobody knows such a place. */
export type ReadEvents = { ok: true; json: string } | { ok: false; missing: boolean; line: string };

/** `read` ends once `gone` is told. */
export type EventsReader = { read(ask: EventsAsk, gone: AbortSignal): Promise<ReadEvents> };

/**
 * Nothing runs before it is asked.
 * Guarantee: one reads at a time, whatever many ask; no commit waits for more than a page, nor for an archive.
 */
export function createEventsReader(options: ReaderOptions): EventsReader {
  let isReading = false;
  return {
    async read(ask, gone) {
      if (isReading) return { ok: false, missing: false, line: 'somebody else reads events right now: ask again in a minute' };
      isReading = true;
      try {
        return await readAll(options, ask, gone);
      } finally {
        isReading = false;
      }
    },
  };
}

async function readAll(options: ReaderOptions, ask: EventsAsk, gone: AbortSignal): Promise<ReadEvents> {
  const { ledger, folder, keptMonths, has } = options;
  const { path } = ask;
  const gathered = gather(ask);
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; ) {
    const page = await ledger.page({ path, after });
    for (const event of page.events) gathered.add(event);
    after = page.next;
  }
  // Behind them: what leaves meanwhile is found twice, and not nowhere.
  const held = await ledger.held(path);
  if (!held.known && !has(path)) return { ok: false, missing: true, line: `there is no ${placeOf(path)} ${path}` };
  // Without it archives that are encrypted are named; the rest is still read.
  const passphrase = await Promise.try(options.passphrase).catch(() => undefined);
  const at: ArchivesAt = { folder, keptMonths, held, passphrase };
  const { events, next } = gathered.end();
  const wanted = { ask, ledger: [...events, ...(next === undefined ? [] : [next])], at };
  const json = await runOnce(eventsJson, { args: [wanted], signal: gone });
  return json === undefined ? { ok: false, missing: false, line: 'the reading was ended' } : { ok: true, json };
}

const placeOf = (path: string) => (path.split('/').length === 3 ? 'PC' : 'site');
