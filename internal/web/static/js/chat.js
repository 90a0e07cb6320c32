// What is said in a room.
import { Composer } from "./composer.js";
import { Cover } from "./cover.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { explain, useText } from "./i18n.js";
import { again, drop } from "./outbox.js";
import { load, loadOlder } from "./room.js";
import { useStore } from "./store.js";

const near = 60; // px from the end that count as the end
const pause = 5 * 60_000; // ms after which the name is shown again
const nothing = [];

export function Chat({ id }) {
  const t = useText();
  const entries = useStore((s) => s.room?.entries) ?? nothing;
  const older = useStore((s) => s.room?.older);
  const loading = useStore((s) => s.room?.loading);
  const error = useStore((s) => s.room?.error);
  const waiting = useStore((s) => s.outbox[id]) ?? nothing;
  const [log, hidden, toEnd] = useScroll(entries, waiting);
  return html`
    <section class="panel chat" aria-label=${t.chat}>
      <div class="log" ref=${log} role="log" aria-live="off" aria-label=${t.messages} aria-busy=${String(loading)} tabindex="0">
        ${older && html`<button type="button" class="quiet outlined load-more" aria-disabled=${String(loading)} onClick=${() => loading || loadOlder()}>${loading ? t.loading : t.loadOlder}</button>`}
        ${entries.length + waiting.length === 0 && !loading && !error && html`<p class="hint log-empty">${t.nobodySpoke}</p>`}
        ${entries.map((e, i) => (e.note ? html`<${Note} key=${e.id} note=${e} />` : html`<${Message} key=${e.id} m=${e} goesOn=${goesOn(entries[i - 1], e)} />`))}
        ${waiting.map((w) => html`<${Waiting} key=${"w" + w.key} id=${id} entry=${w} />`)}
        ${error && html`<div class="alert" role="alert">${t.chatFailed} ${explain(t, error)} <button type="button" class="link" onClick=${load}>${t.tryNow}</button></div>`}
      </div>
      ${hidden > 0 && html`<button type="button" class="newer" onClick=${toEnd}>${t.newMessages(hidden)} ↓</button>`}
      <${Typing} />
      <${Composer} id=${id} onSay=${toEnd} />
    </section>
  `;
}

/** Stays at the end as messages come, unless somebody reads above. */
function useScroll(entries, waiting) {
  const log = useRef(null);
  const was = useRef({ atEnd: true, first: null, height: 0, count: 0 });
  const [hidden, setHidden] = useState(0);
  const toEnd = () => {
    if (!log.current) return; // the last call of an observer may come when the page has gone
    was.current.atEnd = true;
    log.current.scrollTop = log.current.scrollHeight;
    setHidden(0);
  };
  useEffect(() => {
    const el = log.current;
    const look = () => {
      was.current.atEnd = el.scrollHeight - el.scrollTop - el.clientHeight < near;
      if (was.current.atEnd) setHidden(0);
    };
    el.addEventListener("scroll", look, { passive: true });
    const size = new ResizeObserver(() => was.current.atEnd && toEnd());
    size.observe(el);
    return () => {
      el.removeEventListener("scroll", look);
      size.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    const el = log.current;
    const { atEnd, first, height, count } = was.current;
    const added = entries.length - count;
    if (atEnd) toEnd();
    else if (first && entries[0]?.id !== first) el.scrollTop += el.scrollHeight - height; // older ones came in above
    else if (added > 0) setHidden((n) => n + added);
    Object.assign(was.current, { first: entries[0]?.id, height: el.scrollHeight, count: entries.length });
  }, [entries, waiting]);
  return [log, hidden, toEnd];
}

const goesOn = (before, m) => Boolean(before && !before.note && before.userId === m.userId && before.username === m.username && Date.parse(m.timestamp) - Date.parse(before.timestamp) < pause);

function Message({ m, goesOn: isMore }) {
  const t = useText();
  const lang = useStore((s) => s.lang);
  const isMine = useStore((s) => s.profile.id === m.userId);
  const at = new Date(m.timestamp);
  return html`
    <article class=${"message" + (isMine ? " is-mine" : "") + (isMore ? " goes-on" : "")}>
      ${!isMore && html`
        <span class="face"><${Cover} id=${m.userId ?? "nobody"} /></span>
        <p class="message-head"><b>${m.userId ? m.username : t.deletedUser}</b> <time datetime=${m.timestamp} title=${at.toLocaleString(lang)}>${at.toLocaleTimeString(lang, { timeStyle: "short" })}</time></p>
      `}
      <p class="message-text">${m.message}</p>
    </article>
  `;
}

function Note({ note }) {
  const t = useText();
  return html`<p class="note">${t.roomNotes[note.type]?.(note.user.username, note.room.name) ?? note.message}</p>`;
}

function Waiting({ id, entry }) {
  const t = useText();
  const isOffline = useStore((s) => s.link !== "online");
  const { key, text, status, error } = entry;
  const isFailed = status === "failed";
  const why = isFailed && (["CONNECTION_LOST", "TIMEOUT"].includes(error.code) ? t.notArrived : explain(t, error));
  return html`
    <article class=${"message is-mine is-waiting" + (isFailed ? " is-failed" : "")}>
      <p class="message-text">${text}</p>
      <p class="message-state">
        ${isFailed ? why : isOffline ? t.sentLater : t.sending}
        ${isFailed && html`
          <button type="button" class="link" onClick=${() => again(id, key)}>${t.sendAgain}</button>
          <button type="button" class="link" onClick=${() => drop(id, key)}>${t.discard}</button>
        `}
      </p>
    </article>
  `;
}

function Typing() {
  const t = useText();
  const names = Object.values(useStore((s) => s.room?.typing) ?? {});
  return html`<p class="typing">${names.length > 0 && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t.typing(names)}`}</p>`;
}
