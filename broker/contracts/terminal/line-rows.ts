/** Texts for error lines on a terminal, each line once. A line without an English text is shown unchanged in English. */

/** Pattern of a whole line, or of a captured part, with its texts. `$1` is a capture group, which is looked up too. */
export type LineRow = readonly [pattern: RegExp, words: { en?: string; hi: string }];

/** Meaning of error codes of the system and of TLS, with the place to look. */
const codes: readonly LineRow[] = [
  [/^ENOENT$/, { en: 'there is no such file or folder', hi: 'ऐसी कोई फ़ाइल या फ़ोल्डर नहीं है' }],
  [
    /^(?:EACCES|EPERM)$/,
    {
      en: 'this user may not do that: ask the administrator, or put sudo before it',
      hi: 'इस यूज़र को इजाज़त नहीं है: एडमिन से कहें, या आगे sudo लगाएँ',
    },
  ],
  [/^EISDIR$/, { en: 'it is a folder, a file is expected', hi: 'यह फ़ोल्डर है, फ़ाइल चाहिए' }],
  [/^ENOTDIR$/, { en: 'a part of this path is a file, not a folder', hi: 'इस रास्ते में एक जगह फ़ोल्डर की जगह फ़ाइल है' }],
  [/^(?:ENOSPC|EDQUOT)$/, { en: 'the disk is full: make room, then try again', hi: 'डिस्क भर गई है: जगह बनाएँ, फिर कोशिश करें' }],
  [/^EROFS$/, { en: 'the disk can only be read', hi: 'डिस्क पर लिखा नहीं जा सकता, सिर्फ़ पढ़ा जा सकता है' }],
  [/^EIO$/, { en: 'the disk does not read or write: it may be failing', hi: 'डिस्क पढ़ या लिख नहीं पा रही: शायद ख़राब हो रही है' }],
  [/^(?:EBUSY|ETXTBSY)$/, { en: 'another program is using it: close that first', hi: 'कोई और प्रोग्राम इसे इस्तेमाल कर रहा है: पहले उसे बंद करें' }],
  [/^EADDRINUSE$/, { en: 'another program uses this port', hi: 'यह पोर्ट कोई और प्रोग्राम इस्तेमाल कर रहा है' }],
  // The clock of this PC decides whether a certificate is valid, so check it first.
  [
    /^CERT_(?:NOT_YET_VALID|HAS_EXPIRED)$/,
    {
      en: 'its certificate is not valid at the time of this PC: check the clock',
      hi: 'इस PC के समय के हिसाब से उसका सर्टिफ़िकेट मान्य नहीं है: घड़ी देखें',
    },
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, { en: 'its certificate is for another name', hi: 'उसका सर्टिफ़िकेट किसी और नाम का है' }],
  [/^(?:ENOTFOUND|ENODATA|ENONAME)$/, { en: 'this name is not known: check the spelling', hi: 'यह नाम नहीं मिला: देखें कि ठीक लिखा है या नहीं' }],
  [
    /^(?:EAI_AGAIN|ESERVFAIL|ETIMEOUT)$/,
    { en: 'its name cannot be looked up: check the network of this PC', hi: 'नाम का पता नहीं लग पा रहा: इस PC का नेटवर्क देखें' },
  ],
  [
    /^(?:E(?:NET|HOST)(?:UNREACH|DOWN)|EADDRNOTAVAIL)$/,
    { en: 'not reachable: check the network of this PC, then the address', hi: 'वहाँ तक रास्ता नहीं है: पहले इस PC का नेटवर्क देखें, फिर पता' },
  ],
  [
    /^ECONNREFUSED$/,
    { en: 'nothing listens on this port: check address and port', hi: 'इस पोर्ट पर कोई जवाब देने वाला नहीं है: पता और पोर्ट देखें' },
  ],
  [
    /^(?:ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/,
    {
      en: 'the connection was cut: check the port, and whether a firewall is in between',
      hi: 'कनेक्शन बीच में कट गया: पोर्ट देखें, और यह कि बीच में फ़ायरवॉल तो नहीं',
    },
  ],
  [
    /^(?:ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/,
    { en: 'no answer: check the address, and whether a firewall is in between', hi: 'कोई जवाब नहीं: पता देखें, और यह कि बीच में फ़ायरवॉल तो नहीं' },
  ],
  [
    /^(?:EPROTO|HPE_\w+|ERR_SSL_\w+|ERR_TLS_PROTOCOL\w*|ERR_HTTP2?_\w+)$/,
    { en: 'this is not the Sabha server: check address and port', hi: 'यह Sabha का सर्वर नहीं है: पता और पोर्ट देखें' },
  ],
  [
    /^(?:\w*SELF_SIGNED\w*|UNABLE_TO_\w+|CERT_\w+)$/,
    {
      en: 'its certificate is not from the Sabha server: another server answers, or a firewall opens the connection',
      hi: 'उसका सर्टिफ़िकेट Sabha के सर्वर का नहीं है: कोई और सर्वर जवाब दे रहा है, या फ़ायरवॉल कनेक्शन खोल रहा है',
    },
  ],
];

/** Error texts of the system, the TLS library and Node. */
const raw: readonly LineRow[] = [
  [/^getaddrinfo (E\w+) (\S+)$/, { en: '$2: $1', hi: '$2: $1' }],
  [/^(?:connect|read|write) (E\w+)(?: (\S+))?(?: - Local .*)?$/, { en: '$1', hi: '$1' }],
  [/^(E[A-Z]{2,}): [^,]+, (?:\w+) '(.+?)'(?: -> '.+')?$/, { en: '$2: $1', hi: '$2: $1' }],
  [
    /^(?:\w+ EPROTO )?[0-9A-F]*:?error:[0-9A-F]+:.*$/s,
    { en: 'this is not the Sabha server: check address and port', hi: 'यह Sabha का सर्वर नहीं है: पता और पोर्ट देखें' },
  ],
  [/^Unknown option '(.+)'$/, { en: 'there is no option $1', hi: '$1 नाम का कोई विकल्प नहीं है' }],
  [/^--lang: "(.*)" is not one of (.+)$/, { hi: '--lang: "$1" नहीं चलता, इनमें से एक लिखें: $2' }],
  [/^Unexpected argument '(.+)'$/, { en: '"$1" is not expected here: remove it', hi: '"$1" फ़ालतू है, इसे हटा दें' }],
  [
    /^Option '(?:-\w, )?(--[\w-]+).*' argument (?:missing|is ambiguous)$/,
    { en: '$1 needs a value after it', hi: '$1 के बाद कुछ लिखना ज़रूरी है' },
  ],
  [/^Option '(?:-\w, )?(--[\w-]+).*' does not take an argument$/, { en: '$1 takes no value', hi: '$1 के साथ कुछ न लिखें' }],
];

const schemas: readonly LineRow[] = [
  [/^(.*\S): this key is not known$/s, { hi: '$1: यह नाम यहाँ नहीं चलता' }],
  [/^expected a number from (\S+) to (\S+), found (.+)$/s, { hi: '$1 से $2 तक की संख्या चाहिए, यहाँ $3 है' }],
  [/^expected "\w+", found undefined$/, { en: 'it is missing', hi: 'यह नहीं लिखा है' }],
  [/^expected \/.+\/\w*, found (.+)$/s, { en: '$1 is not in the form that is expected', hi: '$1 सही रूप में नहीं लिखा है' }],
  [/^expected (.+), found undefined$/s, { en: 'it is missing: expected $1', hi: 'यह नहीं लिखा है: $1 चाहिए' }],
  [/^expected (.+), found (.+)$/s, { en: 'expected $1, found $2', hi: '$1 चाहिए, $2 नहीं' }],
  [/^\(("[^"]+"(?: \| "[^"]+")+)\)$/, { en: 'one of $1', hi: '$1 में से एक' }],
  [/^"([^"]+)" \| (".+)$/, { en: '"$1", $2', hi: '"$1", $2' }],
  [/^a length >=1$/, { en: 'something', hi: 'कुछ' }],
  [/^a length >=(\S+)$/, { en: 'a length of at least $1', hi: 'कम से कम $1 की लंबाई' }],
  [/^a length <=(\S+)$/, { en: 'a length of at most $1', hi: 'ज़्यादा से ज़्यादा $1 की लंबाई' }],
  [/^>=(\S+)$/, { en: 'at least $1', hi: 'कम से कम $1' }],
  [/^<=(\S+)$/, { en: 'at most $1', hi: 'ज़्यादा से ज़्यादा $1' }],
  [/^string$/, { en: 'a text', hi: 'कोई शब्द या वाक्य' }],
  [/^number$/, { en: 'a number', hi: 'कोई संख्या' }],
  [/^integer$/, { en: 'a whole number', hi: 'कोई पूरी संख्या' }],
  [/^boolean$/, { en: 'true or false', hi: 'true या false' }],
  [/^Array$/, { en: 'a list [ ]', hi: 'सूची [ ]' }],
  [/^Object$/, { en: 'a group { }', hi: 'समूह { }' }],
  [/^lower-case letters, digits and "-", at most (\d+), and not "all"$/, { hi: 'छोटे अंग्रेज़ी अक्षर, अंक और "-" (ज़्यादा से ज़्यादा $1, "all" नहीं)' }],
  [/^a time zone such as (\S+)$/, { hi: 'समय क्षेत्र, जैसे $1' }],
  [/^a valid (.+)$/, { hi: 'सही $1' }],
  [/^the file is empty$/, { hi: 'फ़ाइल ख़ाली है' }],
  [
    /^a path state\/site\/pc$/,
    { en: 'a PC as STATE/SITE/PC, such as ladakh/leh/vc-1', hi: 'PC का नाम STATE/SITE/PC (जैसे ladakh/leh/vc-1)' },
  ],
  [/^state\/site$/, { en: 'a site as STATE/SITE, such as ladakh/leh', hi: 'ऑफ़िस का नाम STATE/SITE (जैसे ladakh/leh)' }],
  [/^"" for everywhere, a state, or state\/site$/, { en: 'a state, or a site as STATE/SITE', hi: 'राज्य, या ऑफ़िस का नाम STATE/SITE' }],
];

const enrolment: readonly LineRow[] = [
  [
    /^the enrolment code has (.+), which none has$/,
    { en: 'the enrolment code has $1, which is in no code: read it again', hi: 'कोड में $1 है, जो किसी कोड में नहीं होता: फिर से देखकर लिखें' },
  ],
  [
    /^the enrolment code has (\d+) characters, it should have (\d+)$/,
    { en: 'the enrolment code should have $2 characters, not $1: read it again', hi: 'कोड में $1 अक्षर हैं, $2 होने चाहिए: फिर से देखकर लिखें' },
  ],
  [
    /^the enrolment code has (\d+) characters, it should have (\d+) or (\d+)$/,
    {
      en: 'the enrolment code should have $2 or $3 characters, not $1: read it again',
      hi: 'कोड में $1 अक्षर हैं, $2 या $3 होने चाहिए: फिर से देखकर लिखें',
    },
  ],
  [
    // An older server uses this text also for a used code.
    /^this enrolment code is wrong(?:, used up)? or over$/,
    {
      en: 'this enrolment code is wrong or has expired: check it; if it is right, ask the central team for a new one',
      hi: 'यह कोड ग़लत है या इसकी अवधि ख़त्म हो गई है: एक बार फिर देखें; सही लिखा है तो सेंट्रल टीम से नया कोड लें',
    },
  ],
  [
    /^this enrolment code is used up$/,
    { en: 'this enrolment code is used up: ask the central team for a new one', hi: 'यह कोड पूरा इस्तेमाल हो चुका है: सेंट्रल टीम से नया कोड लें' },
  ],
  [
    /^this code is for (\S+), not for (\S+)$/,
    { en: 'this code is for $1: check --pc, or ask for the code of your office', hi: 'यह कोड $1 का है: --pc देखें, या अपने ऑफ़िस का कोड लें' },
  ],
  [
    /^(\S+) has (?:a certificate already|another certificate by now): ask the (?:centre|server|central team) to replace it$/,
    {
      en: '$1 is enrolled already: ask the central team for "pcs replace $1"',
      hi: '$1 पहले से जुड़ा है: सेंट्रल टीम से "pcs replace $1" करने को कहें',
    },
  ],
  [
    /^(\S+) is revoked: ask the (?:centre|server|central team) to replace it$/,
    { en: '$1 is blocked: ask the central team for "pcs replace $1"', hi: '$1 को बंद किया गया है: सेंट्रल टीम से "pcs replace $1" करने को कहें' },
  ],
  [
    /^too many attempts: wait (\d+) s$/,
    { en: 'too many attempts: wait $1 s, and read the code again', hi: 'बहुत बार कोशिश हुई: $1 सेकंड रुकें, और कोड फिर से देखें' },
  ],
  [/^(\S+) answered [45]\d\d: (.+)$/, { en: '$1 says: $2', hi: '$1 का जवाब: $2' }],
  [/^there is no PC (\S+) in the site table$/, { en: 'the server knows no PC $1: check --pc', hi: 'सर्वर पर $1 नाम का PC नहीं है: --pc देखें' }],
  [/^(\S+) is closed$/, { hi: '$1 बंद हो चुका है: सेंट्रल टीम से पूछें' }],
  [
    /^"(.*)" is no name of a PC: expected state\.site\.pc$/,
    { en: '"$1" is not the name of a PC: check --pc', hi: '"$1" किसी PC का नाम नहीं है: --pc देखें' },
  ],
  [
    /^nothing more$/,
    {
      en: 'no reason given; perhaps not the Sabha server: check address and port',
      hi: 'कारण पता नहीं; शायद यह Sabha का सर्वर नहीं है: पता और पोर्ट देखें',
    },
  ],
];

/** Errors that stop `npm start`. */
const starts: readonly LineRow[] = [[/^(\S+) is not set$/, { hi: '$1 नहीं लिखा है' }]];

/** Lines that contain other lines, such as a file with its error, or an error with the usage. */
const pieces: readonly LineRow[] = [
  [/^(.+); (usage: .+)$/s, { en: '$1; $2', hi: '$1; $2' }],
  [/^usage: (.+)$/s, { hi: 'ऐसे लिखें: $1' }],
  [/^cannot be read: (.+)$/, { en: 'cannot be read: $1', hi: 'पढ़ा नहीं जा सका: $1' }],
  [/^cannot be written: (.+)$/, { en: 'cannot be written: $1', hi: 'लिखा नहीं जा सका: $1' }],
  [/^cannot be used as a folder: (.+)$/, { en: 'cannot be used as a folder: $1', hi: 'फ़ोल्डर की तरह इस्तेमाल नहीं हो सकता: $1' }],
  [
    /^not JSON: .*\(line (\d+) column (\d+)\)$/s,
    {
      en: 'not JSON: a comma, quote or bracket is wrong at or before line $1, column $2',
      hi: 'JSON ठीक नहीं है: लाइन $1, अक्षर $2 के पास कॉमा, कोट या ब्रैकेट देखें',
    },
  ],
  [
    /^not JSON(?:: .*)?$/s,
    { en: 'not JSON: a comma, quote or bracket is missing or too many', hi: 'JSON ठीक नहीं है: कॉमा, कोट या ब्रैकेट कम या ज़्यादा है' },
  ],
  [/^(.+?): (.+)$/s, { en: '$1: $2', hi: '$1: $2' }],
];

/** All rows. The first match counts. */
export const lineRows: readonly LineRow[] = [...codes, ...raw, ...schemas, ...enrolment, ...starts, ...pieces];
