/** The statements behind spools.ts: spools, events and forks as rows. */
import type { DatabaseSync } from 'node:sqlite';
import type { EventMessage } from '@sabha/contracts';

/**
 * `first`: where our time with it begins, null until its birth. `last`: highest number heard of. `upTo`: how far an ack may go (R4).
 * `forked`: 1 where it shares content with another spool of the PC, under other numbers; 2 where that one carries what this one held (R7).
 */
export type Spool = { id: number; pc: string; spool: string; first: number | null; last: number; upTo: number; forked: 0 | 1 | 2 };
/** A short hash of an event, and when it came. */
export type Stamp = { mark: string; at: number };
/** The rows of spools. */
export type SpoolTable = ReturnType<typeof openSpoolTable>;

/** So many spools of a PC are looked through at once, the newest: it has two or three, and one that makes up others pays for itself (R27). */
const searched = 32;
/** So many events of one mark: the hash is short, and whoever looks for events that share one is not to be waited for. */
const ofOneMark = 8;

/** Opens the table of spools of one ledger. */
export function openSpoolTable(db: DatabaseSync) {
  const columns = 'SELECT id, pc, spool, first, last, up_to AS upTo, forked FROM spools';
  const get = db.prepare(`${columns} WHERE pc = ? AND spool = ?`);
  const unfinished = db.prepare(`
    ${columns} INDEXED BY spools_unfinished WHERE pc = ? AND spool <> ? AND (first IS NULL OR up_to < last) ORDER BY id DESC LIMIT ${searched}`);
  const add = db.prepare('INSERT INTO spools (pc, spool, first, last, up_to, forked) VALUES (?, ?, NULL, 0, 0, 0)');
  const save = db.prepare('UPDATE spools SET first = ?, last = ?, up_to = ?, forked = ? WHERE id = ?');
  const lowest = db.prepare('SELECT min(seq) AS seq FROM events WHERE spool = ?');
  const mark = db.prepare('SELECT mark FROM events WHERE spool = ? AND seq = ?');
  const event = db.prepare(`
    INSERT INTO events SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
    WHERE coalesce((SELECT b FROM archived WHERE spool = ?1 AND a <= ?2 ORDER BY a DESC LIMIT 1), 0) < ?2 ON CONFLICT DO NOTHING`);
  const fork = db.prepare('INSERT INTO forks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  // Each of the PC's spools is asked by the index of marks for the few events of that mark: no walk through what the PC repeats.
  const original = db.prepare(`
    SELECT 1 FROM (SELECT id FROM spools INDEXED BY spools_newest WHERE pc = :pc AND id <> :id ORDER BY id DESC LIMIT ${searched}) s
    JOIN events e ON e.spool = s.id AND e.seq IN (SELECT seq FROM events WHERE mark = :mark AND spool = s.id LIMIT ${ofOneMark})
    WHERE e.boot = :boot AND e.at = :at AND e.kind = :kind AND e.body = :body LIMIT 1`);
  const copy = db.prepare(`
    INSERT INTO copies SELECT :id, :seq WHERE NOT EXISTS (SELECT 1 FROM events WHERE spool = :id AND seq = :seq) ON CONFLICT DO NOTHING`);
  const copyGone = db.prepare('DELETE FROM copies WHERE spool = ? AND seq = ?');

  return {
    get: (pc: string, spool: string) => get.get(pc, spool) as Spool | undefined,
    /** The PC's other spools of which something may still be open. */
    unfinished: (pc: string, spool: string) => unfinished.all(pc, spool) as Spool[],
    add: (pc: string, spool: string): Spool => {
      const id = Number(add.run(pc, spool).lastInsertRowid);
      return { id, pc, spool, first: null, last: 0, upTo: 0, forked: 0 };
    },
    save: ({ id, first, last, upTo, forked }: Spool) => void save.run(first, last, upTo, forked, id),
    lowest: ({ id }: Spool) => Number(lowest.get(id)?.['seq']),
    markAt: ({ id }: Spool, seq: number) => mark.get(id, seq)?.['mark'] as string | undefined,
    /** False where the number is held already, here or by an archive. */
    addEvent: ({ id, forked }: Spool, { seq, boot, at, grade, kind, body }: EventMessage, stamp: Stamp) => {
      const isNew = event.run(id, seq, stamp.mark, stamp.at, boot, at, grade, kind, JSON.stringify(body)).changes === 1;
      if (isNew && forked) copyGone.run(id, seq);
      return isNew;
    },
    /** The number came, and what it says stands under another one. */
    addCopy: ({ id }: Spool, seq: number) => void copy.run({ id, seq }),
    addFork: ({ id }: Spool, message: EventMessage, stamp: Stamp) =>
      void fork.run(id, message.seq, stamp.mark, stamp.at, JSON.stringify(message)),
    /** True where another spool of the PC holds this very event. */
    hasCopy: ({ id, pc }: Spool, { boot, at, kind, body }: EventMessage, { mark }: Stamp) =>
      original.get({ pc, id, mark, boot, at, kind, body: JSON.stringify(body) }) !== undefined,
  };
}
