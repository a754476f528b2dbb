/** Search in a list of incidents by site, room, fault or state, with a filter for the reader's own. */
import { html } from 'htm/preact';
import { useRef } from 'preact/hooks';
import { isOwn, matchesSearch } from '../live/grouped.js';
import { useHistoryState } from '../live/kept.js';
import { pathOf, shownFaults } from '../live/model.js';
import { titleOf } from '../parts/parts.js';
import { say } from '../words/words.js';

/** @import { IncidentRow } from '@sabha/contracts' */
/** @import { View } from '../live/model.js' */
/** @import { Scene } from '../parts/parts.js' */

/** Up to this number of incidents no search field is shown. */
const few = 10;

/**
 * `field` is null while the list is short and no search is active. `still`: a pointer is in the list, so the field neither appears nor
 * vanishes. `where`: view whose search is stored.
 * @param {Scene} scene
 * @param {View} view
 * @param {{ count: number, still: boolean, where: string }} list
 */
export function useSearch(scene, view, { count, still, where }) {
  const { lang, names } = scene;
  const [search, setSearch] = useHistoryState(`search/${where}`, '');
  const [mine, setMine] = useHistoryState(`mine/${where}`, false);
  const textsOf = (/** @type {IncidentRow} */ one) => {
    const state = view.states.find(({ state: id }) => id === pathOf(one).split('/')[0])?.name;
    const places = [one.site, one.room, ...(state === undefined ? [] : [state])].flatMap(({ en, hi }) => [en, hi]);
    return [one.scope, ...places, ...shownFaults(one).map(({ fault }) => titleOf(scene, fault))];
  };
  const typed = (/** @type {{ currentTarget: HTMLInputElement }} */ event) => setSearch(event.currentTarget.value);
  const isShown = useRef(false);
  if (!still) isShown.current = count > few || search !== '' || mine;
  return {
    isMatch: (/** @type {IncidentRow} */ one) => (!mine || isOwn(names, one)) && (search === '' || matchesSearch(search, textsOf(one))),
    field: isShown.current
      ? html`<p class="acts search" role="search"><input type="search" value=${search} aria-label=${say(lang, 'search')} placeholder=${say(lang, 'search')} onInput=${typed} />
        <label><input type="checkbox" checked=${mine} onChange=${() => setMine(!mine)} /> ${say(lang, 'mine')}</label></p>`
      : null,
  };
}
