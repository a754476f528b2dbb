/** Judges the texts for SMS, as `npm run check` asks: one line for each that an operator would refuse, and exit code 1. */
import { lintTemplates } from '../../flows/people/sms/lint.ts';
import { templatesWith } from '../../flows/people/sms/templates.ts';

const wrong = [true, false].flatMap((link) => lintTemplates(templatesWith(link)));
for (const line of new Set(wrong)) console.error(line);
process.exitCode = wrong.length > 0 ? 1 : 0;
