// Says that the connection is lost, when the next attempt is, and how it went.
import { html } from "./html.js";
import { useText } from "./i18n.js";
import { useStore } from "./store.js";
import { secondsUntil, useNow } from "./clock.js";

export function Banner() {
  const t = useText();
  const back = useStore((s) => s.phase === "ready" && s.link === "online" && s.back);
  const shown = useStore((s) => s.phase === "ready" && s.link === "offline");
  const retryAt = useStore((s) => s.retryAt);
  useNow(shown);
  return html`
    <div role="status">
      ${back && html`<div class="banner"><span class="banner-dot is-good"></span><span>${t[back]}</span></div>`}
      ${shown &&
      html`<div class="banner" id="offline">
        <span class="banner-dot"></span>
        <span>${t.offline}</span>
        <span class="banner-retry" aria-hidden="true">${t.retryIn(secondsUntil(retryAt))}</span>
      </div>`}
    </div>
  `;
}
