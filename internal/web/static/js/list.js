// The songs, newest first.
import { filter, load, loadMore } from "./generations.js";
import { html, useEffect, useRef } from "./html.js";
import { explain, useText } from "./i18n.js";
import { Icon } from "./icons.js";
import { Song } from "./song.js";
import { useStore } from "./store.js";

const typing = 300; // ms without a key after which the search starts

export function SongList() {
  const t = useText();
  const order = useStore((s) => s.order);
  const list = useStore((s) => s.list);
  const { status, q } = useStore((s) => s.filter);
  const isFiltered = Boolean(status || q);
  const isEmpty = list.loaded && !list.loading && !list.error && order.length === 0;
  return html`
    <section class="songs" aria-labelledby="songs-heading" aria-busy=${String(list.loading)}>
      <div class="songs-head">
        <h2 id="songs-heading" tabindex="-1">${t.songs}</h2>
        ${(order.length > 0 || isFiltered) && html`<${Filters} status=${status} q=${q} />`}
      </div>
      ${order.map((id) => html`<${Song} key=${id} id=${id} />`)}
      ${isEmpty && (isFiltered ? html`<${NoMatch} />` : html`<${Empty} />`)}
      ${list.error && html`<div class="alert" role="alert">${t.loadFailed} ${explain(t, list.error)} <button type="button" class="link" onClick=${load}>${t.tryNow}</button></div>`}
      ${list.loading && order.length === 0 && html`<p class="loading">${t.loading}</p>`}
      ${order.length > 0 && order.length < list.total && html`
        <button type="button" class="quiet load-more" aria-disabled=${String(list.loading)} onClick=${() => list.loading || loadMore()}>${list.loading ? t.loading : t.loadMore}</button>
      `}
    </section>
  `;
}

function Filters({ status, q }) {
  const t = useText();
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (e) => {
    const text = e.currentTarget.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => filter({ q: text.trim() }), typing);
  };
  return html`
    <div class="filters" role="search">
      <label class="search"><span class="unseen">${t.search}</span><${Icon} name="search" />
        <input type="search" placeholder=${t.search} defaultValue=${q} maxlength="200" onInput=${search} />
      </label>
      <label><span class="unseen">${t.status}</span>
        <select value=${status} onChange=${(e) => filter({ status: e.currentTarget.value })}>
          ${Object.entries(t.statuses).map(([value, name]) => html`<option value=${value} selected=${value === status}>${name}</option>`)}
        </select>
      </label>
    </div>
  `;
}

function NoMatch() {
  const t = useText();
  return html`<div class="empty"><p>${t.noMatch}</p><button type="button" class="link" onClick=${() => filter({ status: "", q: "" })}>${t.showAll}</button></div>`;
}

function Empty() {
  const t = useText();
  return html`
    <div class="empty">
      <svg viewBox="0 0 120 120" aria-hidden="true">
        <circle class="disc" cx="60" cy="60" r="54" />
        <circle class="groove" cx="60" cy="60" r="44" /><circle class="groove" cx="60" cy="60" r="36" /><circle class="groove" cx="60" cy="60" r="28" />
        <circle class="label" cx="60" cy="60" r="18" /><circle class="hole" cx="60" cy="60" r="3.5" />
      </svg>
      <h3>${t.empty}</h3>
      <p>${t.emptyHint}</p>
    </div>
  `;
}
