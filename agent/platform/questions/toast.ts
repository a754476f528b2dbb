/** A word to whoever sits at this PC, with one thing that can be done about it: a notification of the desktop. */
import { runCommand } from '../child.ts';
import type { Question } from '../platform.ts';

const key = 'act';

/** Was the button pressed? Answered when the notification goes; not known where the desktop shows none, or none with a button. */
export const toast = ({ title, text, action }: { title: string; text: string; action: string }): Question<boolean> => ({
  async linux({ env }, signal) {
    const args = [
      '--app-name=Sabha',
      '--urgency=normal',
      `--action=${key}=${action}`,
      '--',
      title,
      text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    ];
    const output = await runCommand({ program: 'notify-send', args, env }, signal);
    if (output.ok) return { known: true, value: output.text.trim() === key };
    return { known: false, reason: output.why === 'missing' ? 'notify-send is not installed' : 'the desktop shows no notification' };
  },
});
