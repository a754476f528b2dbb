/** How many segments an SMS takes: by GSM 03.38 where every character is in it, else by UCS-2. */

/** What a text costs: `units` are septets or UTF-16 units. */
export type Size = { encoding: 'gsm7' | 'ucs2'; units: number; segments: number };

/** The basic table of GSM 03.38, and its extension, whose characters take an escape before them. */
const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const extension = new Set('\f^{}\\[~]|€');

/** Units of one segment alone, and of each where there are several: the rest of those joins them. */
const limits = { gsm7: { alone: 160, each: 153 }, ucs2: { alone: 70, each: 67 } };

/** The size of a text as it is sent. A character is never cut in two by the end of a segment: what does not fit goes to the next. */
export function sizeOf(text: string): Size {
  const encoding = isGsm(text) ? 'gsm7' : 'ucs2';
  const costs = [...text].map((character) => costOf(character, encoding));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  const { alone, each } = limits[encoding];
  if (units <= alone) return { encoding, units, segments: units === 0 ? 0 : 1 };
  let segments = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > each) {
      segments += 1;
      used = 0;
    }
    used += cost;
  }
  return { encoding, units, segments };
}

/** True where each character is one of GSM 03.38. */
function isGsm(text: string): boolean {
  return [...text].every((character) => basic.has(character) || extension.has(character));
}

/** What a word processor makes of signs of the basic table. */
const typed: Readonly<Record<string, string>> = { '’': "'", '‘': "'", '“': '"', '”': '"', '–': '-', '—': '-', '…': '.' };

/** The text in letters of the basic table only, which cost one septet each: accents go, what has no such letter goes too. */
export function basicOf(text: string): string {
  const letters = [...text.replaceAll(/[’‘“”–—…]/g, (sign) => typed[sign] ?? sign)].flatMap((character) =>
    basic.has(character) ? [character] : [...character.normalize('NFD')],
  );
  return letters
    .filter((character) => basic.has(character))
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

function costOf(character: string, encoding: Size['encoding']): number {
  if (encoding === 'ucs2') return character.length;
  return extension.has(character) ? 2 : 1;
}
