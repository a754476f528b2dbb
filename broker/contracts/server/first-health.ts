/** Terminal lines on the health of the sites and of this PC, shown after the start. */
import { faultOf } from '../domain/faults.ts';
import { shownStatus, siteStages } from '../domain/sites.ts';
import { vocabulary } from '../domain/words/words.ts';
import type { PcView, SiteView } from './api.ts';

/** Returns the number of sites per stage; undefined without data. */
export function siteLines(sites: SiteView[] | undefined): string[] | undefined {
  const words = siteStages.map((name) => `${sites?.filter(({ stage }) => stage === name).length} ${name}`);
  return sites && [`Sites (${sites.length}): ${words.join(', ')}`];
}

/**
 * Returns the checks that a PC reported since `startedAt`; undefined before its first report. Older checks from the ledger do not count.
 */
export function pcLines(pcs: PcView[] | undefined, pc: string, startedAt: number): string[] | undefined {
  const own = pcs?.find((one) => one.pc === pc);
  if (pcs !== undefined && own === undefined) return [`This PC (${pc}) is not watched: it is retired or moved, or its site is closed.`];
  if (own === undefined || own.checks.length === 0 || (own.heardAt ?? 0) < startedAt) return undefined;
  const checks = own.checks.map((check) => {
    const { component, device, fault, reason, name } = check;
    const answer = shownStatus(check);
    const said = faultOf(fault ?? '')?.title.en ?? fault ?? (answer === 'unproven' ? vocabulary.en.status.unproven : answer);
    const place = name !== undefined ? ` (${name})` : device === '' || device.startsWith('expected-') ? '' : ` ${device}`;
    return `  ${{ ok: '●', unproven: '◐', fault: '◆', unknown: '○' }[answer]} ${component}${place}: ${said}${reason ? `, ${reason}` : ''}`;
  });
  return [`This PC (${pc}):`, ...checks];
}
