// The icons, drawn on a 24 by 24 grid.
import { html } from "./html.js";

const paths = {
  play: html`<path d="M8 5.6v12.8c0 .9 1 1.5 1.8 1l10-6.4c.7-.5.7-1.5 0-2l-10-6.4c-.8-.5-1.8.1-1.8 1z" />`,
  pause: html`<rect x="6" y="5" width="4.4" height="14" rx="1.6" /><rect x="13.6" y="5" width="4.4" height="14" rx="1.6" />`,
  download: html`<path class="stroke" d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14" />`,
  trash: html`<path class="stroke" d="M5 7h14M10 7V4.8h4V7m-7.4 0 .8 12.4h9.2L17.4 7M10.4 11v5m3.2-5v5" />`,
  retry: html`<path class="stroke" d="M19 12a7 7 0 1 1-2.2-5.1M19.4 4v4.2h-4.2" />`,
  close: html`<path class="stroke" d="m6.5 6.5 11 11m0-11-11 11" />`,
  dice: html`<path class="stroke" d="M6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5v-11A2.5 2.5 0 0 1 6.5 4z" /><circle cx="8.8" cy="8.8" r="1.4" /><circle cx="15.2" cy="15.2" r="1.4" /><circle cx="12" cy="12" r="1.4" />`,
  search: html`<path class="stroke" d="M16.2 16.2 20.5 20.5M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0z" />`,
  chevron: html`<path class="stroke" d="m7 10 5 5 5-5" />`,
};

/** @param {{name: keyof typeof paths}} props */
export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths[name]}</svg>`;

export const Logo = () => html`
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect class="logo-tile" width="32" height="32" rx="10" />
    <rect x="6.5" y="13" width="3.4" height="6" rx="1.7" />
    <rect x="11.7" y="9.5" width="3.4" height="13" rx="1.7" />
    <rect x="16.9" y="6" width="3.4" height="20" rx="1.7" />
    <rect x="22.1" y="11.5" width="3.4" height="9" rx="1.7" />
  </svg>
`;
