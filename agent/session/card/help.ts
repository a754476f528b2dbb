/** How whoever stands before the card asks for help: a link with site and fault filled in, and the same as a square for a phone. */
import { encode } from 'uqr';
import { faultOf, vocabulary } from '#contracts';
import type { Statement } from './statement.ts';

/** The link, what people call whom it leads to, and its square. */
export type Help = { link: string; name: string; svg: string };

/** Null where nobody is named. */
export function helpOf(statement: Pick<Statement, 'pc' | 'help' | 'fault' | 'readiness' | 'languages'>): Help | null {
  const { help } = statement;
  if (help === null) return null;
  const text = encodeURIComponent(textOf(statement));
  const isMail = !help.startsWith('https:');
  const link = isMail ? `mailto:${help}?subject=${text}` : help.replace('{text}', () => text);
  return { link, name: isMail ? help : new URL(link).host, svg: squareOf(link) };
}

/** By PC and fault, so that a helper finds both whatever language he reads: `ladakh/leh/hall: Microphone not found (microphone.missing)`. */
function textOf({ pc, fault, readiness, languages }: Pick<Statement, 'pc' | 'fault' | 'readiness' | 'languages'>): string {
  const language = languages[0] ?? 'en';
  if (fault === null) return `${pc}: ${vocabulary[language].readiness[readiness]}`;
  return `${pc}: ${faultOf(fault)?.title[language] ?? fault} (${fault})`;
}

/** Dark on light whatever the colours of the page, with the quiet edge that a phone looks for. Each run of dark modules is a box of one path. */
function squareOf(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const boxes = data.flatMap((row, y) => runsOf(row).map(({ from, length }) => `M${from} ${y}h${length}v1h-${length}z`));
  const light = `<path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/>`;
  return `<svg viewBox="0 0 ${size} ${size}" aria-hidden="true" shape-rendering="crispEdges">${light}<path d="${boxes.join('')}"/></svg>`;
}

function runsOf(row: readonly boolean[]): { from: number; length: number }[] {
  const starts = row.flatMap((isDark, x) => (isDark && row[x - 1] !== true ? [x] : []));
  return starts.map((from) => {
    const end = row.indexOf(false, from);
    return { from, length: (end < 0 ? row.length : end) - from };
  });
}
