// The frame of the page.
import { Banner } from "./banner.js";
import { CreateForm } from "./form.js";
import { Header } from "./header.js";
import { html, useEffect } from "./html.js";
import { useText } from "./i18n.js";
import { SignIn } from "./signin.js";
import { SongList } from "./list.js";
import { RoomList } from "./roomlist.js";
import { RoomPage } from "./roompage.js";
import { useStore } from "./store.js";

export function App({ onEnter, onLeave }) {
  const phase = useStore((s) => s.phase);
  return html`
    <${Header} onLeave=${onLeave} />
    <${Banner} />
    ${phase === "ready" && html`<${Pages} />`}
    ${phase === "signin" && html`<${SignIn} onEnter=${onEnter} />`}
    ${(phase === "starting" || phase === "unreachable") && html`<${Waiting} phase=${phase} />`}
    <${Said} />
  `;
}

// The studio stays where it is while rooms are shown, with what was typed.
function Pages() {
  const t = useText();
  const { page, roomId } = useStore((s) => s.route);
  const name = useStore((s) => s.room?.view?.name);
  const title = page === "studio" ? t.tagline : (roomId && name) || t.rooms;
  useEffect(() => {
    document.title = "Son1k · " + title;
  }, [title, t]);
  return html`
    <main class="studio" hidden=${page !== "studio"}>
      <${CreateForm} />
      <${SongList} />
    </main>
    ${page === "rooms" && (roomId ? html`<${RoomPage} key=${roomId} id=${roomId} />` : html`<${RoomList} />`)}
  `;
}

function Waiting({ phase }) {
  const t = useText();
  return html`<main class="waiting"><p role="status">${t[phase]}</p></main>`;
}

/** What changed, for who does not see it. */
function Said() {
  const { text, n } = useStore((s) => s.said);
  return html`<div class="unseen" aria-live="polite"><span key=${n}>${text}</span></div>`;
}
