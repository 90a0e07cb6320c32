// The frame of the page.
import { Banner } from "./banner.js";
import { CreateForm } from "./form.js";
import { Header } from "./header.js";
import { html } from "./html.js";
import { useText } from "./i18n.js";
import { SignIn } from "./signin.js";
import { SongList } from "./list.js";
import { useStore } from "./store.js";

export function App({ onEnter, onLeave }) {
  const phase = useStore((s) => s.phase);
  return html`
    <${Header} onLeave=${onLeave} />
    <${Banner} />
    ${phase === "ready" && html`<${Studio} />`}
    ${phase === "signin" && html`<${SignIn} onEnter=${onEnter} />`}
    ${(phase === "starting" || phase === "unreachable") && html`<${Waiting} phase=${phase} />`}
    <${Said} />
  `;
}

function Studio() {
  return html`
    <main class="studio">
      <${CreateForm} />
      <${SongList} />
    </main>
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
