/** Simulated filter of India's SMS operators. It accepts a message only if it matches a registered text, blank by blank. */
import type { Fetch } from '../channels/kit/http.ts';
import { fitsTag, registeredText, type SmsTemplate, tags } from './sms.ts';

/** Registered texts by operator id, and the whitelisted addresses. */
export type Registered = { templates: ReadonlyMap<string, SmsTemplate>; addresses: readonly string[] };
export type Passed = { to: string; text: string; template: string };

/** Responds like a gateway: always 200, with the verdict in the body. */
export function scrubber({ templates, addresses }: Registered) {
  const passed: Passed[] = [];

  function verdict({ text, template }: Passed): string | undefined {
    const known = templates.get(template);
    if (known === undefined) return '611 template not registered';
    const values = valuesOf(registeredText(known), text);
    if (values === undefined) return '612 text does not match the template';
    const wrong = values.find(({ tag, value }) => !fitsTag(tag, value));
    if (wrong !== undefined) return `613 a value does not fit ${tags[wrong.tag].written}`;
    const url = values.find(({ tag }) => tag === 'url')?.value;
    if (url !== undefined && !addresses.some((address) => url.startsWith(address))) return '614 address not whitelisted';
    return undefined;
  }

  const fetch: Fetch = async (_url, init) => {
    const sent = JSON.parse(String(init?.body)) as Passed;
    const why = verdict(sent);
    if (why === undefined) passed.push(sent);
    return Response.json(why === undefined ? { type: 'success', message: '3461' } : { type: 'error', message: why });
  };
  return { fetch, passed };
}

type ScrubTag = keyof typeof tags;

/** Values at the tags of a registered text; undefined if the text does not match. */
function valuesOf(registered: string, text: string): { tag: ScrubTag; value: string }[] | undefined {
  const names = Object.keys(tags) as ScrubTag[];
  const written = new RegExp(names.map((name) => tags[name].written).join('|'), 'g');
  const found = [...registered.matchAll(written)].map(([one]) => names.find((name) => tags[name].written === one) as ScrubTag);
  const fixed = registered.split(written).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const [, ...values] = new RegExp(`^${fixed.join('(.*?)')}$`, 'su').exec(text) ?? [];
  return values.length === found.length ? found.map((tag, at) => ({ tag, value: values[at] ?? '' })) : undefined;
}
