/** Tells whoever sits there that nobody will hear the room, with a button that mends it, and after any mending one that takes it back. */
import { type Check, type Clock, faultOf, isLanguage, type Language, messageOf } from '#contracts';
import type { Platform } from '../../platform/platform.ts';
import { toast } from '../../platform/questions/toast.ts';
import type { Log } from '../../uplink/store/log.ts';
import type { Known } from '../card/statement.ts';
import { type Mend, phrases } from './mend.ts';
import type { Mended } from './messages.ts';

/** What the notifications need, and the repair that their buttons start. */
export type ToastsOptions = { clock: Pick<Clock, 'up'>; platform: Pick<Platform, 'ask'>; mend: Mend; log: Log };

/** What the key can mend, and nobody sees before the others complain. */
const told = ['microphone.muted', 'microphone.not_default', 'microphone.monitor_chosen'];
/** Who mutes again and again means it. */
const againMs = 600_000;
/** A notification that is never closed is not waited for longer. */
const limitMs = 300_000;

/** Tells such a fault when it begins, and none again for ten minutes. */
export function createToasts({ clock, platform, mend, log }: ToastsOptions) {
  let language: Language = 'en';
  let standing: readonly Check[] = [];
  let toldUp = Number.NEGATIVE_INFINITY;

  async function show(title: string, text: string, { action, act }: { action: keyof typeof phrases; act: keyof Mend }): Promise<void> {
    const question = toast({ title, text, action: phrases[action][language] });
    const answer = await platform
      .ask(question, AbortSignal.timeout(limitMs))
      .catch((error) => ({ known: false as const, reason: messageOf(error) }));
    if (!answer.known) return log.info({}, `nobody was told: ${answer.reason}`);
    const result = answer.value ? await mend[act](AbortSignal.timeout(limitMs)) : undefined;
    if (result?.done === false) log.warn({}, `not mended: ${result.reason}`);
  }

  return {
    onKnown({ checks, profile }: Known): void {
      language = profile.languages?.find(isLanguage) ?? 'en';
      const before = standing;
      standing = checks.filter(({ fault }) => fault !== null && told.includes(fault));
      const fresh = standing.find(({ fault }) => !before.some((one) => one.fault === fault));
      if (fresh === undefined || clock.up() - toldUp < againMs) return;
      toldUp = clock.up();
      void show(faultOf(fresh.fault ?? '')?.title[language] ?? '', fresh.name ?? '', { action: 'mendNow', act: 'fix' });
    },
    onMended({ what, steps }: Mended): void {
      const names = [...new Set(steps.map(({ name }) => name))].join(', ');
      if (what === 'fixed') void show(phrases.mended[language], names, { action: 'takeBack', act: 'undo' });
    },
  };
}
