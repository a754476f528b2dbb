/** What the verbs of the centre do and take, in every language. */
import { inColumns, type Language, type Words } from '#contracts';

type Help = { does: Words; options: Readonly<Record<string, Words>> };

const verbs: Readonly<Record<string, Help>> = {
  install: {
    does: { en: 'Makes services of the centre on this machine, and mends them.', hi: 'इस मशीन पर सेंटर को सर्विस बनाता है, और ठीक करता है।' },
    options: {
      from: { en: 'with the data and settings of this backup', hi: 'इस बैकअप के डेटा और सेटिंग के साथ' },
      'passphrase-file': { en: 'the file with the passphrase of the backup', hi: 'फ़ाइल जिसमें बैकअप का पासफ़्रेज़ है' },
    },
  },
  upgrade: {
    does: {
      en: 'Brings the release of this folder into use; the data are copied first.',
      hi: 'इस फ़ोल्डर की रिलीज़ चालू करता है; पहले डेटा की कॉपी बनती है।',
    },
    options: {
      check: { en: 'says what would be done, and does nothing', hi: 'सिर्फ़ बताता है कि क्या होगा, करता कुछ नहीं' },
      'without-copy': { en: 'without a copy of the data', hi: 'डेटा की कॉपी के बिना' },
    },
  },
  rollback: { does: { en: 'Goes back to the release of before.', hi: 'पिछली रिलीज़ पर लौटता है।' }, options: {} },
  uninstall: {
    does: { en: 'Removes the services; the data stay.', hi: 'सर्विस हटाता है; डेटा रहता है।' },
    options: { purge: { en: 'the data and the users too, for good', hi: 'डेटा और यूज़र भी, हमेशा के लिए' } },
  },
};

/** The page of all verbs. */
export function helpOf(language: Language): string {
  const rows = Object.entries(verbs).flatMap(([name, { does, options }]) => [
    [name, does[language]],
    ...Object.entries(options).map(([option, says]) => [`  --${option}`, says[language]]),
  ]);
  return ['npm run centre -- VERB [--lang en|hi]', '', ...inColumns(rows)].join('\n');
}
