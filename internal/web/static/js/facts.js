// What there is to know of a song.
import { html } from "./html.js";
import { useText } from "./i18n.js";
import { useStore } from "./store.js";

export function Facts({ g }) {
  const t = useText();
  const lang = useStore((s) => s.lang);
  const { key, mode, tempo, form } = g.metadata ?? {};
  const facts = {
    prompt: g.prompt,
    lyrics: g.lyrics,
    key: key && [key, mode].filter(Boolean).join(" "),
    tempo: tempo && t.tempo(tempo),
    form,
    quality: t.qualities[g.quality] ?? g.quality,
    seed: String(g.seed),
    made: new Date(g.createdAt).toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" }),
  };
  return html`
    <dl class="facts">
      ${Object.entries(facts).map(([name, value]) => value && html`<div key=${name} class=${"fact-" + name}><dt>${t.factNames[name]}</dt><dd>${value}</dd></div>`)}
    </dl>
  `;
}
