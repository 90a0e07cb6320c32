// The top of the page: who we are, what is left of the quota, the language.
import { html } from "./html.js";
import { chooseLanguage, useText } from "./i18n.js";
import { Logo } from "./icons.js";
import { logout } from "./session.js";
import { useStore } from "./store.js";

export function Header({ onLeave }) {
  const t = useText();
  const profile = useStore((s) => s.profile);
  const local = useStore((s) => s.local);
  const signOut = () => {
    logout(); // the session is forgotten at once, whatever the server says
    onLeave();
  };
  return html`
    <header class="top">
      <a class="brand" href="#/"><${Logo} /><span>son<b>1</b>k</span></a>
      ${profile && html`<${Pages} />`}
      <div class="top-right">
        ${profile &&
        html`<div class="who">
          <span class="who-name">${profile.username}</span><span class="tier">${profile.tier}</span>
        </div>`}
        <${Languages} />
        ${profile && !local && html`<button type="button" class="quiet" onClick=${signOut}>${t.signOut}</button>`}
      </div>
    </header>
  `;
}

function Pages() {
  const t = useText();
  const { page } = useStore((s) => s.route);
  const news = useStore((s) => (s.room?.unread ?? 0) + s.rooms.invitations.length);
  return html`
    <nav class="pages" aria-label=${t.pages}>
      <a href="#/" aria-current=${page === "studio" ? "page" : undefined}>${t.studio}</a>
      <a href="#/rooms" aria-current=${page === "rooms" ? "page" : undefined}>${t.rooms}${news > 0 && html`<span class="news"><span aria-hidden="true">${news}</span><span class="unseen"> ${t.newInRooms(news)}</span></span>`}</a>
    </nav>
  `;
}

/** Generations left today and this month. */
export function quotaLeft({ limits: { daily, monthly } }) {
  const left = ({ used, limit }) => Math.max(0, limit - used);
  return [Math.min(left(daily), left(monthly)), left(monthly)];
}

function Languages() {
  const t = useText();
  const lang = useStore((s) => s.lang);
  const choice = (code, name) => html`
    <button type="button" lang=${code} aria-label=${code.toUpperCase() + ", " + name} aria-pressed=${String(lang === code)} onClick=${() => chooseLanguage(code)}>
      ${code.toUpperCase()}
    </button>
  `;
  return html`<div class="langs" role="group" aria-label=${t.language}>${choice("en", "English")}${choice("es", "Español")}</div>`;
}
