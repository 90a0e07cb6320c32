// The language of the page: the browser's, or the one chosen here.
import en from "./words.en.js";
import es from "./words.es.js";
import { set, state, useStore } from "./store.js";

const words = { en, es };
const key = "son1k.lang";

/** Picks the language and tells the document. */
export function initLanguage() {
  let lang = null;
  try {
    lang = localStorage.getItem(key);
  } catch {
    // Storage is blocked; the browser's language will do.
  }
  if (!words[lang]) lang = navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
  apply(lang);
}

/** @param {"en"|"es"} lang */
export function chooseLanguage(lang) {
  try {
    localStorage.setItem(key, lang);
  } catch {
    // Chosen for this visit only.
  }
  apply(lang);
}

function apply(lang) {
  document.documentElement.lang = lang;
  document.title = "Son1k · " + words[lang].tagline;
  set({ lang });
}

/** The words for who is outside of a component. */
export const text = () => words[state.lang];

/** The words, and a render when the language changes. */
export const useText = () => words[useStore((s) => s.lang)];

/** What an error says to a person. */
export function explain(t, err) {
  return t.errors[err.code] ?? err.message;
}

/** What is wrong with a field, in words of the server's that t may know. */
export function explainProblem(t, message) {
  for (const [pattern, ours] of t.problems) {
    const found = message.match(pattern);
    if (found) return ours.replace(/\$(\d)/g, (_, i) => found[i]);
  }
  return message;
}

/** 83 becomes 1:23. */
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds || 0));
  return Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
}
