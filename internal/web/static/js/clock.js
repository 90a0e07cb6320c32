// Time that passes on the page.
import { useEffect, useState } from "./html.js";

/** Renders the component every second while it is active. */
export function useNow(active) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [active]);
}

/** Whole seconds from now until a time, at least 0. */
export const secondsUntil = (time) => Math.max(0, Math.ceil((time - Date.now()) / 1000));

/** What is left of a generation's etaSeconds; null if it has none. */
export function etaLeft(g) {
  return g.etaSeconds === null || g.etaSeconds === undefined ? null : secondsUntil(g.etaAt + g.etaSeconds * 1000);
}
