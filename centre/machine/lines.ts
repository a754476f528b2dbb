/** What the installation of the centre says where it cannot go on, in Hindi. */
import type { LineRow } from '#contracts';

/** The rows of the centre. */
export const lines: readonly LineRow[] = [
  [/^this needs root: put sudo before it$/, { hi: 'इसके लिए root चाहिए: आगे sudo लगाएँ' }],
  [/^another call of this is at work: wait for its end$/, { hi: 'यही काम पहले से चल रहा है: उसके ख़त्म होने तक रुकें' }],
  [/^the users of the parts cannot be made: (.+)$/, { hi: 'यूज़र नहीं बन सके: $1' }],
  [/^the user (\S+) cannot be removed: (.+)$/, { hi: 'यूज़र $1 हटाया नहीं जा सका: $2' }],
  [/^(\S+): has no (.+)$/, { hi: '$1: इसमें $2 नहीं है' }],
  [/^(\S+): is no folder$/, { hi: '$1: यह फ़ोल्डर नहीं है' }],
  [/^(\S+) does not start: see (.+)$/, { hi: '$1 चालू नहीं हो रहा: $2 देखें' }],
  [/^(\S+) does not start: (.+)$/, { hi: '$1 चालू नहीं हो रहा: $2' }],
  [/^(systemctl [\w-]+ ?\S*): (.+)$/, { hi: '$1 नहीं चला: $2' }],
  [/^(.+) is installed: "upgrade" brings (.+)$/, { hi: '$1 पहले से लगा है: "upgrade" से $2 आएगा' }],
  [
    /^(\S+): a centre has its data there already: (".+?") without --from goes on with them, (".+?") takes them away$/,
    { hi: '$1: यहाँ एक सेंटर का डेटा पहले से है: --from के बिना $2 उसी से आगे चलेगा, $3 उसे हटा देगा' },
  ],
  [/^--passphrase-file is of a backup: --from names it$/, { hi: '--passphrase-file बैकअप का होता है: --from से बैकअप बताएँ' }],
  [/^the backup cannot be put here: (.+)$/, { hi: 'बैकअप यहाँ नहीं लाया जा सका: $1' }],
  [/^no centre is installed here: "install" does that$/, { hi: 'यहाँ सेंटर नहीं लगा है: "install" से लगाएँ' }],
  [/^(.+); (\S+) is in use again$/, { hi: '$1; $2 फिर से चालू है' }],
  [/^there is no release to go back to$/, { hi: 'लौटने के लिए कोई पिछली रिलीज़ नहीं है' }],
  [/^(\S+): leads to (\S+), which is not in (\S+)$/, { hi: '$1: $2 की ओर जाता है, जो $3 में नहीं है' }],
  [/^(\S+): does not say what to go back to$/, { hi: '$1: नहीं बताता कि किस पर लौटना है' }],
  [/^package-lock\.json: is no lock file of npm$/, { hi: 'package-lock.json: यह npm की फ़ाइल नहीं है' }],
  [/^(\S+): is not there: run "npm ci" in (\S+) first$/, { hi: '$1: नहीं है: पहले $2 में "npm ci" चलाएँ' }],
  [/^(\S+): is not there$/, { hi: '$1: नहीं है' }],
  [/^(\S+): does not say which parts it has$/, { hi: '$1: नहीं बताता कि उसमें कौन से हिस्से हैं' }],
];
