// Asking for a song.
import { Field, focusProblem, problemsOf } from "./fields.js";
import { create } from "./generations.js";
import { quotaLeft } from "./header.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { clock, explain, useText } from "./i18n.js";
import { Icon } from "./icons.js";
import { useStore } from "./store.js";

const maxPrompt = 3000;
const shortest = 5; // seconds
const usual = 60; // seconds
const qualities = ["standard", "high", "premium", "enterprise"];
const styles = [
  "pop", "rock", "hip-hop", "electronic", "jazz", "classical", "bolero", "lo-fi", "salsa", "reggaeton", "blues", "country",
  "reggae", "metal", "funk", "soul", "folk", "ambient", "synthwave", "bossa nova", "cumbia", "flamenco", "tango", "disco", "waltz",
];

const suggested = 9; // as chips

const length = (text) => [...text.trim()].length; // in characters, as the server counts
const empty = { prompt: "", style: "", title: "", lyrics: "", seed: "", instrumental: false, quality: "standard", duration: usual };

export function CreateForm() {
  const t = useText();
  const profile = useStore((s) => s.profile);
  const form = useRef(null);
  const [values, setValues] = useState(empty);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const sent = useRef({ body: "", key: "" });
  useEffect(() => error && focusProblem(form.current), [error]);

  const put = (name, value) => setValues((v) => ({ ...v, [name]: value }));
  const typed = (name) => ({ value: values[name], onInput: (e) => put(name, e.currentTarget.value) });
  const duration = Math.min(values.duration, profile.maxDuration);

  const submit = async (e) => {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    const body = bodyOf({ ...values, duration });
    // The key stays the same until there is an answer to this very song.
    const json = JSON.stringify(body);
    if (sent.current.body !== json) sent.current = { body: json, key: randomKey() };
    try {
      const id = await create(body, sent.current.key);
      sent.current = { body: "", key: "" };
      // What was typed meanwhile belongs to the next song.
      const next = (v, name) => (v[name] === values[name] ? "" : v[name]);
      setValues((v) => ({ ...v, prompt: next(v, "prompt"), title: next(v, "title"), lyrics: next(v, "lyrics"), seed: next(v, "seed") }));
      document.getElementById("song-" + id)?.scrollIntoView({ block: "nearest" });
    } catch (err) {
      setError(err);
    }
    setBusy(false);
  };

  const problems = problemsOf(error);
  const elsewhere = error && !["prompt", "style", "title", "lyrics", "seed", "duration", "quality"].some((f) => problems[f]);
  const used = length(values.prompt);
  return html`
    <section class="create" aria-labelledby="create-heading">
      <h1 id="create-heading" tabindex="-1">${t.headline}</h1>
      <form class="panel" ref=${form} onSubmit=${submit} noValidate>
        <${Field} name="prompt" label=${t.prompt} problems=${problems} aside=${html`<${Inspire} onIdea=${(idea) => put("prompt", idea)} />`}>
          ${(attrs) => html`
            <textarea ...${attrs} ...${typed("prompt")} rows="3" placeholder=${t.promptHint}></textarea>
            <p class=${"count" + (used > maxPrompt ? " over" : "")}><span aria-hidden="true">${used} / ${maxPrompt}</span><span class="unseen">${t.count(used, maxPrompt)}</span></p>
          `}
        <//>
        <${StyleField} value=${values.style} onChange=${(v) => put("style", v)} problems=${problems} />
        <${Field} name="duration" label=${t.duration} problems=${problems}
          aside=${html`<span class="hint">${t.durationLimit(profile.tier, clock(profile.maxDuration))}</span><output class="big-number">${clock(duration)}</output>`}>
          ${(attrs) => html`
            <input ...${attrs} type="range" class="slider" style=${{ "--share": (duration - shortest) / (profile.maxDuration - shortest) }} min=${shortest} max=${profile.maxDuration} step="5" value=${duration}
              aria-valuetext=${clock(duration)} onInput=${(e) => put("duration", Number(e.currentTarget.value))} />
          `}
        <//>
        <${QualityField} value=${values.quality} profile=${profile} onChange=${(v) => put("quality", v)} problem=${problems.quality} />
        <label class="switch">
          <input type="checkbox" role="switch" name="instrumental" checked=${values.instrumental} onChange=${(e) => put("instrumental", e.currentTarget.checked)} />
          <span class="switch-track"></span>
          <span>${t.instrumental}</span><span class="hint">${values.instrumental ? t.instrumentalHint : t.vocal}</span>
        </label>
        <details class="more" open=${Boolean(problems.title || problems.lyrics || problems.seed) || undefined}>
          <summary>${t.more}<${Icon} name="chevron" /></summary>
          <${Field} name="title" label=${t.title} hint=${t.titleHint} problems=${problems}>
            ${(attrs) => html`<input ...${attrs} ...${typed("title")} />`}
          <//>
          ${!values.instrumental &&
          html`<${Field} name="lyrics" label=${t.lyrics} hint=${t.lyricsHint} problems=${problems}>
            ${(attrs) => html`<textarea ...${attrs} ...${typed("lyrics")} rows="4"></textarea>`}
          <//>`}
          <${Field} name="seed" label=${t.seed} hint=${t.seedHint} problems=${problems}>
            ${(attrs) => html`<input ...${attrs} ...${typed("seed")} inputmode="numeric" />`}
          <//>
        </details>
        ${elsewhere && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
        ${quotaLeft(profile)[0] === 0 && html`<p class="notice">${t.quotaGone}</p>`}
        <button class="primary" aria-disabled=${String(busy)}>${busy ? t.creating : t.create}</button>
        <p class="hint quota-line">${t.quota(...quotaLeft(profile))}</p>
      </form>
    </section>
  `;
}

/** What is sent: no empty fields, and the seed as a number if it is one. */
function bodyOf({ prompt, style, title, lyrics, seed, instrumental, duration, quality }) {
  const body = { prompt, duration, quality, instrumental };
  if (style.trim()) body.style = style;
  if (title.trim()) body.title = title;
  if (lyrics.trim() && !instrumental) body.lyrics = lyrics;
  if (seed.trim()) body.seed = /^\d+$/.test(seed.trim()) && Number.isSafeInteger(Number(seed)) ? Number(seed) : seed;
  return body;
}

const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

function Inspire({ onIdea }) {
  const t = useText();
  const next = useRef(Math.floor(Math.random() * t.ideas.length));
  const inspire = () => onIdea(t.ideas[next.current++ % t.ideas.length]);
  return html`<button type="button" class="link" onClick=${inspire}><${Icon} name="dice" />${t.inspire}</button>`;
}

function StyleField({ value, onChange, problems }) {
  const t = useText();
  return html`
    <${Field} name="style" label=${t.style} problems=${problems}>
      ${(attrs) => html`
        <input ...${attrs} list="styles" value=${value} placeholder=${t.styleHint} autocomplete="off" onInput=${(e) => onChange(e.currentTarget.value)} />
        <datalist id="styles">${styles.map((s) => html`<option value=${s}></option>`)}</datalist>
        <div class="chips" role="group" aria-label=${t.style}>
          ${styles.slice(0, suggested).map((s) => html`
            <button type="button" class="chip" aria-pressed=${String(value === s)} onClick=${() => onChange(value === s ? "" : s)}>${s}</button>
          `)}
        </div>
      `}
    <//>
  `;
}

function QualityField({ value, profile, onChange, problem }) {
  const t = useText();
  const best = qualities.indexOf(profile.quality);
  return html`
    <fieldset class="field">
      <legend>${t.quality} <span class="hint">${t.qualityLimit(profile.tier, t.qualities[profile.quality])}</span></legend>
      <div class="segments">
        ${qualities.map((q, i) => html`
          <label>
            <input type="radio" name="quality" value=${q} checked=${q === value} disabled=${i > best} onChange=${() => onChange(q)} />
            <span>${t.qualities[q]}</span>
          </label>
        `)}
      </div>
      ${problem && html`<p class="problem">${problem}</p>`}
    </fieldset>
  `;
}
