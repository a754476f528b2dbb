/** Shows a desktop notification with one button to the user at this PC. */
import { runCommand } from '../child.ts';
import type { Query } from '../platform.ts';

const key = 'act';

/** Shows the notification and returns, after it closes, whether the button was pressed. Unknown if the desktop shows no such button. */
export const toast = ({ title, text, action }: { title: string; text: string; action: string }): Query<boolean> => ({
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
