/** The site table as orders find it: what they change goes through the pipeline that is open. */
import type { Ingest } from './ingest/ingest.ts';
import type { SiteOrdersOptions } from './sites/site-orders.ts';

/** The table in use; each call throws while the ledger is opened anew, and where the ledger does not take a change. */
export function openSiteTable(open: () => Ingest | undefined, now: () => number): Omit<SiteOrdersOptions, 'newToken'> {
  const ingest = (): Ingest => {
    const found = open();
    if (found === undefined) throw new Error('the ledger is opened anew');
    return found;
  };
  return {
    table: () => ingest().table(),
    records: () => ingest().memory.pcs,
    wanted: (pc) => ingest().wanted(pc),
    entry: (pc) => ingest().entry(pc),
    async apply(change, ops) {
      if (!(await ingest().changeSites(change, ops))) throw new Error('the ledger did not take the change');
    },
    rollout: () => ingest().rollout(),
    async release(by) {
      if (!(await ingest().release(by))) throw new Error('the ledger did not take it');
    },
    now,
  };
}
