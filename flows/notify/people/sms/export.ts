/** The texts as a file for whoever registers them with an operator. */
import { safeTable } from '../../../sites/sheet.ts';
import { sizeOf } from './segments.ts';
import { fixedPartOf, tags, usableUrl } from './tags.ts';
import { longestText, registeredText, templatesWith } from './templates.ts';

const columns = ['id', 'language', 'form', 'text', 'blanks', 'encoding', 'longest', 'segments', 'register_url'] as const;

/** CSV with a row for each text; `longestLink` is the longest address of an incident, whose fixed part is to be registered too. */
export function templatesCsv(longestLink: string | undefined): string {
  const link = usableUrl(longestLink);
  const rows = templatesWith(link !== undefined).map((one) => {
    const { encoding, units, segments } = sizeOf(longestText(one));
    const blanks = one.blanks.map(({ name, tag, limit }) => `${name} ${tags[tag].written} ${limit}`).join('; ');
    const url = link !== undefined && one.blanks.some(({ tag }) => tag === 'url') ? fixedPartOf(link) : '';
    return [one.id, one.language, one.form, registeredText(one), blanks, encoding, units, segments, url];
  });
  return `\ufeff${safeTable(columns, rows)}`;
}
