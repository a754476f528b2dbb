/**
 * Checks the message texts for `npm run check`. Prints one line for each text that a mobile operator would refuse, and sets exit code 1.
 * Texts that a language lacks are listed, without an error.
 */
import { components, faultIds, notificationOnlyLanguages, reasons } from '@sabha/contracts';
import { lintTemplates } from '../../flows/notify/people/sms/lint.test-helper.ts';
import { templatesWith } from '../../flows/notify/people/sms/sms.ts';

const wrong = [true, false].flatMap((link) => lintTemplates(templatesWith(link)));
for (const line of new Set(wrong)) console.error(line);
process.exitCode = wrong.length > 0 ? 1 : 0;

for (const [language, { titles, actions, reasons: texts, vocabulary, names }] of Object.entries(notificationOnlyLanguages)) {
  const lacks = (said: object, keys: readonly string[]) => keys.filter((key) => !Object.hasOwn(said, key));
  const patterns = reasons.map(([pattern]) => pattern);
  const all = [
    ...lacks(titles, faultIds),
    ...lacks(actions, faultIds),
    ...lacks(texts, patterns),
    ...lacks(vocabulary.component, Object.keys(components)),
  ];
  const lacking = [...new Set(all)];
  if (lacking.length > 0) console.log(`broker/contracts/domain/words/${language}.ts lacks, and tells in ${names}: ${lacking.join(', ')}`);
}
