/** The first words of a centre about its sites or its own PC, as whoever started it reads them. */
import { faultOf } from '../domain/faults.ts';
import { answerOf, siteStages } from '../domain/sites.ts';
import { vocabulary } from '../domain/words/words.ts';
import type { PcView, SiteView } from './api.ts';

/** How many sites stand at which stage; undefined where nobody said. */
export function siteLines(sites: SiteView[] | undefined): string[] | undefined {
  const words = siteStages.map((name) => `${sites?.filter(({ stage }) => stage === name).length} ${name}`);
  return sites && [`Sites (${sites.length}): ${words.join(', ')}`];
}

/** What a PC said of itself since `startedAt`; undefined where it has not yet. What the ledger remembers of an earlier day is no health. */
export function pcLines(pcs: PcView[] | undefined, pc: string, startedAt: number): string[] | undefined {
  const own = pcs?.find((one) => one.pc === pc);
  if (pcs !== undefined && own === undefined) return [`This PC (${pc}) is not watched: it is retired or moved, or its site is closed.`];
  if (own === undefined || own.checks.length === 0 || (own.heardAt ?? 0) < startedAt) return undefined;
  const checks = own.checks.map((check) => {
    const { component, device, fault, reason, name } = check;
    const answer = answerOf(check);
    const said = faultOf(fault ?? '')?.title.en ?? fault ?? (answer === 'unproven' ? vocabulary.en.status.unproven : answer);
    const place = name !== undefined ? ` (${name})` : device === '' || device.startsWith('expected-') ? '' : ` ${device}`;
    return `  ${{ ok: '●', unproven: '◐', fault: '◆', unknown: '○' }[answer]} ${component}${place}: ${said}${reason ? `, ${reason}` : ''}`;
  });
  return [`This PC (${pc}):`, ...checks];
}
