/** The words of the room seat's own; the names of faults stand in the contracts. */
import type { Words } from '#contracts';

/** Its own texts by key. */
export const phrases = {
  mendNow: { en: 'Fix it', hi: 'ठीक करें' },
  takeBack: { en: 'Undo', hi: 'पहले जैसा करें' },
  unmuted: { en: 'unmuted', hi: 'आवाज़ चालू की' },
  muted: { en: 'muted', hi: 'म्यूट किया' },
  chosen: { en: 'chosen', hi: 'चुना गया' },
  nothingToMend: { en: 'nothing to mend', hi: 'ठीक करने को कुछ नहीं है' },
  mended: { en: 'Fixed', hi: 'ठीक किया गया' },
} as const satisfies Record<string, Words>;
