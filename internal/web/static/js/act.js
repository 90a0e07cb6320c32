// Buttons that ask the server for something.
import { useRef, useState } from "./html.js";

/** What a button does, and what went wrong with it. */
export function useAct() {
  const [error, setError] = useState(null);
  const busy = useRef(false);
  const act = (fn) => async (e) => {
    e?.preventDefault();
    if (busy.current) return;
    busy.current = true;
    setError(null);
    try {
      await fn();
    } catch (err) {
      setError(err);
    }
    busy.current = false;
  };
  return [act, error];
}
