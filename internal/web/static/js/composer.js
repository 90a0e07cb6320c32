// Where people write what they say in a room.
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { useText } from "./i18n.js";
import { add, draft, keepDraft } from "./outbox.js";
import { typing } from "./room.js";
import { useStore } from "./store.js";

const longest = 4000; // characters, as the server counts
const tallest = 160; // px

export function Composer({ id, onSay }) {
  const t = useText();
  const isOffline = useStore((s) => s.link === "offline");
  const field = useRef(null);
  const [text, setText] = useState(draft(id));
  useLayoutEffect(() => {
    const { style } = field.current;
    style.height = "auto";
    style.height = Math.min(field.current.scrollHeight + 3, tallest) + "px";
  }, [text]);

  const change = (value) => {
    setText(value);
    keepDraft(id, value);
  };
  const used = [...text.trim()].length;
  const say = (e) => {
    e.preventDefault();
    field.current.focus();
    if (used === 0 || used > longest) return;
    add(id, text.trim());
    change("");
    onSay();
  };
  const key = (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) say(e);
  };
  const write = (e) => {
    change(e.currentTarget.value);
    typing(id, e.currentTarget.value.trim() !== "");
  };
  const isLong = used > longest - 200;
  return html`
    <form class="composer" onSubmit=${say}>
      <label class="unseen" for="say">${t.say}</label>
      <textarea id="say" ref=${field} rows="1" value=${text} placeholder=${t.say} aria-describedby="say-hint" aria-invalid=${used > longest ? "true" : undefined} onInput=${write} onKeyDown=${key}></textarea>
      <button class="primary">${t.send}</button>
      <p class="hint" id="say-hint">${isLong ? t.count(used, longest) : isOffline ? t.sayOffline : t.sayHint}</p>
    </form>
  `;
}
