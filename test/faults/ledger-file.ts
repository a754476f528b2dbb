/** Reads a ledger after its flows has stopped, including the history that flows does not load. */

import type { LedgerAudit } from '@sabha/contracts';
import type { Transition } from '../../flows/engine/records/incidents.ts';
import type { OutboxRow } from '../../flows/engine/records/notices.ts';
import { openDatabase } from '../../flows/storage/ledger/schema.ts';
import { openStore } from '../../flows/storage/ledger/store.ts';

export type LedgerFacts = {
  audit: LedgerAudit;
  transitions: Transition[];
  outbox: OutboxRow[];
  /** Returns the number up to which all events of a spool are in the ledger or declared lost; 0 for an unknown spool. */
  upTo(pc: string, spool: string): number;
};

export function readLedger(file: string): LedgerFacts {
  const db = openDatabase({ file });
  const store = openStore(db);
  const rows = <T>(table: string) =>
    db
      .prepare(`SELECT row FROM ${table}`)
      .all()
      .map(({ row }) => JSON.parse(String(row)) as T);
  const spools = db.prepare('SELECT pc, spool, up_to FROM spools').all();
  const facts = { audit: store.audit(), transitions: rows<Transition>('transitions'), outbox: rows<OutboxRow>('outbox') };
  store.close();
  return { ...facts, upTo: (pc, spool) => Number(spools.find((one) => one['pc'] === pc && one['spool'] === spool)?.['up_to'] ?? 0) };
}
